"""Iterative refinement with exact residuals: from an inverse factor to any number of proven digits."""

from math import frexp, isqrt

import numpy as np

from stabilitylab.exact.gram.limbs import BASE, WIDTH
from stabilitylab.exact.gram.normal_equations import Integers, NormalEquations, times
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.inverse_factor import InverseFactor
from stabilitylab.exact.solve.simple import orthogonal_zeros, simple_solution

SIMPLE = 64  # bits of y from which it is asked whether it has few digits, and again at twice as many
WORK = 1 << 37  # bits of y times entries of the planes of C: about a minute


def refined(
    normal: NormalEquations,
    factor: InverseFactor,
    narrow_enough: NarrowEnough,
    route: str,
    most_bits: int | None = None,
) -> EnclosedSolution | None:
    """y (n,) of C y = c, each entry `narrow_enough`; None when that takes more bits of y than most_bits, or than WORK.

    With d = c - C y and g = X'd exactly, y* - y = X B^-1 g, B = X'C X, so that y + X g is wrong by at most
    |X_i| |g| alpha/(1 - alpha) in entry i. Everything here is in exact integers but the row norms, which are bounds.
    Where the digits of a double do not settle it, y* may be of few digits (`simple_solution`), or entries may be 0 for
    their columns are orthogonal to b and to the others (`orthogonal_zeros`): these are left as wide as they are.
    Source: Rump, Acta Numerica 19 (2010) 287-449, section 10, for the principle; the bound is derived above.
    """
    n = normal.n
    X = _Operator(factor)
    # Bits of the correction that count: alpha wastes the others.
    gain = 10 - frexp(factor.alpha)[1]
    enough = 2 * normal.determinant_bound.bit_length() + 4000
    most_bits = min(enough if most_bits is None else most_bits, WORK // (n * n * len(normal.planes)))
    # |R y| <= |y| sqrt(trace C): how fine the correction must be for its rounding not to matter.
    height = (sum(normal.diagonal).bit_length() + n.bit_length()) // 2 + 1
    y: Integers = [0] * n
    d = normal.c  # c - C y exactly, in units of 2**-unit, as y is
    unit, wide, tried = 0, 0, SIMPLE // 2
    zeros: frozenset[int] = frozenset()
    while unit <= most_bits:
        g, g_unit = X.transposed(d)
        step, step_unit = X.applied(g)
        # g is in units of 2**-(unit + g_unit), the step of 2**-(unit + g_unit + step_unit).
        length = isqrt(sum(v * v for v in g)) + 1
        fine = unit + g_unit + step_unit
        middle = [(v << (fine - unit)) + s for v, s in zip(y, step, strict=True)]
        radius = X.bounds(length, step_unit) if length > 1 else [0] * n
        # The entry that was too wide before is asked first.
        order = [j for j in (*range(wide, n), *range(wide)) if j not in zeros]
        wide = next((j for j in order if not narrow_enough(j, middle[j], radius[j], 1 << fine)), n)
        if wide == n:
            return EnclosedSolution(tuple(middle), tuple(radius), 1 << fine, route, factor)
        if unit >= 2 * tried:
            tried = unit
            simple = simple_solution(normal, middle, radius, 1 << fine)
            if simple is not None:
                return EnclosedSolution(tuple(simple[0]), (0,) * n, simple[1], route, factor)
            zeros = orthogonal_zeros(normal, [j for j in range(n) if abs(middle[j]) <= radius[j]])
        keep = max(unit, height + gain + unit + g_unit - length.bit_length())
        step = [_rounded(s, fine - keep) for s in step]
        y = [(v << (keep - unit)) + s for v, s in zip(y, step, strict=True)]
        d = [(v << (keep - unit)) - s for v, s in zip(d, normal.times(step), strict=True)]
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
