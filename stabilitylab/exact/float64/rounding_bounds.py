"""Sums of products in float64, each with through how many roundings a product in it passes; norms that are bounds.

A sum of products in which no product passes through more than k roundings, in any order, with fused multiply-add or
without, is wrong by at most gamma_k times the sum of their magnitudes (Higham 2002, section 3.1): a product that
passes through k roundings carries k factors 1 + d, |d| <= u. Blocks keep k near the length of a block. Every k counts
one more than there are, which pays for underflow (`enclosure` says why that is enough).
"""

from math import ceil
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

U = 2.0**-53
LEAF = 64  # length of the innermost sums of A'r


def block_rows(A: Array) -> int:
    """Rows of a block that stays in cache, without many more additions of (n, n) sums than products."""
    n = int(A.shape[1])
    return max(256, n, min(4096, 32768 // n))


def gram(A: Array, b: Array) -> tuple[Array, Array, int]:
    """A'A, A'b, and through how many roundings a product in them passes."""
    (m, n), rows = A.shape, block_rows(A)
    G, c = np.zeros((n, n)), np.zeros(n)
    for i in range(0, m, rows):
        block = A[i : i + rows]
        G += block.T @ block
        c += block.T @ b[i : i + rows]
    return G, c, min(rows, m) + ceil(m / rows) + 1


def transposed_times(A: Array, r: Array) -> Array:
    """A'r in plain float64, by leaves of 64 rows and a tree over them: accurate, and not counted."""
    m, n = A.shape
    count = m // LEAF
    h: Array = A[count * LEAF :].T @ r[count * LEAF :]
    if not count:
        return h
    leaves = A[: count * LEAF].reshape(count, LEAF, n).transpose(0, 2, 1) @ r[: count * LEAF].reshape(count, LEAF, 1)
    return h + tree_sum(leaves[:, :, 0])


def tree_sum(parts: Array) -> Array:
    """The sum over axis 0 by halving: ceil(log2(count)) roundings."""
    while (count := len(parts)) > 1:
        half = (count + 1) // 2
        total = parts[:half].copy()
        total[: count - half] += parts[half:]
        parts = total
    return np.array(parts[0])


def triangle(W: Array) -> Array:
    """R of a QR factorisation of W (m, n), by Householder QR of blocks of rows, and again of their stacked factors."""
    m, n = W.shape
    rows = max(512, 4 * n)
    count = m // rows
    if count < 2:
        return np.asarray(np.linalg.qr(W, mode="r"))
    leaves = np.asarray(np.linalg.qr(W[: count * rows].reshape(count, rows, n), mode="r"))
    return triangle(np.vstack([leaves.reshape(-1, n), W[count * rows :]]))


def gamma(k: Any) -> Any:
    """An upper bound on gamma_k = k u/(1 - k u), which needs k u < 1: rows below 2^40 keep it below 2^-12."""
    return k * U / (1 - k * U) * (1 + 8 * U)


def norm_bound(values: Array) -> float:
    """An upper bound on |values|_2, at least 2^-480, which also pays for squares that underflow."""
    flat = values.reshape(-1)
    return float(np.sqrt(flat @ flat) * (1 + gamma(flat.size + 8)) + 2.0**-480)
