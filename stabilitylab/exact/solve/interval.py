"""Intervals of rationals, and the double nearest to all their numbers, or to all their square roots."""

from dataclasses import dataclass
from fractions import Fraction
from math import inf, isinf, isqrt

from stabilitylab.core.errors import OutOfRangeError


@dataclass(frozen=True)
class Interval:
    """The numbers from low / over to high / over, integers, over > 0. Not reduced to lowest terms: gcds are slow.

    Products and reciprocals are for low >= 0 only.
    """

    low: int
    high: int
    over: int = 1

    def __mul__(self, other: "Interval | Fraction") -> "Interval":
        """All products of a number of this interval with one of another, or with one number of 0 or more."""
        if isinstance(other, Interval):
            return Interval(self.low * other.low, self.high * other.high, self.over * other.over)
        return Interval(self.low * other.numerator, self.high * other.numerator, self.over * other.denominator)

    def __add__(self, other: "Interval") -> "Interval":
        """All sums of a number of this interval and one of another."""
        low, high = (a * other.over + b * self.over for a, b in ((self.low, other.low), (self.high, other.high)))
        return Interval(low, high, self.over * other.over)

    def __neg__(self) -> "Interval":
        """-x for the numbers x of the interval."""
        return Interval(-self.high, -self.low, self.over)

    def root(self, bits: int) -> "Interval":
        """An interval that holds sqrt(x) for the numbers x, low >= 0, and is wider by about 2**-bits of the lower."""
        size = self.low.bit_length() or self.high.bit_length()
        places = max(0, bits + 2 + (self.over.bit_length() - size) // 2)
        low, high = ((end << 2 * places) // self.over for end in (self.low, self.high))
        return Interval(isqrt(low), isqrt(high) + bool(self.high), 1 << places)

    def inverse(self) -> "Interval":
        """1/x for the numbers x of an interval with low > 0."""
        return Interval(self.over * self.low, self.over * self.high, self.low * self.high)

    def reflected(self, value: Fraction) -> "Interval":
        """value - x for the numbers x of the interval."""
        p, q = value.numerator * self.over, value.denominator
        return Interval(p - q * self.high, p - q * self.low, self.over * q)

    def below(self, value: Fraction) -> "Interval":
        """max(value - x, 0) for the numbers x of the interval."""
        all_of_them = self.reflected(value)
        return Interval(max(all_of_them.low, 0), max(all_of_them.high, 0), all_of_them.over)

    def squared(self) -> "Interval":
        """x² for the numbers x of the interval, of any sign."""
        least, most = sorted((self.low**2, self.high**2))
        return Interval(0 if self.low < 0 < self.high else least, most, self.over**2)

    def agrees(self, digits: int) -> bool:
        """Whether 0 is outside and the width at most 10**-digits of the end nearer to 0; or whether the width is 0."""
        nearer = min(abs(self.low), abs(self.high))
        return self.low == self.high or (self.low * self.high > 0 and (self.high - self.low) * 10**digits <= nearer)

    @property
    def middle(self) -> Fraction:
        """The number half-way."""
        return Fraction(self.low + self.high, 2 * self.over)


# An interval whose numbers have no common nearest double: the answer of a figure that needs more digits.
UNSETTLED = Interval(0, 1)


def exactly(value: Fraction | int) -> Interval:
    """The interval that holds one number only."""
    return Interval(value.numerator, value.numerator, value.denominator)


def nearest_of(interval: Interval, what: str) -> float | None:
    """The double that every number of the interval rounds to, ties to even; None when there is more than one.

    Raises OutOfRangeError, with `what` for a name, on overflow, and where a number that is not 0 becomes 0.
    """
    over = interval.over
    return _agreed(quotient(interval.low, over), quotient(interval.high, over), interval, what)


def nearest_root_of(interval: Interval, what: str) -> float | None:
    """The double that the square root of every number rounds to, for low >= 0; otherwise like `nearest_of`."""
    over = interval.over
    return _agreed(_root(interval.low, over), _root(interval.high, over), interval, what)


def offset_by_root(x: Interval, square: Interval, sign: int, bits: int) -> Interval:
    """x + sign sqrt(square), sign 1 or -1, square >= 0: one number where both are and the root is rational."""
    if square.low == square.high:
        exact = Fraction(square.low, square.over)
        p, q = isqrt(exact.numerator), isqrt(exact.denominator)
        if (p * p, q * q) == exact.as_integer_ratio():
            return x + exactly(Fraction(sign * p, q))
    root = square.root(bits)
    return x + (root if sign > 0 else -root)


def _agreed(low: float, high: float, interval: Interval, what: str) -> float | None:
    if low != high:
        return None
    if isinf(low):
        raise OutOfRangeError(f"{what} overflows float64: scale the columns by a power of ten")
    if low == 0.0 and not interval.low == 0 == interval.high:
        if interval.low <= 0 <= interval.high:
            return None
        raise OutOfRangeError(f"{what} underflows float64: scale the columns by a power of ten")
    return low


def quotient(numerator: int, denominator: int) -> float:
    """numerator / denominator, denominator > 0, rounded once; infinite where that is beyond the largest double.

    Rests on Python's division of integers.
    """
    try:
        return numerator / denominator
    except OverflowError:
        return inf if numerator > 0 else -inf


def _root(p: int, q: int) -> float:
    """sqrt(p/q) rounded once: 66 bits or more of it, with a last bit that says whether there are others."""
    if p == 0:
        return 0.0
    shift = max(0, 132 - (p.bit_length() - q.bit_length()))
    shift += shift % 2
    scaled, rest = divmod(p << shift, q)
    root = isqrt(scaled)
    inexact = rest != 0 or root * root != scaled
    return quotient(2 * root + inexact, 1 << (shift // 2 + 1))
