"""A polynomial in t = (x - c) / s, led back to the powers of x.

c is a number of few bits near the middle of x and s a power of two, so that t lies in about [-1, 1] and the subtraction
of c rounds little. With p(x) = sum_j a_j ((x - c) / s)^j the coefficient of x^k is
sum_(j >= k) a_j binom(j, k) (-c)^(j - k) / s^j, which is formed in rationals and rounded once: sums of such terms
cancel, and in floating point that costs the digits which the mapping has saved.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb, frexp, isfinite

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

BACK = (
    "from fractions import Fraction as F",
    "from math import comb",
    "x = [float(sum(F(x[j]) * comb(j, k) * F(-c) ** (j - k) / F(s) ** j for j in range(k, len(x))))",
    "     for k in range(len(x))]",
)
"""The lines of Python that lead coefficients x of powers of (x - c) / s back, as `in_powers_of_x` does."""
BITS = 4  # of c beyond the size of the interval


def mapping(x: Array) -> tuple[float, float] | None:
    """(c, s) for numbers x (m,); None where they are all equal, or too large."""
    low, high = float(x.min()), float(x.max())
    half, middle = high / 2 - low / 2, high / 2 + low / 2
    if not (half > 0 and isfinite(half)):
        return None
    s = 2.0 ** frexp(half)[1]
    unit = s / 2**BITS
    return round(middle / unit) * unit, s


def in_powers_of_x(a: Sequence[float] | Array, c: float, s: float) -> Array:
    """Coefficients (n,) of 1, x, x², ... of a polynomial whose coefficients in t are a (n,), each rounded once."""
    n, exact = len(a), [Fraction(float(v)) for v in a]
    shift, scale = Fraction(-c), Fraction(s)
    return np.array(
        [float(sum(exact[j] * comb(j, k) * shift ** (j - k) / scale**j for j in range(k, n))) for k in range(n)]
    )
