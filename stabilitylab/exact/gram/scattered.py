"""Sums of products of rows whose numbers differ by hundreds of bits: each product is added where its limbs belong.

A number has four limbs at most, wherever it stands, so that a product has seven levels. Splitting such rows on a grid
for the whole column gives many planes that are nearly empty.
"""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.limbs import BASE, ROUND, WIDTH, Indices, Levels

CACHED = 1 << 16  # products at a time, so that they stay in a cache
BITS = 53
LIMBS = 4  # of a double: 53 bits, of which the last may be any of 22
ROWS = 512  # products of which sums of up to four, below 2**44, add up to at most 2**53
BLOCKS = 500  # of so many rows, whose sums an int64 holds


def scattered_sums(A: Array, b: Array) -> tuple[Levels, int]:
    """[A b]'[A b] for float64 rows, upper triangle, level s in units of 2**(-22 (first + s)); and first.

    For at most ROWS * BLOCKS rows. Each a_ij is sum over p of d_p 2**(22 (q_ij + 3 - p)) with limbs d_p; products of
    limbs with the same sum of places, four of them at most, are below 2**44. A row adds one such sum to a place, so
    that those of 512 rows are added up in float64 without rounding.
    """
    W = np.column_stack([A, b]).T
    fraction, exponent = np.frexp(W)
    seen = fraction != 0
    if not seen.any():
        return np.zeros((1, len(W), len(W)), dtype=np.int64), 0
    lowest = exponent.astype(np.int64) - 53
    q = np.where(seen, lowest // WIDTH, int(lowest[seen].min()) // WIDTH)
    least, most = int(q.min()), int(q.max())
    # |t| < 2**9 in units of the most significant of the four limbs.
    t = np.ldexp(fraction, np.where(seen, lowest - WIDTH * q + 53 - WIDTH * (LIMBS - 1), 0))
    limbs = np.empty((LIMBS, *t.shape))
    for plane in limbs:
        np.add(t, ROUND, out=plane)
        np.subtract(plane, ROUND, out=plane)
        t = (t - plane) * BASE
    places = 2 * (most - least) + 2 * LIMBS - 1
    size = len(W)
    # Counted from the most significant place.
    at = most - q
    pairs = np.stack(np.triu_indices(size), axis=1)
    sums = np.zeros((len(pairs), places), dtype=np.int64)
    together = max(1, CACHED // ROWS)
    for start in range(0, W.shape[1], ROWS):
        rows = slice(start, start + ROWS)
        here, there = limbs[:, :, rows], at[:, rows]
        for k in range(0, len(pairs), together):
            i, j = pairs[k : k + together].T
            left, right = here[:, i], here[:, j]
            first = (there[i] + there[j] + places * np.arange(len(i))[:, None]).ravel()
            total = np.zeros(len(i) * places)
            for s in range(2 * LIMBS - 1):
                least_left = max(0, s - LIMBS + 1)
                products = left[least_left] * right[s - least_left]
                for p in range(least_left + 1, min(s, LIMBS - 1) + 1):
                    products += left[p] * right[s - p]
                total[s:] += np.bincount(first, products.ravel(), len(total) - s)
            sums[k : k + together] += total.astype(np.int64).reshape(len(i), places)
    levels = np.zeros((places, size, size), dtype=np.int64)
    levels[:, pairs[:, 0], pairs[:, 1]] = sums.T
    return levels, -2 * (most + LIMBS - 1)


def spread(A: Array, b: Array, exponents: Indices) -> Indices:
    """For each row of [A b] a number of limbs that hold it, in units of 2**(exponents - 21) for the columns."""
    fraction, exponent = np.frexp(np.column_stack([A, b]))
    below = np.where(fraction != 0, exponents - exponent, 0)
    return np.asarray((below.max(axis=1) + BITS - 21) // WIDTH + 2)
