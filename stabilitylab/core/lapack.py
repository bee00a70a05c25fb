"""SciPy's linear algebra, loaded when it is first used: to import it takes as long as all the rest of this package.

An attribute, such as dpotrf or svd, is the function of that name of scipy.linalg.lapack, scipy.linalg.blas or
scipy.linalg: of the first that has it. For small matrices NumPy serves.
"""

import importlib
import sys
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import default_mode, is_default_mode
from stabilitylab.core.errors import ProcessorModeError

_LINALG = "scipy.linalg"
SMALL = 32  # rows and columns up to which NumPy is taken, which needs no time to load


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


def upper_factor(C: Array) -> Array | None:
    """R (n, n), upper triangular with R'R near the upper triangle of C; None where a pivot is not positive."""
    if len(C) > SMALL:
        R, info = load().lapack.dpotrf(C, clean=1)
        return np.asarray(R) if info == 0 else None
    try:
        return np.asarray(np.linalg.cholesky(C.T).T)  # which reads the lower triangle
    except np.linalg.LinAlgError:
        return None


def upper_inverse(R: Array) -> Array | None:
    """R^-1 (n, n), upper triangular, for R upper triangular with zeros below; None where R is singular."""
    if len(R) > SMALL:
        inverse, info = load().lapack.dtrtri(R)
        return np.asarray(inverse) if info == 0 else None
    try:
        return np.linalg.inv(R)  # no rows are exchanged, for there are zeros below each pivot: and so there are in R^-1
    except np.linalg.LinAlgError:
        return None


def upper_solve(R: Array, c: Array, *, transposed: bool = False) -> Array:
    """y (n,) with R y = c, or R'y = c, for R (n, n) upper triangular with zeros below and no 0 on its diagonal."""
    if len(R) > SMALL:
        return np.asarray(load().lapack.dtrtrs(R, c, trans=int(transposed))[0])
    return np.linalg.solve(R.T if transposed else R, c)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # asked of a module by the import system and by inspect
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    linalg = load()
    for module in (linalg.lapack, linalg.blas, linalg):
        if hasattr(module, name):
            value = globals()[name] = getattr(module, name)
            return value
    raise AttributeError(f"scipy.linalg has no function {name!r}")
