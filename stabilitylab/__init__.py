"""How many digits of a linear regression are right, where the others were lost, and which solver or library keeps them.

`reference` gives the certified solution, `lre` the correct digits of an answer, `run` one measured row; `solvers`,
`libraries`, `problems` and `metrics` are catalogues with `names()` and `get(name)`.
"""

from stabilitylab import errors, libraries, metrics, problems, solvers
from stabilitylab.accuracy import lre
from stabilitylab.bench import run
from stabilitylab.core import Fit, Measurement, Reference, Solution, Status
from stabilitylab.errors import Breakdown, StabilityLabError
from stabilitylab.exact import Certificate, CertifiedFit, Checked, Enclosure, GramAccumulator, check, enclose, lstsq
from stabilitylab.regression import Decimals, Design, Problem
from stabilitylab.truth import reference

__version__ = "0.1.0"

__all__ = [
    "Breakdown",
    "Certificate",
    "CertifiedFit",
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
    "libraries",
    "lre",
    "lstsq",
    "metrics",
    "problems",
    "reference",
    "run",
    "solvers",
]
