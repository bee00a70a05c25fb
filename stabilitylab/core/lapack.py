"""SciPy's linear algebra, loaded when it is first used: to import it takes as long as all the rest of this package.

An attribute, such as dpotrf or svd, is the function of that name of scipy.linalg.lapack, scipy.linalg.blas or
scipy.linalg: of the first that has it.
"""

import importlib
import sys
from typing import Any

from stabilitylab.core.arithmetic.processor import default_mode, is_default_mode
from stabilitylab.core.errors import ProcessorModeError

_LINALG = "scipy.linalg"


def is_loaded() -> bool:
    """Whether this process has loaded scipy.linalg, and so the BLAS that comes with SciPy."""
    return _LINALG in sys.modules


def load() -> Any:
    """The module scipy.linalg, imported in the processor's default mode, as this package is.

    Raises ProcessorModeError where loading it has left this thread in another mode: a proof may be under way.
    """
    if is_loaded():
        return sys.modules[_LINALG]
    with default_mode():
        module = importlib.import_module(_LINALG)
        if not is_default_mode():
            raise ProcessorModeError(
                "loading scipy.linalg has changed how this thread rounds (some library of it is compiled with "
                "-ffast-math): import scipy.linalg first, then call this again"
            )
    return module


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # asked of a module by the import system and by inspect
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    linalg = load()
    for module in (linalg.lapack, linalg.blas, linalg):
        if hasattr(module, name):
            value = globals()[name] = getattr(module, name)
            return value
    raise AttributeError(f"scipy.linalg has no function {name!r}")
