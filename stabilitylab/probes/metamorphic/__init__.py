"""Laws that every least-squares route must obey, put to routes on small integer problems: no reference is needed."""

from stabilitylab.probes.metamorphic.compared import Instance, LawComparison, compare, r_squared, widths
from stabilitylab.probes.metamorphic.laws import LAWS, Law
from stabilitylab.probes.metamorphic.search import Search, Violation, search
from stabilitylab.probes.metamorphic.small_problem import SmallProblem
from stabilitylab.probes.metamorphic.witness import script

__all__ = [
    "LAWS",
    "Instance",
    "Law",
    "LawComparison",
    "Search",
    "SmallProblem",
    "Violation",
    "compare",
    "r_squared",
    "script",
    "search",
    "widths",
]
