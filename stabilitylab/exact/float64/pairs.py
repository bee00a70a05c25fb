"""Numbers as pairs of float64 numbers with proven radii, and rows of a matrix times a vector in them: A x and b - A x.

Source: Ogita, Rump, Oishi, SISC 26 (2005) 1955-1988, for the compensated sum of products; the bound is derived in the
docstring of `rows_in_pairs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.two_product import two_product
from stabilitylab.exact.float64.gradient import two_sum
from stabilitylab.exact.float64.rounding_bounds import gamma
from stabilitylab.exact.solve.interval import Interval, quotient

CACHED = 1 << 16  # numbers of a block of rows, so that it stays in a cache
TINY = 2.0**-1060  # more than underflow takes from the terms of one column


@dataclass(frozen=True, eq=False)
class DoubleDouble:
    """y (N,) with |y - high - low| <= radius, float64 (N,) each: what is known of a vector."""

    high: Array
    low: Array
    radius: Array

    @classmethod
    def of(cls, intervals: Sequence[Interval]) -> "DoubleDouble":
        """A vector that is enclosed in intervals; a radius is infinite where the numbers are beyond float64."""
        high, low, radius = [], [], []
        for interval in intervals:
            middle = interval.middle
            first = quotient(middle.numerator, middle.denominator)
            finite = abs(first) < inf
            rest = middle - Fraction(first) if finite else Fraction(0)
            second = float(rest)
            error = abs(rest - Fraction(second)) + Fraction(interval.high - interval.low, 2 * interval.over)
            high.append(first if finite else 0.0)
            low.append(second)
            # Rounded, which is within 2**-53 or underflows; then up.
            radius.append(float(error) * (1 + 2.0**-50) + (2.0**-1073 if error else 0.0) if finite else inf)
        return cls(np.array(high), np.array(low), np.array(radius))

    def at(self, which: Array) -> "DoubleDouble":
        """Some of the entries."""
        return DoubleDouble(self.high[which], self.low[which], self.radius[which])

    @property
    def nearest(self) -> Array:
        """The double nearest to all that each entry can be (N,); NaN where there is more than one."""
        s, c = two_sum(self.high, self.low)
        with np.errstate(all="ignore"):
            up, down = np.nextafter(c + self.radius, np.inf), np.nextafter(c - self.radius, -np.inf)
            decided = (s + up == s) & (s + down == s) & np.isfinite(s)
        return np.where(decided | ((self.radius == 0) & (c == 0)), s, np.nan)

    @property
    def intervals(self) -> list[Interval]:
        """The interval of each entry. Cost: a few Python integers for each."""
        parts = zip(self.high.tolist(), self.low.tolist(), self.radius.tolist(), strict=True)
        return [_interval(*part) for part in parts]


def _interval(high: float, low: float, radius: float) -> Interval:
    (p, q), (v, w), (r, t) = (number.as_integer_ratio() for number in (high, low, radius))
    over = max(q, w, t)  # powers of two
    middle, reach = p * (over // q) + v * (over // w), r * (over // t)
    return Interval(middle - reach, middle + reach, over)


def rows_in_pairs(columns: Sequence[Array], y: DoubleDouble) -> DoubleDouble:
    """A y (m,), enclosed; infinite or no numbers where something overflows. A has these columns (m,).

    1. p_j + e_j = a_j y_j exactly, y_j the high part. 2. s + q_2 + ... + q_N = p_1 + ... + p_N exactly, for the sum s
    from left to right. 3. c = fl(sum of q_j, e_j and a_j z_j, z_j the low part). Then A y is s + c up to

        gamma_(N + 4) sum (|q_j| + |e_j| + |a_j z_j|) + sum |a_j| radius_j,

    for a term of c passes through at most N + 4 roundings, that of a_j z_j counted. Underflow takes less than 2**-1074
    from each of fewer than 32 operations on a column; what overflows is no number, and decides nothing.
    """
    m, N = len(columns[0]), len(columns)
    out = np.empty((3, m))
    rows = max(64, CACHED // N)
    with np.errstate(all="ignore"):
        for start in range(0, m, rows):
            t = np.stack([column[start : start + rows] for column in columns])
            out[:, start : start + rows] = _enclosed(t, y)
    return DoubleDouble(*out)


def _enclosed(t: Array, y: DoubleDouble) -> tuple[Array, Array, Array]:
    """The same for A' = t (N, k): high, low and radius (k,)."""
    N = len(t)
    high = y.high[:, None]
    reach = y.radius @ np.abs(t) if y.radius.any() else np.zeros(t.shape[1])
    # 1.
    low = t * y.low[:, None]
    sizes = np.abs(low)
    products, errors = two_product(t, high)
    # 2.
    s = products[0].copy()
    for j in range(1, N):
        s, products[j] = two_sum(s, products[j])
    products[0] = 0.0
    # 3.
    low += errors
    low += products
    c = low.sum(axis=0)
    np.abs(errors, out=errors)
    np.abs(products, out=products)
    sizes += errors
    sizes += products
    size = sizes.sum(axis=0)
    return s, c, (gamma(N + 4) * size + reach) * (1 + 4 * gamma(N + 4)) + N * TINY
