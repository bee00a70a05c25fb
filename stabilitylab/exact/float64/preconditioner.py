"""Float64 inverse factors X of A, A'A ~ (X X')^-1, and bounds alpha >= |X'A'A X - I|_F that prove them good.

Every bound is derived where it is computed; the docstring of `float64.enclosure` says how rounding and underflow are
counted, and what alpha proves.
"""

from dataclasses import dataclass
from math import ceil, log2
from typing import Any

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.exact.float64.rounding_bounds import U, block_rows, gamma, gram, norm_bound
from stabilitylab.exact.gram.limbs import ROUND


@dataclass(frozen=True)
class ScaledProblem:
    """A (m, n) 2^-exponents and b (m,) 2^-b_exponent, in the powers of two that keep every bound clear of underflow.

    Of these scaled A and b: G = fl(A'A) (n, n), c = fl(A'b) (n,), norms (n,) >= |a_j|_2, and
    |G - A'A|_ij <= gamma_k |a_i| |a_j| for k = gram_roundings. up: a factor above 1 that makes what was computed as a
    bound in float64, in at most 4 n + 32 operations on numbers of 0 or more, a bound again.
    """

    A: Array
    b: Array
    exponents: Array
    b_exponent: int
    G: Array
    c: Array
    norms: Array
    gram_roundings: int
    up: float

    @classmethod
    def of(cls, A: Array, b: Array) -> "ScaledProblem":
        """A and b, scaled only where a norm is outside 2^-100 .. 2^100. Raises RankDeficientError for a column of 0."""
        n = A.shape[1]
        up = 1 + (8 * n + 64) * 2 * U
        exponents, b_exponent = np.zeros(n, dtype=np.int64), 0
        if b.any() and not 2.0**-200 <= b @ b <= 2.0**200:
            b_exponent = int(np.frexp(np.abs(b).max())[1])
            b = np.ldexp(b, -b_exponent)
        G, c, k = gram(A, b)
        if not (G.diagonal().min() >= 2.0**-200 and G.diagonal().max() <= 2.0**200):
            largest = np.abs(A).max(axis=0)
            if not largest.all():
                zero = int(np.argmin(largest))
                raise RankDeficientError(
                    f"column {zero} of A is all zeros, so that its coefficient is arbitrary: drop it"
                )
            exponents = np.frexp(largest)[1].astype(np.int64)
            A = np.ldexp(A, -exponents)
            G, c, k = gram(A, b)
        norms = np.sqrt(G.diagonal() * (1 + 2 * gamma(k))) * up
        return cls(A, b, exponents, b_exponent, G, c, norms, k, up)


def alpha_from_gram(data: ScaledProblem, X: Array) -> tuple[float, float]:
    """alpha >= |X'A'A X - I|_F from G = fl(A'A), and what alpha is likely to be.

    |X'(G - A'A)X| <= gamma_k t t' with t = |X|'norms; fl(X'fl(G X)) is within gamma_2n |X|'|G||X| of X'G X, and
    |G| <= (1 + gamma_k) norms norms' (Higham 2002, section 3.5).
    """
    n, t, usable = reach(data, X)
    M = X.T @ (data.G @ X)
    M.flat[:: n + 1] -= 1
    distance, size = norm_bound(M), norm_bound(t)
    rounding = (gamma(data.gram_roundings) + 1.01 * gamma(2 * n + 2)) * size**2
    likely = distance + U * size**2
    return (float((distance + rounding) * data.up) if usable else np.inf), float(likely)


