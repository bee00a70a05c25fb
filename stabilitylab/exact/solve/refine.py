"""Iterative refinement with exact residuals: from an inverse factor to any number of proven digits."""

from math import frexp, isqrt

import numpy as np

from stabilitylab.exact.gram.limbs import BASE, WIDTH
from stabilitylab.exact.gram.normal_equations import Integers, NormalEquations, times
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.inverse_factor import InverseFactor


def refined(
    normal: NormalEquations, factor: InverseFactor, narrow_enough: NarrowEnough, route: str
) -> EnclosedSolution | None:
    """y (n,) of C y = c, each entry `narrow_enough`; None when that would take more bits than exact rationals.

    With d = c - C y and g = X'd exactly, y* - y = X B^-1 g, B = X'C X, so that y + X g is wrong by at most
    |X_i| |g| alpha/(1 - alpha) in entry i. Everything here is in exact integers but the row norms, which are bounds.
    Source: Rump, Acta Numerica 19 (2010) 287-449, section 10, for the principle; the bound is derived above.
    """
    n = normal.n
    X = _Operator(factor)
    # Bits of the correction that count: alpha wastes the others.
    gain = 10 - frexp(factor.alpha)[1]
    most_bits = 2 * normal.determinant_bound.bit_length() + 4000
    # |R y| <= |y| sqrt(trace C): how fine the correction must be for its rounding not to matter.
    height = (sum(normal.diagonal).bit_length() + n.bit_length()) // 2 + 1
    y: Integers = [0] * n
    unit = 0
    while unit < most_bits:
        d = [(right << unit) - left for right, left in zip(normal.c, normal.times(y), strict=True)]
        g, g_unit = X.transposed(d)
        step, step_unit = X.applied(g)
        # y is in units of 2**-unit, g of 2**-(unit + g_unit), the step of 2**-(unit + g_unit + step_unit).
        length = isqrt(sum(v * v for v in g)) + 1
        fine = unit + g_unit + step_unit
        middle = [(v << (g_unit + step_unit)) + s for v, s in zip(y, step, strict=True)]
        radius = X.bounds(length, step_unit)
        if length == 1:
            radius = [0] * n
        if all(narrow_enough(i, middle[i], radius[i], 1 << fine) for i in range(n)):
            return EnclosedSolution(tuple(middle), tuple(radius), 1 << fine, route, factor)
        keep = max(unit, height + gain + unit + g_unit - length.bit_length())
        y = [_rounded(v, fine - keep) for v in middle]
        unit = keep
    return None


class _Operator:
    """Exact products of X and X' with vectors of Python integers, and bounds from the row norms of X."""

    def __init__(self, factor: InverseFactor) -> None:
        self.planes = factor.planes
        self.alpha = factor.alpha
        L = len(self.planes)
        # Column j in units of 2**shift_j; the least of them is the common unit.
        self.shifts = [WIDTH * (int(p) - (L - 1)) for p in factor.places]
        self.unit = -min(self.shifts)
        norms = np.zeros(len(self.shifts))
        value = np.zeros(self.planes.shape[1:])
        for plane in self.planes[::-1]:
            value = value / BASE + plane
        value = np.abs(value)
        self.top = int(factor.places.max())
        value = np.ldexp(value, WIDTH * (factor.places - self.top))
        # Bounds on the row norms in units of 2**(22 top): a few u per operation, paid for with 2**-20.
        norms = np.sqrt((value * value).sum(axis=1)) * (1 + 2.0**-20) + 2.0**-500
        spread = factor.alpha / (1 - factor.alpha) * (1 + 2.0**-20)
        self.lengths = [v.as_integer_ratio() for v in (norms * spread).tolist()]

    def transposed(self, d: Integers) -> tuple[Integers, int]:
        """X'd and its unit: X'd = the integers times 2**-unit."""
        g = times(self.planes.transpose(0, 2, 1), d)
        return [v << (shift + self.unit) for v, shift in zip(g, self.shifts, strict=True)], self.unit

    def applied(self, g: Integers) -> tuple[Integers, int]:
        """X g and its unit."""
        return times(self.planes, [v << (s + self.unit) for v, s in zip(g, self.shifts, strict=True)]), self.unit

    def bounds(self, length: int, unit: int) -> Integers:
        """|X_i| length alpha/(1 - alpha), rounded up, in units of 2**-unit for a length in units of 1."""
        power = unit + WIDTH * self.top
        out = []
        for p, q in self.lengths:
            value = length * p
            value = value << power if power >= 0 else -(-value >> -power)
            out.append(-(-value // q) + 1)
        return out


def _rounded(value: int, by: int) -> int:
    """value 2**-by, rounded to an integer."""
    return (value + (1 << (by - 1))) >> by if by > 0 else value << -by
