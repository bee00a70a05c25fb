"""The enclosed solution of exact normal equations, the doubles nearest to it, and when it is narrow enough for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import frexp, isinf
from typing import TypeAlias

from stabilitylab.core.errors import OutOfRangeError
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.interval import Interval, quotient
from stabilitylab.exact.solve.inverse_factor import InverseFactor

# narrow_enough(j, middle, radius, denominator): whether it suffices to know that entry j of the solution is within
# radius/denominator of middle/denominator.
NarrowEnough: TypeAlias = Callable[[int, int, int, int], bool]


@dataclass(frozen=True, eq=False)
class EnclosedSolution:
    """y (n,) of C y = c, enclosed: |y_j - middle_j / denominator| <= radius_j / denominator; radius 0 is exact.

    route: the method, in words. factor: the inverse factor behind the radii; None where it was ball arithmetic or
    exact rationals.
    """

    middle: tuple[int, ...]
    radius: tuple[int, ...]
    denominator: int
    route: str
    factor: InverseFactor | None = None

    @property
    def intervals(self) -> list[Interval]:
        """The interval of each entry of y."""
        over, parts = self.denominator, zip(self.middle, self.radius, strict=True)
        return [Interval(middle - radius, middle + radius, over) for middle, radius in parts]

    def is_narrow(self, narrow_enough: NarrowEnough) -> bool:
        """Whether every entry is narrow enough."""
        parts = enumerate(zip(self.middle, self.radius, strict=True))
        return all(narrow_enough(j, middle, radius, self.denominator) for j, (middle, radius) in parts)


def nearest_double(middle: int, radius: int, denominator: int) -> float | None:
    """The double that every number within radius/denominator of middle/denominator rounds to, ties to even.

    None when there is more than one; 0.0 for numbers that underflow, all of one sign; an infinity for numbers that are
    all beyond the largest double.
    """
    low = quotient(middle - radius, denominator)
    if radius == 0:
        return low
    high = quotient(middle + radius, denominator)
    return low if low == high and (low != 0.0 or abs(middle) > radius) else None


def to_nearest(
    normal: NormalEquations, ratios: Sequence[tuple[int, int]], denominator_bound: int | None = None
) -> NarrowEnough:
    """Narrow enough to round x_j = y_j p/q, (p, q) = ratios[j], to the nearest double: one is nearest to all it can be.

    No interval around a tie, the midpoint between two doubles, ever is. But det C y_j is an integer (Cramer's rule) and
    a tie t one in units of 2**-k, so that x_j and t are equal or differ by at least 1/(det C q 2**k): an interval
    narrower than that is enough too. The same holds for t = 0. denominator_bound: for det C where it is not a bound on
    that, as for solutions of least norm.
    """
    bound = normal.determinant_bound if denominator_bound is None else denominator_bound

    def narrow_enough(j: int, middle: int, radius: int, denominator: int) -> bool:
        p, q = ratios[j]
        if nearest_double(middle * p, radius * p, denominator * q) is not None:
            return True
        # Near the largest double, whose exponent is 1024, ties are whole numbers.
        size = quotient(middle * p, denominator * q)
        k = 0 if isinf(size) else max(0, min(1075, 55 - frexp(size)[1]))
        return radius * p * bound << (k + 1) < denominator or is_zero(middle, radius, denominator, bound)

    return narrow_enough


def rounded(solved: EnclosedSolution, ratios: Sequence[tuple[int, int]], names: Sequence[str]) -> list[float]:
    """The double nearest to each x_j = y_j p/q, for a solution that is narrow enough in the sense of `to_nearest`.

    The range, one rule for coefficients and for all figures of a fit (`interval.nearest_of`): a number is rounded to
    the nearest double, ties to even, subnormal ones among them, and refused where that is no number of its kind: where
    it is infinite, from 2**1024 - 2**970 on, or 0 for a number that is not 0, up to 2**-1075.
    Raises OutOfRangeError, with the column's name.
    """
    x = []
    for j, (middle, radius) in enumerate(zip(solved.middle, solved.radius, strict=True)):
        p, q = ratios[j]
        low, high, over = (middle - radius) * p, (middle + radius) * p, solved.denominator * q
        value, zero = nearest_double(middle * p, radius * p, over), low <= 0 <= high
        if value is None:
            # Proven to be 0, or the tie in between.
            value = 0.0 if zero else _tie(quotient(low, over), quotient(high, over))
        if isinf(value):
            raise OutOfRangeError(f"coefficient {names[j]} overflows float64: scale its column by a power of ten")
        if value == 0.0 and not zero:
            raise OutOfRangeError(f"coefficient {names[j]} underflows float64: scale its column by a power of ten")
        x.append(value)
    return x


def _tie(low: float, high: float) -> float:
    """What the midpoint of two neighbouring doubles rounds to; the largest and infinity meet at 2**1024 - 2**970."""
    if isinf(low) or isinf(high):
        return low if isinf(low) else high
    return float((Fraction(low) + Fraction(high)) / 2)


def to_digits(normal: NormalEquations, digits: int, denominator_bound: int | None = None) -> NarrowEnough:
    """Narrow enough for `digits` decimal digits: a radius of at most 10**-digits of the middle, or a proven 0.

    denominator_bound: as for `to_nearest`.
    """
    tightness = 10**digits
    bound = normal.determinant_bound if denominator_bound is None else denominator_bound

    def narrow_enough(j: int, middle: int, radius: int, denominator: int) -> bool:
        if radius * tightness <= abs(middle):
            return True
        return is_zero(middle, radius, denominator, bound)

    return narrow_enough


def is_zero(middle: int, radius: int, denominator: int, bound: int) -> bool:
    """Whether a number N / det C, N an integer and det C <= bound, that lies in the interval can only be 0."""
    return (abs(middle) + radius) * bound < denominator
