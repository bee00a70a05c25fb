"""A'(b - A x) to 20 bits more than float64 for each slice of A, x in double-double: what correct rounding needs.

A is split into L slices of 21 bits below the largest entry of each column and a rest, A = A_1 + ... + A_L + A_0, and
so are x and the residual. A product of slices p and q is summed exactly (`gram.limbs` says why) when p + q <= L + 1;
every other product is 2**(-21 L) as large as the largest, so that rounding it in float64 costs 2**(-21 L - 53) of that.
Source: Rump, Ogita, Oishi, SISC 31 (2008) 189-224, for the splitting; Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59
(2012) 95-118, for sliced products; Knuth (1998), section 4.2.2, for `two_sum`.
"""

from dataclasses import dataclass
from math import ceil, fsum, log2

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.float64.gradient import two_sum
from stabilitylab.exact.float64.rounding_bounds import U, gamma, norm_bound, tree_sum
from stabilitylab.exact.gram.limbs import ROUND, TERMS

WIDTH = 21


@dataclass(frozen=True)
class FineGradient:
    """h (n,) with |h - A'r| <= error (n,), for a residual r, |r - (b - A x)|_2 <= eps.

    Both are bounds once multiplied by the factor `up` of `preconditioner.ScaledProblem` for their own roundings, and up
    to underflow, which the smallest value of `norm_bound` covers.
    """

    h: Array
    error: Array
    eps: float


def fine_gradient(
    A: Array, b: Array, x: tuple[Array, Array], norms: Array, exponents: Array, slices: int
) -> FineGradient:
    """The gradient at x = high + low (n,), for |a_ij| < 2**exponents_j and bounds `norms` on the columns' norms.

    Rounding, with D_l,j = sqrt(m) 2**(exponents_j - 21 l - 1) for the norm of what l slices leave of column j, D_0 the
    norm itself, so that slice p is below D_(p-1) + D_p:
    1. b - A x: two_sum adds up the exact products with b; what it loses, e_1, ..., e_c with c = L (L + 1)/2, is added
       up in float64, in c + 1 roundings of at most u sum |e_i| each. A product with y_p, what of x comes after slice
       L + 1 - p, passes through n + L + 2 roundings; so does A_0 x, where leaving out `low` counts for one of them.
    2. A'r: exact products are summed exactly over all blocks; those with what of r comes after slice L + 1 - p, and
       A_0'r, pass through k roundings. The final sum rounds twice.
    """
    m, n = A.shape
    L = slices
    rows = max(64, min(TERMS, 1 << max(6, 15 - ceil(log2(n)))))
    parts, rests = _sliced_x(x, exponents, n, L)
    steps = [ROUND * np.ldexp(1.0, exponents - WIDTH * (p + 1)) for p in range(L)]
    # For slice p: the slices of x that go with it exactly, and what comes after them.
    right = [np.stack([*parts[: L - p], rests[L - p]], axis=1) for p in range(L)]
    exact: list[Array] = []
    rough: list[Array] = []
    planes, rest = np.empty((L, rows, n)), np.empty((rows, n))
    after = np.zeros(L + 1)  # squares of bounds on what q slices leave of r
    dust = 0.0  # |sum |e_i||²
    for start in range(0, m, rows):
        block = slice(start, min(start + rows, m))
        k = block.stop - start
        A0, t = A[block], rest[:k]
        for p in range(L):
            plane = planes[p, :k]
            np.add(A0, steps[p], out=plane)
            np.subtract(plane, steps[p], out=plane)
            np.subtract(A0, plane, out=t)
            A0 = t
        s, lost, lost_sizes = b[block], np.zeros(k), np.zeros(k)
        tail = t @ x[0]
        for p in range(L):
            products = planes[p, :k] @ right[p]
            for q in range(L - p):
                s, e = two_sum(s, -products[:, q])
                lost += e
                lost_sizes += np.abs(e)
            tail += products[:, -1]
        dust += norm_bound(lost_sizes) ** 2
        r, low = two_sum(s, lost - tail)
        top = float(np.abs(r).max())
        scale = np.frexp(top)[1]
        if top < 2.0**-400:
            r_parts, r_rests = [np.zeros(k)] * L, [r + low] * (L + 1)
            after += k * (2 * top) ** 2
        else:
            r_parts, r_rests = _sliced_r(r, low, int(scale), L)
            after += [k * 4.0 ** (int(scale) - WIDTH * q + 1) for q in range(L + 1)]
        rough_here = t.T @ r
        for p in range(L):
            products = planes[p, :k].T @ np.stack([*r_parts[: L - p], r_rests[L - p]], axis=1)
            exact.extend(products[:, :-1].T)
            rough_here += products[:, -1]
        rough.append(rough_here)
    sums = np.array([fsum(column) for column in np.array(exact).T.tolist()])
    h = sums + tree_sum(np.array(rough))
    D = [norms, *(np.ldexp(np.sqrt(m), exponents - WIDTH * p - 1) for p in range(1, L + 1))]
    size = [D[p] + D[p + 1] for p in range(L)]
    left = np.sqrt(after) * (1 + 64 * U)
    kk = gamma(min(rows, m) + 2 * L + 8 + ceil(log2(len(rough) + 1)))
    error = 2 * U * (np.abs(sums) + np.abs(h)) + kk * D[L] * left[0] + D[L] * left[0] * U
    for p in range(L):
        error = error + kk * size[p] * left[L - p]
    bounds = float(D[L] @ np.abs(x[0])) + sum(float(size[p] @ np.abs(rests[L - p])) for p in range(L))
    count = L * (L + 1) // 2
    eps = float(gamma(n + L + 3)) * bounds + (count + 2) * U * float(np.sqrt(dust)) * 1.01
    return FineGradient(h, error * (1 + 64 * U), eps * (1 + 64 * U))


def _sliced_x(x: tuple[Array, Array], exponents: Array, n: int, L: int) -> tuple[list[Array], list[Array]]:
    """Slices x_1, ..., x_L of high + low, and for q = 0, ..., L what q slices leave, rounded once.

    x_j 2**exponents_j is sliced on one grid for all j, so that A_p x_q is a sum of n integers below 2**53 in one unit.
    """
    high, low = x
    bits = WIDTH - max(0, ceil(log2(n)) - 11)
    top = int(np.frexp(np.ldexp(np.abs(high), exponents).max())[1])
    parts, rests = [], [high + low]
    for q in range(L):
        step = ROUND * np.ldexp(1.0, top - bits * (q + 1) - exponents)
        part = (high + step) - step
        high, low = two_sum(high - part, low)
        parts.append(part)
        rests.append(high)
    return parts, rests


def _sliced_r(r: Array, low: Array, top: int, L: int) -> tuple[list[Array], list[Array]]:
    """The same of r + low, |r| < 2**top."""
    parts, rests = [], [r]
    for q in range(L):
        step = ROUND * 2.0 ** (top - WIDTH * (q + 1))
        part = (r + step) - step
        r, low = two_sum(r - part, low)
        parts.append(part)
        rests.append(r)
    return parts, rests
