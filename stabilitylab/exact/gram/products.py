"""Gram matrices of planes of limbs of [A b], in float64 over runs of rows that are short enough for exact sums.

Every entry of a Gram matrix is at most the product of two column norms (Cauchy and Schwarz), and so is every partial
sum of it. Where columns of integers have norms of at most 2**26.5, all of these are integers of at most 2**53: float64
adds them in any order, on any number of threads, without rounding.
"""

from collections.abc import Callable, Sequence

import flint
import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.limbs import TERMS, WIDTH, Layout, Levels, limbs_of_integers
from stabilitylab.exact.gram.selftest import add_gram

PLACES = 3  # limbs for ordinary data: 66 bits, a double and 13 bits of spread below the typical size of its column
MOST_SUMS = 600  # sums of up to 2**53 that an int64 accumulates before it is handed on
WIDE = 90  # columns from which six rank-k updates of one plane cost less than one of all planes; measured


class Stacked:
    """Products of all planes with each other by one rank-k update: faster than many small ones for few columns.

    Exact over a run of rows in which columns of limbs have norms of at most 2**26.5: 2048 rows of limbs up to 2**21.
    """

    def __init__(self, size: int, layout: Layout) -> None:
        self.size, self.layout, self.runs = size, layout, 0
        places = np.repeat(np.arange(len(layout)), [len(columns) for columns in layout])
        self._units = np.ldexp(1.0, WIDTH * places)
        self._floats = np.zeros((len(places), len(places)))
        self._whole = np.zeros(self._floats.shape, dtype=np.int64)
        self._open = False

    def add(self, stack: Array) -> None:
        """Add the products of the rows of a stack, as `limbs.sliced` fills it, with the layout of these sums."""
        add_gram(stack, self._floats)
        self._open = True

    def settle(self) -> None:
        """End a run of rows: its float64 sums are added to int64."""
        if self._open:
            self._floats *= self._units
            self._floats *= self._units[:, None]
            self._whole += self._floats.astype(np.int64)
            self._floats.fill(0.0)
            self.runs, self._open = self.runs + 1, False

    def taken(self) -> Levels:
        """All settled sums as levels (2 d - 1, n + 1, n + 1), level s in units of 2**(-22 s), for d places.

        Only the upper triangles are meant.
        """
        d, size = len(self.layout), self.size
        levels = np.zeros((2 * d - 1, size, size), dtype=np.int64)
        if _is_full(self.layout, size):
            whole = self._whole.reshape(d, size, d, size)
            for p in range(d):
                levels[2 * p] += whole[p, :, p]
                both = whole[p, :, p + 1 :]
                levels[2 * p + 1 : p + d] += both.transpose(1, 0, 2) + both.transpose(1, 2, 0)
            return levels
        ends = np.cumsum([len(columns) for columns in self.layout])
        parts = [slice(end - len(columns), end) for end, columns in zip(ends, self.layout, strict=True)]
        for p, left in enumerate(self.layout):
            for q, right in enumerate(self.layout[p:], p):
                products = self._whole[parts[p], parts[q]]
                levels[p + q, left[:, None], right] += products
                if p < q:
                    levels[p + q, right[:, None], left] += products.T
        return levels


class Karatsuba:
    """D_p D_q' + D_q D_p' = (D_p + D_q)(D_p + D_q)' - D_p D_p' - D_q D_q': rank-k updates only, a third less work.

    Exact over a run of rows in which columns of limbs have norms of at most 2**25.5, so that sums of two have at most
    2**26.5. Every column must have limbs at every place.
    Source: Karatsuba and Ofman, Doklady Akad. Nauk SSSR 145 (1962) 293-294.
    """

    def __init__(self, size: int, layout: Layout) -> None:
        self.size, self.layout, self.runs = size, layout, 0
        d = len(layout)
        self._pairs = [(p, q) for p in range(d) for q in range(p, d)]
        self._floats = np.zeros((len(self._pairs), size, size))
        self._whole = np.zeros(self._floats.shape, dtype=np.int64)
        self._units = np.array([2.0 ** (2 * WIDTH * p) for p, _ in self._pairs])[:, None, None]
        self._both = np.empty((0, 0))
        self._open = False

    def add(self, stack: Array) -> None:
        """As `Stacked.add`."""
        planes = stack.reshape(len(self.layout), self.size, -1)
        if self._both.shape != planes.shape[1:]:
            self._both = np.empty(planes.shape[1:])
        for C, (p, q) in zip(self._floats, self._pairs, strict=True):
            plane = planes[p]
            if p < q:
                np.multiply(planes[q], 2.0 ** (WIDTH * (q - p)), out=self._both)
                plane = np.add(self._both, plane, out=self._both)
            add_gram(plane, C)
        self._open = True

    def settle(self) -> None:
        """As `Stacked.settle`."""
        if self._open:
            self._floats *= self._units
            self._whole += self._floats.astype(np.int64)
            self._floats.fill(0.0)
            self.runs, self._open = self.runs + 1, False

    def taken(self) -> Levels:
        """As `Stacked.taken`."""
        sums = dict(zip(self._pairs, self._whole, strict=True))
        levels = np.zeros((2 * len(self.layout) - 1, self.size, self.size), dtype=np.int64)
        for (p, q), C in sums.items():
            levels[p + q] += C if p == q else C - sums[p, p] - sums[q, q]
        return levels


