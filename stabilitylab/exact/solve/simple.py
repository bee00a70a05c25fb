"""Solutions that an enclosure gives away, verified exactly: of few digits, or 0 by orthogonality."""

from collections.abc import Sequence
from math import isqrt

import numpy as np

from stabilitylab.exact.gram.normal_equations import Integers, NormalEquations


def simple_solution(
    normal: NormalEquations, middle: Sequence[int], radius: Sequence[int], denominator: int
) -> tuple[Integers, int] | None:
    """y (n,) with C y = c exactly, as integers over one denominator, within radius of middle, both over `denominator`.

    None where the simplest fractions of the intervals, over one denominator below the square root of their precision,
    are no solution: as for most data. So are exact ties between two doubles, and zeros, proven without more digits.
    """
    limit, over = isqrt(denominator // (2 * max(radius) + 1)), 1
    for m, r in zip(middle, radius, strict=True):
        low, high = (m - r) * over, (m + r) * over
        over *= _least_denominator(low, high, denominator)
        if over > limit:
            return None
    numerators = [(2 * m * over + denominator) // (2 * denominator) for m in middle]
    return (numerators, over) if normal.times(numerators) == [v * over for v in normal.c] else None


def orthogonal_zeros(normal: NormalEquations, candidates: Sequence[int]) -> frozenset[int]:
    """The candidates Z, if y_Z = 0 since C_Zk = 0 for other columns k, and c_Z = 0; otherwise none. C: nonsingular."""
    others = np.setdiff1d(np.arange(normal.n), candidates)
    rows = normal.planes[:, list(candidates)]
    separate = not any(normal.c[j] for j in candidates) and not rows[:, :, others].any()
    return frozenset(candidates if separate else ())


def _least_denominator(low: int, high: int, over: int) -> int:
    """The least denominator of a number from low / over to high / over, by the continued fraction that both share."""
    before, here, low_over, high_over = 1, 0, over, over
    while (whole := -(-low // low_over)) * high_over > high:
        whole -= 1
        before, here = here, whole * here + before
        low, low_over, high, high_over = high_over, high - whole * high_over, low_over, low - whole * low_over
    return whole * here + before
