"""Sums of products in other units, and those of columns that are themselves sums of float64 columns.

An integer of 64 bits, a longdouble or a decimal of 30 digits is the sum of two float64 numbers or three, its parts. The
parts are columns of their own when products are summed; (p + q)'(p + q) = p'p + p'q + q'p + q'q is then a sum of
integers.
"""

from collections.abc import Sequence

import numpy as np

from stabilitylab.exact.gram.columns import UNSEEN
from stabilitylab.exact.gram.limbs import WIDTH, Indices, Levels, carried


def moved(levels: Levels, down: Indices) -> tuple[Levels, int]:
    """The numbers of levels (K, p, q), entry (i, j) times 2**-down[i, j], and the place at which they begin.

    levels: int64 with room for a carry, the first of them at place 0. The result holds sums of at most two limbs that
    are shifted by less than 22 bits, below 2**44.
    """
    limbs = np.array(carried(list(levels)))
    # 2**-d is a places down, and up again by the r bits that are too much.
    places = -(-down // WIDTH)
    lifted = limbs << (places * WIDTH - down)
    count, least = len(lifted), int(places.min())
    out = np.zeros((count + int(places.max()) - least, *levels.shape[1:]), dtype=np.int64)
    for a in np.unique(places):
        out[a - least : a - least + count] += np.where(places == a, lifted, 0)
    return out, least - (count - len(levels))


def mirrored(levels: Levels) -> Levels:
    """Both triangles of symmetric matrices of which the upper ones are given."""
    upper = np.triu(levels)
    return upper + np.triu(levels, 1).transpose(0, 2, 1)


def folded(
    levels: Levels,
    exponents: tuple[Indices, Indices],
    of: tuple[Sequence[int], Sequence[int]],
    target: Indices,
    up: int = 0,
) -> tuple[Levels, int, int]:
    """P'S Q 2**up, for S (N, M) in units of 2**(e_i + f_j), P (N, size) and Q (M, size) adding up what `of` numbers.

    target g (size,): the exponents of the result's units 2**(g_p + g_q), at least those of the columns that are added
    up. Returns its levels, the place at which they begin, and how many numbers below 2**44 are added up in an entry.
    """
    left, right = (np.asarray(own) for own in of)
    down_left, down_right = (
        np.where(e == UNSEEN, 0, target[own] - e) for e, own in zip(exponents, (left, right), strict=True)
    )
    parts, first = moved(levels, down_left[:, None] + down_right - up)
    half = np.zeros((len(parts), len(left), len(target)), dtype=np.int64)
    for j, q in enumerate(right.tolist()):
        half[:, :, q] += parts[:, :, j]
    out = np.zeros((len(parts), len(target), len(target)), dtype=np.int64)
    for i, p in enumerate(left.tolist()):
        out[:, p] += half[:, i]
    return out, first, int(np.bincount(left).max() * np.bincount(right).max())


def largest_of_parts(exponents: Indices, of: Sequence[int], size: int) -> Indices:
    """For each of `size` columns the largest exponent of its parts."""
    largest = np.full(size, UNSEEN)
    np.maximum.at(largest, np.asarray(of), exponents)
    return largest
