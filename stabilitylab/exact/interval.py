"""Intervals of rationals, and the double nearest to all their numbers, or to all their square roots."""

from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from stabilitylab.errors import OutOfRangeError


class Interval(NamedTuple):
    """All numbers from low to high; products and reciprocals are for 0 <= low."""

    low: Fraction
    high: Fraction

    def __mul__(self, other: object) -> "Interval":
        """Products of the numbers of two intervals, or with a number that is not negative."""
        if isinstance(other, Interval):
            return Interval(self.low * other.low, self.high * other.high)
        if isinstance(other, int | Fraction):
            return Interval(self.low * other, self.high * other)
        return NotImplemented

    def inverse(self) -> "Interval":
        """Reciprocals, of an interval that does not hold 0."""
        return Interval(1 / self.high, 1 / self.low)


def exactly(value: Fraction | int) -> Interval:
    """The interval of one number."""
    return Interval(Fraction(value), Fraction(value))


def nearest_of(interval: Interval, what: str) -> float | None:
    """The double nearest to every number, ties to even; None when there is more than one.

    Raises OutOfRangeError, naming what it is, on overflow, or where a number that is not 0 becomes 0.
    """
    return _agreed(_double(interval.low, what), _double(interval.high, what), interval, what)


def nearest_root_of(interval: Interval, what: str) -> float | None:
    """The double nearest to the square root of every number; like `nearest_of`."""
    return _agreed(_root(interval.low, what), _root(interval.high, what), interval, what)


def _agreed(low: float, high: float, interval: Interval, what: str) -> float | None:
    if low != high:
        return None
    if low == 0.0 and not interval.low == 0 == interval.high:
        if interval.low <= 0 <= interval.high:
            return None
        raise OutOfRangeError(f"{what} underflows float64: scale the columns by a power of ten")
    return low


def _double(value: Fraction, what: str) -> float:
    try:
        return value.numerator / value.denominator  # one rounding
    except OverflowError:
        raise OutOfRangeError(f"{what} overflows float64: scale the columns by a power of ten") from None


def _root(value: Fraction, what: str) -> float:
    """sqrt(value) rounded once: 66 bits or more of it, with a last bit that says whether there are others."""
    p, q = value.numerator, value.denominator
    if p == 0:
        return 0.0
    shift = max(0, 132 - (p.bit_length() - q.bit_length()))
    shift += shift % 2
    scaled, rest = divmod(p << shift, q)
    root = isqrt(scaled)
    inexact = rest != 0 or root * root != scaled
    return _double(Fraction(2 * root + inexact, 1 << (shift // 2 + 1)), what)
