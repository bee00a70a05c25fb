"""Double-double numbers: unevaluated sums of two float64 numbers, with about 106 bits and the exponents of float64.

Not a binary format: the two halves may lie far apart, so that the gaps between numbers vary, and no operation is
rounded to the nearest. Each has a relative error of a few 2**-106, as long as no part of it is below 2**-1022.
Source: Joldes, Muller and Popescu, Tight and rigorous error bounds for basic building blocks of double-word arithmetic,
ACM Trans. Math. Software 44 (2017) 15; the product's bound as tightened by Muller and Rideau, ACM Trans. Math. Software
48 (2022) 9; the square root: Lefèvre, Louvet, Muller, Picot and Rideau, ACM Trans. Math. Software 49 (2023) 1.
"""

import math
from fractions import Fraction
from typing import Any

_HALVES = 2.0**27 + 1


def _two_sum(a: float, b: float) -> tuple[float, float]:
    s = a + b
    of_b = s - a
    return s, (a - (s - of_b)) + (b - of_b)


def _two_product(a: float, b: float) -> tuple[float, float]:
    """Dekker's, with Veltkamp's splitting: exact unless an operand is beyond 2**996 or a last bit is below 2**-1074."""
    p = a * b
    part = a * _HALVES
    a1 = part - (part - a)
    part = b * _HALVES
    b1 = part - (part - b)
    a2, b2 = a - a1, b - b1
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


class DoubleDouble:
    """high + low with high = fl(high + low); + - * / and `sqrt` with an error of a few 2**-106 of the result.

    Bounds, with u = 2**-53: sums and differences 3 u**2 + 13 u**3 (algorithm 6), products 5 u**2 (algorithm 10),
    quotients 15 u**2 + 56 u**3 (algorithm 17), square roots 25/8 u**2. An infinite or undefined result is that of
    float64. Python numbers beside it are taken exactly where they are floats or have no more bits than two of them.
    """

    __slots__ = ("high", "low")

    def __init__(self, high: float, low: float = 0.0) -> None:
        """The number high + low, which must be halves already: high = fl(high + low)."""
        self.high, self.low = high, low

    @classmethod
    def nearest(cls, value: Fraction | int) -> "DoubleDouble":
        """high = fl(value) and low = fl(value - high). Raises OverflowError beyond the range of float64."""
        high = value.numerator / value.denominator
        rest = Fraction(value) - Fraction(high)
        return cls(high, rest.numerator / rest.denominator)

    def __add__(self, other: Any) -> "DoubleDouble":
        y = _double_double(other)
        if y is None:
            return NotImplemented
        sh, sl = _two_sum(self.high, y.high)
        th, tl = _two_sum(self.low, y.low)
        c = sl + th
        vh = sh + c
        w = tl + (c - (vh - sh))
        return _normal(vh, w, sh)

    __radd__ = __add__

    def __neg__(self) -> "DoubleDouble":
        return DoubleDouble(-self.high, -self.low)

    def __pos__(self) -> "DoubleDouble":
        return self

    def __abs__(self) -> "DoubleDouble":
        return -self if self.high < 0 else self

    def __sub__(self, other: Any) -> "DoubleDouble":
        y = _double_double(other)
        return NotImplemented if y is None else self + -y

    def __rsub__(self, other: Any) -> "DoubleDouble":
        difference: DoubleDouble = -self + other
        return difference

    def __mul__(self, other: Any) -> "DoubleDouble":
        y = _double_double(other)
        if y is None:
            return NotImplemented
        ch, c1 = _two_product(self.high, y.high)
        c2 = self.high * y.low + self.low * y.high
        return _normal(ch, c1 + c2, ch)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "DoubleDouble":
        y = _double_double(other)
        if y is None:
            return NotImplemented
        if y.high == 0 or not math.isfinite(y.high) or not math.isfinite(self.high):
            return DoubleDouble(_quotient(self.high, y.high))
        th = self.high / y.high
        # y times th (algorithm 7), whose high part is so near to self.high that the difference is exact.
        ch, c1 = _two_product(y.high, th)
        c2 = y.low * th
        rh = ch + c2
        rl = (c2 - (rh - ch)) + c1
        rh, rl = _two_sum(rh, rl)
        d = (self.high - rh) + (self.low - rl)
        return _normal(th, d / y.high, th)

    def __rtruediv__(self, other: Any) -> "DoubleDouble":
        y = _double_double(other)
        return NotImplemented if y is None else y / self

    def sqrt(self) -> "DoubleDouble":
        """The square root; NaN of a negative number. np.sqrt calls it for an array of objects."""
        if self.high <= 0 or not math.isfinite(self.high):
            return DoubleDouble(self.high if self.high == 0 or self.high == math.inf else math.nan)
        sh = math.sqrt(self.high)
        square, error = _two_product(sh, sh)
        rest = (self.high - square) - error
        return _normal(sh, (self.low + rest) / (2 * sh), sh)

    def __eq__(self, other: object) -> bool:
        y = _double_double(other)
        return NotImplemented if y is None else (self.high == y.high and self.low == y.low)

    def __lt__(self, other: Any) -> bool:
        y = _double_double(other)
        if y is None:
            return NotImplemented
        return self.high < y.high or (self.high == y.high and self.low < y.low)

    def __gt__(self, other: Any) -> bool:
        y = _double_double(other)
        return NotImplemented if y is None else y < self

    # Not the opposites of < and >, which for a NaN are both false.
    def __le__(self, other: Any) -> bool:
        return bool(self < other or self == other)

    def __ge__(self, other: Any) -> bool:
        return bool(self > other or self == other)

    def __hash__(self) -> int:
        return hash(self.high) if self.low == 0 else hash((self.high, self.low))

    def __float__(self) -> float:
        return self.high

    def __bool__(self) -> bool:
        return self.high != 0

    def as_integer_ratio(self) -> tuple[int, int]:
        """The exact value as a fraction. Raises OverflowError or ValueError where it is not finite, as float does."""
        if not math.isfinite(self.high):
            return self.high.as_integer_ratio()
        return (Fraction(self.high) + Fraction(self.low)).as_integer_ratio()

    def __repr__(self) -> str:
        return f"DoubleDouble({self.high!r}, {self.low!r})"


def _normal(high: float, low: float, plain: float) -> DoubleDouble:
    """high + low as halves, |low| at most |high|; where that is not finite, the number that float64 gives."""
    s = high + low
    if s - s != 0:
        return DoubleDouble(plain)
    return DoubleDouble(s, low - (s - high))


def _quotient(a: float, b: float) -> float:
    """a / b as IEEE 754 has it, division by zero included."""
    if b != 0:
        return a / b
    return math.copysign(math.inf, a) * math.copysign(1, b) if a == a and a != 0 else math.nan


def _double_double(value: Any) -> DoubleDouble | None:
    """A number as a DoubleDouble; None for anything else."""
    if isinstance(value, DoubleDouble):
        return value
    if isinstance(value, float):
        return DoubleDouble(float(value))
    if isinstance(value, int | Fraction):
        return DoubleDouble.nearest(value)
    return None