def alpha_from_product(data: ScaledProblem, X: Array) -> float:
    """alpha >= |P'P - I|_F, P = A X, from C = fl(A X) and S = fl(C'C), one block of rows at a time.

    X is triangular, so column j of C has j + 1 products in each sum: |C - P|_F <= e = | gamma_(j+1) t_j |. With
    |C'C - S|_F <= s = gamma_k |C|_F^2 and sigma = |S - I|_F, alpha = sigma + s + 2 sqrt(1 + sigma + s) e + e^2.
    """
    n, t, usable = reach(data, X)
    m, rows = len(data.A), block_rows(data.A)
    S = np.zeros((n, n))
    for i in range(0, m, rows):
        C = data.A[i : i + rows] @ X
        S += C.T @ C
    k = gamma(min(rows, m) + ceil(m / rows) + 1)
    s = k * float(S.trace()) * (1 + 2 * k) * data.up
    S.flat[:: n + 1] -= 1
    sigma, e = norm_bound(S), norm_bound(gamma(np.arange(2, n + 2)) * t) * data.up
    alpha = float((sigma + s + 2 * np.sqrt(1 + sigma + s) * e + e * e) * data.up)
    return alpha if usable and alpha < np.inf else np.inf


def alpha_from_sliced_product(data: ScaledProblem, X: Array) -> float:
    """alpha as in `alpha_from_product`, with C = A X to 20 bits more: for condition numbers to about 1e12.

    A = A1 + A2 and X = X1 + X2 with 21 leading bits in A1 and X1, so that A1 X1 is a sum of integers below 2**53 and
    exact. C = fl(A1 X1 + fl(A1 X2 + A2 X)): with d_j for the norm of column j of A2 and |a1_j| <= norm_j + d_j,
    |C - P|_F <= e = | gamma_(2 n + 4) (sum_k (norm_k + d_k) |X2|_kj + d_k |X|_kj)_j | + u |C|_F.
    """
    n, _, usable = reach(data, X)
    m, rows = len(data.A), block_rows(data.A)
    largest = np.maximum(data.A.max(axis=0), -data.A.min(axis=0))
    exponents = np.frexp(largest)[1]
    grid = np.ldexp(1.0, exponents - 21)
    bits = 21 - max(0, ceil(log2(n)) - 11)
    tops = np.frexp(np.ldexp(np.abs(X), exponents[:, None]).max(axis=0))[1]
    step = ROUND * np.ldexp(1.0, tops - bits - exponents[:, None])
    X1 = (X + step) - step
    X2 = X - X1
    S = np.zeros((n, n))
    for i in range(0, m, rows):
        block = data.A[i : i + rows]
        A1 = (block + ROUND * grid) - ROUND * grid
        C = A1 @ X1
        C += A1 @ X2 + (block - A1) @ X
        S += C.T @ C
    k = gamma(min(rows, m) + ceil(m / rows) + 1)
    trace = float(S.trace()) * (1 + 2 * k) * data.up
    d = grid * (float(np.sqrt(m)) / 2)
    columns = (data.norms + d) @ np.abs(X2) + d @ np.abs(X)
    e = (gamma(2 * n + 4) * norm_bound(columns) + U * np.sqrt(trace) * 2) * data.up
    s = k * trace
    S.flat[:: n + 1] -= 1
    sigma = norm_bound(S)
    alpha = float((sigma + s + 2 * np.sqrt(1 + sigma + s) * e + e * e) * data.up)
    return alpha if usable and alpha < np.inf else np.inf


def reach(data: ScaledProblem, X: Array) -> tuple[int, Array, bool]:
    """n; t (n,) = |X|'norms, bounds on the norms of the columns of A X; whether underflow cannot spoil the bounds."""
    t = (np.abs(X).T @ data.norms) * data.up
    return len(t), t, bool(t.min() > 0.75 and row_norms(X).min() > 2.0**-199 and np.isfinite(t).all())


def inverse(factor: tuple[Any, ...]) -> Array | None:
    """X ~ R^-1 (n, n), upper triangular, for (R, info, ...) as LAPACK returns them; None after a failure."""
    R, info = factor[:2]
    if info != 0:
        return None
    X, info = lapack.dtrtri(R)
    return np.ascontiguousarray(np.triu(X)) if info == 0 else None


def row_norms(X: Array) -> Array:
    """The 2-norms of the rows of X (n, n): upper bounds once multiplied by `up`."""
    norms: Array = np.sqrt(np.square(X).sum(axis=1))
    return norms
