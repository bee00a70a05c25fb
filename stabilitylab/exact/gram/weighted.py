"""Weighted sums of products W'diag(w) W of float64 columns, without rounding: W times W weighted, both in limbs.

w_i W_ij is the sum of two float64 numbers, its rounded value and the error of that, which are split into limbs as W is.
"""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.two_product import two_product
from stabilitylab.exact.gram.columns import NONE, UNSEEN, Units, in_runs, unit_exponents
from stabilitylab.exact.gram.limbs import TERMS, WIDTH, Indices, Layout, Levels, sliced
from stabilitylab.exact.gram.products import MOST_SUMS

CACHED = 1 << 15  # numbers of W that are split at a time, so that they stay in a cache with their limbs
FAINT = 2.0**-500  # of the largest weight: rows of less are left to others
BITS = 53  # between a rounded product and its error


@dataclass(frozen=True, eq=False)
class WeightedSums:
    """W'diag(w) W: levels (K, N, 2 N), level s in units of 2**(-22 s) 2**(E_i + F_j - 42 + p).

    The columns from N on are to be added to those before them. exponents E (N,), products F (2 N,), power p. left: the
    rows that are not in the sums, for they have more limbs than were asked for, or too small a weight.
    """

    levels: Levels
    exponents: Indices
    products: Indices
    power: int
    left: Indices


def weighted_sums(A: Array, b: Array, weights: Array, places: int) -> list[WeightedSums]:
    """The sums for W = [A b] (m, N) and w >= 0 (m,), rows of up to `places` <= 8 limbs; several, to be added up.

    Exact: over a run of at most 2048 rows the columns of W in units of 2**(E - 21) have norms of at most 2**26.5
    (`unit_exponents`). So have those of W weighted, w scaled to at most 1, and those of its errors times 2**53, which
    are at most 2**-53 of it; the slack of `unit_exponents` covers the rounding of products as that of limbs. Hence no
    partial sum of a product is beyond 2**53.
    """
    runs = in_runs(slice(0, len(b)), TERMS)
    exponents = unit_exponents(A, b, runs, TERMS)
    units = Units(exponents)
    power = int(np.frexp(weights.max(initial=0.0))[1])
    size = len(exponents)
    sums = [_Sums(size, places)]
    left = [NONE]
    for run in runs:
        if places * (sums[-1].runs + 1) > MOST_SUMS:
            sums.append(_Sums(size, places))
        sums[-1].runs += 1
        for rows in in_runs(run, rows_at_a_time(size)):
            t, tiny = units.scaled(A[rows], b[rows])
            both, lost = _weighted(t, weights[rows], power)
            more = sums[-1].add(t, both)
            left.append(rows.start + np.concatenate([tiny, lost, more]))
    products = np.concatenate([exponents, np.where(exponents == UNSEEN, UNSEEN, exponents - BITS)])
    these = np.unique(np.concatenate(left))
    return [WeightedSums(part.levels, exponents, products, power, these) for part in sums]


def rows_at_a_time(size: int) -> int:
    """The rows of one product for that many columns of W, few enough that they stay in a cache with their limbs."""
    return min(TERMS, max(256, CACHED // size))


def _weighted(t: Array, weights: Array, power: int) -> tuple[Array, Indices]:
    """t w 2**-power (N, k) as a rounded product and 2**53 times its error (2 N, k), and rows with faint weights.

    Those are 0 in t and in the products afterwards. The products of the others are exact where they are used: a row
    that has no more limbs than `places`, 8 at most, holds multiples of 2**-154, and those of w are of 2**-553.
    """
    w = np.ldexp(weights, -power)
    faint = (w < FAINT) & (weights != 0)
    if faint.any():
        t[:, faint], w[faint] = 0.0, 0.0
    out = np.empty((2 * len(t), t.shape[1]))
    rounded, error = out[: len(t)], out[len(t) :]
    with np.errstate(under="ignore"):
        two_product(t, w, rounded, error)
        np.multiply(error, 2.0**BITS, out=error)
    return out, np.flatnonzero(faint)


class _Sums:
    """Sums of products of limbs at `places` places, of columns (N, k) with others (2 N, k), in int64."""

    def __init__(self, size: int, places: int) -> None:
        self.places, self.runs = places, 0
        self._whole = np.zeros((places, size, places, 2 * size), dtype=np.int64)

    def add(self, left: Array, right: Array) -> Indices:
        """Add the products of all rows that have no more limbs, and return the others; the arrays are overwritten."""
        stack = np.empty((self.places * len(left), left.shape[1]))
        weighted = np.empty((self.places * len(right), left.shape[1]))
        layout, more = sliced(left, stack)
        other, longer = sliced(right, weighted)
        i, j = _places(layout), _places(other)
        stack, weighted = stack[: len(i[0])], weighted[: len(j[0])]
        if more.size or longer.size:
            more = np.union1d(more, longer)
            stack[:, more] = 0.0
        products = stack @ weighted.T
        products *= np.ldexp(1.0, WIDTH * (i[0][:, None] + j[0]))
        self._whole[i[0][:, None], i[1][:, None], j[0], j[1]] += products.astype(np.int64)
        return more

    @property
    def levels(self) -> Levels:
        """The sums as levels."""
        d = self.places
        levels = np.zeros((2 * d - 1, self._whole.shape[1], self._whole.shape[3]), dtype=np.int64)
        for p in range(d):
            levels[p : p + d] += self._whole[p].transpose(1, 0, 2)
        return levels


def _places(layout: Layout) -> tuple[Indices, Indices]:
    """For each row of a stack its place and its column."""
    return np.repeat(np.arange(len(layout)), [len(columns) for columns in layout]), np.concatenate(layout)
