"""How many digits of a linear regression are right, where the others were lost, and which solver or library keeps them.

`reference` gives the certified solution, `lre` the correct digits of an answer, `measure` one row for a route and a
problem, `score` one row for an answer from anywhere; `solvers`, `libraries`, `problems` and `metrics` are catalogues
with `names()` and `get(name)`.
"""

from typing import Any, NoReturn

from stabilitylab.core.arithmetic.processor import default_mode

# Python computes the constants of a module when it compiles or imports it, in the mode of the processor.
with default_mode():
    from stabilitylab import libraries, problems, solvers
    from stabilitylab.bench import measure
    from stabilitylab.core import errors
    from stabilitylab.core.errors import Breakdown, StabilityLabError
    from stabilitylab.core.types import Fit, Measurement, Reference, Solution, Status
    from stabilitylab.data.problem import Decimals, Design, Problem
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
    "check",
    "enclose",
    "errors",
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
]


def run(*arguments: Any, **options: Any) -> NoReturn:
    """The name that `measure` had before version 0.2.0. Raises AttributeError."""
    raise AttributeError("sl.run is now sl.measure, with the same arguments; the command `run` is for experiments")
