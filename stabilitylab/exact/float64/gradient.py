"""A'(b - A x) to about 20 bits more than float64, at the cost of a few products with a vector.

The leading 22 bits of A (below the largest of each column), x and r are split off: their products are summed exactly
(`gram.limbs` says why), and what is left is 2^-21 as large, so that its rounding is as much smaller. With
A = A1 + A2, x = x1 + x2, r = r1 + r2:

    b - A x = (b - A1 x1) - (A1 x2 + A2 x),    A'r = A1'r1 + (A1'r2 + A2'r),

the first product of each exact, the rest in float64. No bit of A, x or r is dropped on the way.
Source: Rump, Ogita, Oishi, SISC 31 (2008) 189-224, for the splitting; Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59
(2012) 95-118, for sliced products; Knuth (1998), section 4.2.2, for `two_sum`.
"""

from dataclasses import dataclass
from math import ceil, fsum, log2
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.float64.rounding_bounds import U, block_rows, gamma, norm_bound, tree_sum

WIDTH = 21  # bits below the leading power of two that a first slice keeps
TERMS = 2048  # products of two first slices that float64 sums exactly
ROUND = 1.5 * 2.0**52  # v + ROUND q - ROUND q is v rounded to a multiple of q, for |v| < 2^51 q


@dataclass(frozen=True)
class Gradient:
    """h (n,) ~ A'r with |h - A'r| <= error (n,), for r (m,), the sum of two arrays, with |r - (b - A x)|_2 <= eps.

    Both are bounds once multiplied by the factor `up` of `preconditioner.ScaledProblem` for their own roundings, fewer
    than n + 32 each.
    """

    r: tuple[Array, Array]
    h: Array
    error: Array
    eps: float


def gradient(A: Array, b: Array, x: Array, norms: Array, largest: Array) -> Gradient:
    """The gradient at x (n,), of A (m, n) and b (m,), given bounds on the norms of A's columns and on their entries.

    Rounding, with q the grid of A's columns, |A2_ij| <= q_j/2, so |a2_j| <= d_j = sqrt(m) q_j/2, |a1_j| <= |a_j| + d_j:
    1. s + e = b - A1 x1 exactly; z = fl(fl(A1 x2) + fl(A2 x) - e), in which a product passes through n + 2 roundings;
       |z - ...| <= gamma_(n+2) (sum_j |a1_j| |x2_j| + d_j |x_j| + |e|).
    2. r + f = s - z exactly; r1 from r, and r2 = fl((r - r1) + f), wrong by u |r2|.
    3. A1'r1 exactly in each block, then summed with one rounding; the rest through k roundings in blocks and a tree,
       where using r for r1 + r2 counts for three more. The sum of both rounds once: u |A1'r1| + u |h|
       + gamma_k (|a1_j| |r2| + d_j |r|).
    """
    m, n = A.shape
    exponents = np.frexp(largest)[1]
    grid = np.ldexp(1.0, exponents - WIDTH)
    x1 = _leading(x, exponents, n)
    x2 = x - x1
    rows = min(block_rows(A), TERMS)
    r1, r2, e = np.empty(m), np.empty(m), np.empty(m)
    exact, rest = [], []
    step = ROUND * grid
    A1, A2 = np.empty((rows, n)), np.empty((rows, n))
    for i in range(0, m, rows):
        part = slice(i, min(i + rows, m))
        high, low = A1[: part.stop - i], A2[: part.stop - i]
        np.add(A[part], step, out=high)
        np.subtract(high, step, out=high)
        np.subtract(A[part], high, out=low)
        s, e[part] = two_sum(b[part], -(high @ x1))
        r, f = two_sum(s, e[part] - (high @ x2 + low @ x))
        # One grid for the residuals of a block; those so small that it would underflow are left to r2 whole.
        top = float(np.abs(r).max())
        mark = ROUND * 2.0 ** (np.frexp(top)[1] - WIDTH) if top > 2.0**-480 else 0.0
        r1[part] = (r + mark) - mark if mark else 0.0
        r2[part] = (r - r1[part]) + f
        exact.append(high.T @ r1[part])
        rest.append(high.T @ r2[part] + low.T @ r)
    k = gamma(min(rows, m) + 6 + ceil(log2(len(rest))))
    sums = np.array([fsum(column) for column in np.array(exact).T.tolist()])
    h = sums + tree_sum(np.array(rest))
    d = grid * (float(np.sqrt(m)) / 2)
    first, small = norms + d, norm_bound(r2)
    error = U * (np.abs(sums) + np.abs(h)) + k * (first * small + d * (norm_bound(r1) + small))
    lost = float(first @ np.abs(x2) + d @ np.abs(x)) + norm_bound(e)
    return Gradient((r1, r2), h, error, float(gamma(n + 3) * lost + U * small))


def _leading(x: Array, exponents: Array, n: int) -> Array:
    """x1 (n,), the leading bits of x: x1_j 2^exponents_j are multiples of one unit so large that A1 x1 is exact."""
    size = float(np.ldexp(np.abs(x), exponents).max())
    if not 2.0**-400 < size < 2.0**400:
        return np.zeros(n)
    bits = WIDTH - max(0, ceil(log2(n)) - 11)
    step = ROUND * np.ldexp(1.0, int(np.frexp(size)[1]) - exponents - bits)
    leading: Array = (x + step) - step
    return leading


def two_sum(a: Array, b: Array) -> tuple[Array, Any]:
    """s = fl(a + b) and e = a + b - s exactly."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)
