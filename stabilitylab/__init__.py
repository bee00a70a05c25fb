"""How many digits of a linear regression are right, where the others were lost, and which solver or library keeps them.

`reference` gives the certified solution, `lre` the correct digits of an answer, `measure` one row for a route and a
problem, `score` one row for an answer from anywhere; `diagnose` judges a regression on one's own data or model, and
`arbitrate` the coefficients of several programs; `train` runs an optimiser against the exact minimiser, and
`explain_descent` says what kept it from there; `solvers`, `libraries`, `problems` and `metrics` are catalogues
with `names()` and `get(name)`.

Each of these names is imported when it is first used (PEP 562): a program that fits one table loads no catalogue.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NoReturn

from stabilitylab.core.arithmetic.processor import default_mode

if TYPE_CHECKING:
    from stabilitylab import libraries, problems, solvers
    from stabilitylab.bench import measure
    from stabilitylab.core import errors
    from stabilitylab.core.errors import Breakdown, StabilityLabError
    from stabilitylab.core.types import Fit, Measurement, Reference, Solution, Status
    from stabilitylab.data.problem import Decimals, Design, Problem
    from stabilitylab.diagnosis.arbitrate import arbitrate
    from stabilitylab.diagnosis.diagnose import diagnose
    from stabilitylab.exact import (
        Certificate,
        CertifiedFit,
        CertifiedFits,
        Checked,
        Enclosure,
        GramAccumulator,
        check,
        enclose,
        lstsq,
    )
    from stabilitylab.exact.fit_file import fit_file
    from stabilitylab.scoring import metrics
    from stabilitylab.scoring.accuracy import lre
    from stabilitylab.scoring.reference import reference
    from stabilitylab.scoring.score import score
    from stabilitylab.training.explain import explain_descent
    from stabilitylab.training.run import train

__version__ = "0.3.0"

__all__ = [
    "Breakdown",
    "Certificate",
    "CertifiedFit",
    "CertifiedFits",
    "Checked",
    "Decimals",
    "Design",
    "Enclosure",
    "Fit",
    "GramAccumulator",
    "Measurement",
    "Problem",
    "Reference",
    "Solution",
    "StabilityLabError",
    "Status",
    "arbitrate",
    "check",
    "diagnose",
    "enclose",
    "errors",
    "explain_descent",
    "fit_file",
    "libraries",
    "lre",
    "lstsq",
    "measure",
    "metrics",
    "problems",
    "reference",
    "score",
    "solvers",
    "train",
]

# The module that each name comes from that is no folder of this package; without such a name it is the module itself.
_HOMES = {
    "Breakdown": "core.errors",
    "Certificate": "exact",
    "CertifiedFit": "exact",
    "CertifiedFits": "exact",
    "Checked": "exact",
    "Decimals": "data.problem",
    "Design": "data.problem",
    "Enclosure": "exact",
    "Fit": "core.types",
    "GramAccumulator": "exact",
    "Measurement": "core.types",
    "Problem": "data.problem",
    "Reference": "core.types",
    "Solution": "core.types",
    "StabilityLabError": "core.errors",
    "Status": "core.types",
    "arbitrate": "diagnosis.arbitrate",
    "check": "exact",
    "diagnose": "diagnosis.diagnose",
    "enclose": "exact",
    "errors": "core.errors",
    "explain_descent": "training.explain",
    "fit_file": "exact.fit_file",
    "lre": "scoring.accuracy",
    "lstsq": "exact",
    "measure": "bench",
    "metrics": "scoring.metrics",
    "reference": "scoring.reference",
    "score": "scoring.score",
    "train": "training.run",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # a checker takes a module with __getattr__ for one that has every name

    def __getattr__(name: str) -> Any:
        # Python computes the constants of a module when it compiles or imports it, in the mode of the processor.
        with default_mode():
            if name in _HOMES:
                module = import_module(f"{__name__}.{_HOMES[name]}")
                found = getattr(module, name, module)
            elif any(folder.name == name and folder.ispkg for folder in iter_modules(__path__)):
                found = import_module(f"{__name__}.{name}")
            else:
                raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def run(*arguments: Any, **options: Any) -> NoReturn:
    """The name that `measure` had before version 0.2.0. Raises AttributeError."""
    raise AttributeError("sl.run is now sl.measure, with the same arguments; the command `run` is for experiments")
