"""Metamorphic testing: laws that tie the answers of two regressions together, tested on small integer problems.

A change of unit, the order of the rows, a repeated row: the coefficients of the changed regression follow exactly from
those of the first, so that a route that breaks the law is wrong on one of the two, and no reference is needed.
Source: Chen, Kuo, Liu et al., Metamorphic Testing: A Review of Challenges and Opportunities, ACM Computing Surveys 51
(2018) 4:1-4:27.
"""

from stabilitylab.probes.metamorphic.comparison import (
    TOLERANCE,
    Instance,
    LawComparison,
    compare,
    r_squared,
    widths,
)
from stabilitylab.probes.metamorphic.laws import LAWS, Law
from stabilitylab.probes.metamorphic.search import SearchResult, Violation, search
from stabilitylab.probes.metamorphic.small_problem import SmallProblem
from stabilitylab.probes.metamorphic.witness import script

__all__ = [
    "LAWS",
    "TOLERANCE",
    "Instance",
    "Law",
    "LawComparison",
    "SearchResult",
    "SmallProblem",
    "Violation",
    "compare",
    "r_squared",
    "script",
    "search",
    "widths",
]
