"""Sums of products in float64 with the number of roundings that bounds their error, and upper bounds on norms.

A sum of products in which no product passes through more than k roundings, in any order, with fused multiply-add or
without, is wrong by at most gamma_k = k u/(1 - k u) times the sum of their magnitudes (Higham 2002, section 3.1): a
product that passes through k roundings carries k factors 1 + d, |d| <= u = 2**-53. Sums are formed in blocks of rows,
so that k is about the rows of a block plus the number of blocks. Each k counts one rounding more than there are, which
also covers underflow (the docstring of `float64.enclosure` says why that is enough).
"""

from math import ceil
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

U = 2.0**-53
LEAF = 64  # rows of the innermost sums of A'r


def block_rows(A: Array) -> int:
    """Rows of a block of A (m, n): few enough for a cache, and enough that adding up (n, n) sums costs little."""
    n = int(A.shape[1])
    return max(256, n, min(4096, 32768 // n))


def gram(A: Array, b: Array) -> tuple[Array, Array, int]:
    """fl(A'A) (n, n), fl(A'b) (n,), and the k with |fl(A'A) - A'A|_ij <= gamma_k |a_i| |a_j|, and so for A'b."""
    (m, n), rows = A.shape, block_rows(A)
    G, c = np.zeros((n, n)), np.zeros(n)
    for i in range(0, m, rows):
        block = A[i : i + rows]
        G += block.T @ block
        c += block.T @ b[i : i + rows]
    return G, c, min(rows, m) + ceil(m / rows) + 1


def transposed_times(A: Array, r: Array) -> Array:
    """fl(A'r) (n,) in float64, in blocks of 64 rows and pairwise over these: accurate, but without a bound."""
    m, n = A.shape
    count = m // LEAF
    h: Array = A[count * LEAF :].T @ r[count * LEAF :]
    if not count:
        return h
    leaves = A[: count * LEAF].reshape(count, LEAF, n).transpose(0, 2, 1) @ r[: count * LEAF].reshape(count, LEAF, 1)
    return h + tree_sum(leaves[:, :, 0])


def tree_sum(parts: Array) -> Array:
    """The sum over axis 0, pairwise: each term passes through at most ceil(log2(len(parts))) roundings."""
    while (count := len(parts)) > 1:
        half = (count + 1) // 2
        total = parts[:half].copy()
        total[: count - half] += parts[half:]
        parts = total
    return np.array(parts[0])


def triangle(W: Array) -> Array:
    """R (n, n) of a QR factorisation of W (m, n), without a bound: Householder QR of blocks of rows, then of their Rs.

    Source: Demmel, Grigori, Hoemmen, Langou, SISC 34 (2012) A206-A239.
    """
    m, n = W.shape
    rows = max(512, 4 * n)
    count = m // rows
    if count < 2:
        return np.asarray(np.linalg.qr(W, mode="r"))
    leaves = np.asarray(np.linalg.qr(W[: count * rows].reshape(count, rows, n), mode="r"))
    return triangle(np.vstack([leaves.reshape(-1, n), W[count * rows :]]))


def gamma(k: Any) -> Any:
    """An upper bound on gamma_k = k u/(1 - k u), for k below 2^40: entry by entry if k is an array."""
    return k * U / (1 - k * U) * (1 + 8 * U)


def norm_bound(values: Array) -> float:
    """An upper bound on |values|_2 over all entries, and at least 2^-480, so that squares may underflow."""
    flat = values.reshape(-1)
    return float(np.sqrt(flat @ flat) * (1 + gamma(flat.size + 8)) + 2.0**-480)
