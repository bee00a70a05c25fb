"""Laws that every least-squares route must obey, put to routes on small integer problems: no reference is needed."""

from stabilitylab.metamorphic.asked import Asked
from stabilitylab.metamorphic.compared import Case, Comparison, compare, r_squared, widths
from stabilitylab.metamorphic.laws import LAWS, Law
from stabilitylab.metamorphic.search import Search, Violation, search
from stabilitylab.metamorphic.witness import script

__all__ = [
    "LAWS",
    "Asked",
    "Case",
    "Comparison",
    "Law",
    "Search",
    "Violation",
    "compare",
    "r_squared",
    "script",
    "search",
    "widths",
]
