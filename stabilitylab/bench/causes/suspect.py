"""An answer that may have lost digits, as the tests of causes take it."""

from collections.abc import Sequence
from dataclasses import dataclass

from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.types import Solution, Truth
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.problem import Problem


@dataclass(frozen=True, eq=False)
class Suspect:
    """One answer to one regression, and the truth that its digits are counted against.

    solution: x in the order of the problem's coefficients. entry: the route that gave it, None where it is unknown.
    variant: of the problem that was solved. weights (m,): of the squares, float64, None where every row counts once.
    """

    problem: Problem
    solution: Solution
    truth: Truth
    entry: Entry[RouteLabel] | None = None
    variant: Variant = PUBLISHED
    weights: Sequence[float] | None = None