class Products:
    """Sums of products of limbs of any layout, handed on as levels before an int64 could overflow.

    size: the columns of [A b]. give(levels, terms): called with levels (2 d - 1, n + 1, n + 1), level s in units of
    2**(-22 s), of which the upper triangles are meant, and with the number of sums of up to 2**53 in an entry.
    """

    def __init__(self, size: int, give: Callable[[Levels, int], None]) -> None:
        self.size, self._give = size, give
        self._sums: Stacked | Karatsuba | None = None

    def add(self, stack: Array, layout: Layout) -> None:
        """Add the products of the rows of a stack, as `limbs.sliced` fills it, with this layout."""
        sums = self._sums
        if sums is None:
            sums = self._begun(layout)
        elif not _covers(sums.layout, layout):
            self.finish()
            sums = self._begun(_united(sums.layout, layout))
        sums.add(_spread_out(stack, layout, sums.layout))

    def settle(self) -> None:
        """End a run of rows."""
        sums = self._sums
        if sums is not None:
            sums.settle()
            if len(sums.layout) * (sums.runs + 1) > MOST_SUMS:
                self.finish()
                self._begun(sums.layout)

    def finish(self) -> None:
        """Hand on all that has been added."""
        if self._sums is not None:
            self._sums.settle()
            self._give(self._sums.taken(), len(self._sums.layout) * self._sums.runs)
            self._sums = None

    def _begun(self, layout: Layout) -> Stacked | Karatsuba:
        kind = Karatsuba if self.size >= WIDE and _is_full(layout, self.size) else Stacked
        self._sums = kind(self.size, layout)
        return self._sums


def run_length(size: int) -> int:
    """The most rows of a run for `size` columns of [A b]: with the exponents of `unit_exponents`, sums are exact."""
    return TERMS // 4 if size >= WIDE else TERMS


def _is_full(layout: Layout, size: int) -> bool:
    return all(len(columns) == size for columns in layout)


def _covers(layout: Layout, other: Layout) -> bool:
    """Whether all columns with limbs at each place of the other have some here."""
    return len(layout) >= len(other) and all(
        len(mine) == len(layout[0]) or np.array_equal(mine, theirs) or bool(np.isin(theirs, mine).all())
        for mine, theirs in zip(layout, other, strict=False)
    )


def _united(layout: Layout, other: Layout) -> Layout:
    """The least layout that covers both."""
    longer, shorter = sorted((layout, other), key=len, reverse=True)
    return tuple(map(np.union1d, longer, shorter)) + longer[len(shorter) :]


def _spread_out(stack: Array, layout: Layout, wider: Layout) -> Array:
    """The limbs of a stack with one layout as a stack with a layout that covers it."""
    rows = sum(map(len, layout))
    if rows == sum(map(len, wider)):
        return stack[:rows]
    out = np.zeros((sum(map(len, wider)), stack.shape[1]))
    start = end = 0
    for columns, room in zip(layout, wider, strict=False):
        out[end + np.searchsorted(room, columns)] = stack[start : start + len(columns)]
        start, end = start + len(columns), end + len(room)
    return out


def products_with_rest(high: Array, rest: Array) -> Levels:
    """Levels of (H + T)(H + T)' - H H', for H given by the planes high and T by the planes rest after them.

    high (p, n + 1, k) and rest (r, n + 1, k), most significant first, k <= 2048 rows of [A b]. Level s of the result is
    in units of 2**(-22 s) of the first plane of high, squared.
    """
    size, count = high.shape[1], len(high)
    limbs = np.concatenate([high, rest])
    levels = np.zeros((2 * len(limbs) - 1, size, size), dtype=np.int64)
    for p in range(count, len(limbs)):
        # Few rows have many limbs.
        here = np.flatnonzero(limbs[p].any(axis=0))
        if here.size:
            rows = limbs[:, :, here]
            products = (rows[p] @ rows.reshape(-1, here.size).T).reshape(size, -1, size).astype(np.int64)
            levels[p : p + len(limbs)] += products.transpose(1, 0, 2)
            levels[p : p + count] += products[:, :count].transpose(1, 2, 0)
    return levels


def all_products(left: Sequence[Array], right: Sequence[Array]) -> Levels:
    """Level s is the sum over p + q = s of left[p] right[q]', exactly, for planes (n + 1, k) each, k <= 2048."""
    size = len(left[0])
    stacked = np.concatenate(right)
    levels = np.zeros((len(left) + len(right) - 1, size, size), dtype=np.int64)
    for p, plane in enumerate(left):
        products = (plane @ stacked.T).reshape(size, -1, size).astype(np.int64)
        levels[p : p + len(right)] += products.transpose(1, 0, 2)
    return levels


def long_products(columns: Array, count: int) -> tuple[int, Levels]:
    """C C' for C (n + 1, k) in Python integers, units of the last of `count` places: its first place, and its levels.

    Of the levels the upper triangles are meant. By FLINT, whose products of long integers take less than their square.
    """
    size = len(columns)
    W = flint.fmpz_mat(*columns.shape, columns.ravel().tolist())
    i, j = np.triu_indices(size)
    G = W * W.transpose()
    values = np.array([None, *(int(G[p, q]) for p, q in zip(i.tolist(), j.tolist(), strict=True))], dtype=object)[1:]
    total = -(-(max(map(abs, values.tolist())).bit_length() + 1) // WIDTH)
    levels = np.zeros((total, size, size), dtype=np.int64)
    levels[:, i, j] = limbs_of_integers(values, total)
    return 2 * (count - 1) - (total - 1), levels
