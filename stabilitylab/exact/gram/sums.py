"""The exact Gram matrix of [A b], summed block by block without rounding: order and threads do not matter."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.validation import refuse_not_finite
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.columns import NONE, UNSEEN, Units, in_runs, integer_columns, unit_exponents
from stabilitylab.exact.gram.folded import folded, largest_of_parts, mirrored, moved
from stabilitylab.exact.gram.limbs import (
    WIDTH,
    Indices,
    Levels,
    carried,
    integers,
    limbs_of_floats,
    limbs_of_integers,
    sliced,
    weighted,
)
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.products import (
    PLACES,
    WIDE,
    Products,
    all_products,
    long_products,
    products_with_rest,
    run_length,
)
from stabilitylab.exact.gram.scattered import BLOCKS, ROWS, scattered_sums, spread
from stabilitylab.exact.gram.selftest import require_true_float64_blas
from stabilitylab.exact.gram.weighted import WeightedSums, rows_at_a_time, weighted_sums

COLUMNS = 512  # rows of [A b] in one product of the slower kinds, for Python integers and for long numbers
MOST_PLACES = 8  # places that all rows are split into when many of them need as many
CACHED = 1 << 15  # numbers of [A b] that are split at a time, so that they stay in a cache with their limbs
WEIGHTED_PLACES = (3, 5, 8)  # that weighted rows are split into, those with more at the next; then Python integers
LONG = 24  # limbs of an integer from which FLINT multiplies faster than BLAS
CAPACITY = 900  # sums of up to 2**53 that an int64 level holds before its carries must be moved on


class GramSums:
    """[A b]'[A b] as an exact sum in int64 levels: entry (i, j) is sum_s level_s[i, j] 2**(-22 s) 2**(E_i + E_j - 42).

    levels (K, n + 1, n + 1) are those from s = first on; only their upper triangles are used. exponents E (n + 1,):
    columns are split in units of 2**(E_j - 21), which `unit_exponents` derives from the data and which only ever grow.
    load: how many sums of up to 2**53 an entry of a level may consist of. rows: rows added less rows taken away.
    size: n + 1, the columns of [A b].
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.exponents = np.full(size, UNSEEN, dtype=np.int64)
        self.first = 0
        self.levels: Levels = np.zeros((0, size, size), dtype=np.int64)
        self.load = 0
        self.rows = 0
        self.places = PLACES  # that rows are split into at first; what some need beyond follows

    # --- what is added

    def feed(self, A: Array, b: Array, sign: int = 1) -> None:
        """Add (or with sign -1 take away) float64 rows A (k, n), b (k,). Raises NotFiniteError, UntrustedBLASError."""
        require_true_float64_blas()
        most = run_length(self.size)
        columns = self.size if self.size >= WIDE else PLACES * self.size
        with blas_threads(min(len(b), most, self._rows_at_a_time) * columns**2, A.size):
            self._feed(A, b, sign, most)

    @property
    def _rows_at_a_time(self) -> int:
        """The rows of one product, few enough that they stay in a cache with their limbs."""
        return max(256, CACHED // self.size)

    def _feed(self, A: Array, b: Array, sign: int, most: int) -> None:
        runs = in_runs(slice(0, len(b)), most)
        self._reach(unit_exponents(A, b, runs, most))
        units = Units(self.exponents)
        stack = np.empty((0, 0))
        products = Products(self.size, lambda levels, terms: self._add(0, levels, terms, sign))
        scattered: list[Indices] = [NONE]
        longer: list[tuple[Indices, int]] = []
        for run in runs:
            for rows in in_runs(run, self._rows_at_a_time):
                t, lost = units.scaled(A[rows], b[rows])
                scattered.append(rows.start + lost)
                if stack.shape != (self.places * self.size, t.shape[1]):
                    stack = np.empty((self.places * self.size, t.shape[1]))
                layout, left = sliced(t, stack)
                if left.size:
                    wide = spread(A[rows][left], b[rows][left], self.exponents) > MOST_PLACES
                    stack[:, left[wide]] = 0.0
                    scattered.append(rows.start + left[wide])
                    left = left[~wide]
                products.add(stack, layout)
                if left.size:
                    longer.append((rows.start + left, self.places))
                    # Many of them are cheaper with a place more for all.
                    if 4 * left.size > t.shape[1] and self.places < MOST_PLACES:
                        self.places += 1
            products.settle()
        products.finish()
        for places in {places for _, places in longer}:
            these = np.concatenate([rows for rows, split in longer if split == places])
            self._feed_rest(A, b, these, places, units, sign)
        self.rows += sign * len(b)
        those = np.concatenate(scattered)
        if those.size:
            self._feed_scattered(A[those], b[those], sign)

    def feed_integers(self, columns: Array, exponents: Indices, weights: Array | None = None, sign: int = 1) -> None:
        """Add rows in Python ints, [A b]' = columns (n + 1, k) times 2**exponents (n + 1,), each `weights` times.

        weights (k,): Fractions of 0 or more over powers of two; rows of weight 0 are not counted in `rows`.
        """
        largest = [max(map(abs, column.tolist()), default=0).bit_length() for column in columns]
        self._reach(np.array([bits + e if bits else UNSEEN for bits, e in zip(largest, exponents, strict=True)]))
        seen = np.where(self.exponents == UNSEEN, exponents + 21, self.exponents)
        below = seen - 21 - exponents
        count = 1 + max(0, int(-(-below.max() // WIDTH)))
        shifts = (count - 1) * WIDTH - below
        shifted = np.stack([column << int(s) for column, s in zip(columns, shifts, strict=True)])
        if weights is None and count > LONG:
            self._add(*long_products(shifted, count), 1, sign)
            self.rows += sign * columns.shape[1]
            return
        with blas_threads(2 * COLUMNS * count * self.size**2, columns.size):
            for start in range(0, columns.shape[1], COLUMNS):
                rows = slice(start, start + COLUMNS)
                planes = limbs_of_integers(shifted[:, rows], count)
                right, ahead = (planes, 0) if weights is None else weighted(planes, weights[rows])
                self._add(-ahead, all_products(planes, right), min(len(planes), len(right)), sign)
        if weights is None:
            self.rows += sign * columns.shape[1]
        else:
            self.rows += sign * int(np.count_nonzero(weights))

    def feed_parts(self, A: Array, b: Array, of: Sequence[int], weights: Array | None = None, sign: int = 1) -> None:
        """Add rows given by float64 columns [A b], of which those with the same number in `of` are to be added up.

        A (k, N - 1), b (k,), of (N,); weights (k,): float64, 0 or more; rows of weight 0 are not counted in `rows`.
        Raises NotFiniteError, UntrustedBLASError, and then leaves the sums as they were.
        """
        require_true_float64_blas()
        if weights is None:
            parts = GramSums(len(of))
            parts.feed(A, b)
            self._fold_symmetric(parts, of, sign)
            self.rows += sign * len(b)
            return
        found: list[WeightedSums] = []
        left = np.arange(len(b))
        with blas_threads(4 * min(len(b), rows_at_a_time(len(of))) * (PLACES * len(of)) ** 2, A.size):
            for places in WEIGHTED_PLACES:
                rows = slice(None) if len(left) == len(b) else left
                found += weighted_sums(A[rows], b[rows], weights[rows], places)
                left = left[found[-1].left]
                if not len(left):
                    break
        longest = GramSums(len(of))
        if len(left):
            for name, values in (("A", A), ("b", b)):
                refuse_not_finite(values, name)
            exact = np.array([None, *map(Fraction, weights[left].tolist())], dtype=object)[1:]
            longest.feed_integers(*integer_columns(A[left], b[left], range(len(of))), exact)
        for one in found:
            self._fold(one.levels, 0, (one.exponents, one.products), (of, (*of, *of)), one.power, sign)
        self._fold_symmetric(longest, of, sign)
        self.rows += sign * int(np.count_nonzero(weights))

    def merge(self, other: "GramSums") -> None:
        """Add the sums of another of the same size, which stays as it is."""
        self._reach(other.exponents)
        theirs = other.copy()
        theirs._reach(self.exponents)
        self._add(theirs.first, theirs.levels, theirs.load)
        self.rows += other.rows

    def rescale(self, factors: Sequence[int], weight: int) -> None:
        """Multiply column j of [A b] by factors[j] > 0, and each row's weight by weight > 0, exactly."""
        if not len(self.levels):
            return
        i, j = np.triu_indices(self.size)
        values = np.empty(len(i), dtype=object)
        scaled = zip(integers(self.levels[:, i, j]), i.tolist(), j.tolist(), strict=True)
        values[:] = [value * (factors[p] * factors[q] * weight) for value, p, q in scaled]
        count = -(-(max(map(abs, values.tolist())).bit_length() + 1) // WIDTH)
        levels = np.zeros((count, self.size, self.size), dtype=np.int64)
        levels[:, i, j] = limbs_of_integers(values, count)
        # The last level keeps its place.
        self.first, self.levels = self.first + len(self.levels) - count, levels
        self.load = 1

    def copy(self) -> "GramSums":
        """The same sums, to be changed without changing these."""
        twin = GramSums(self.size)
        twin.exponents = self.exponents.copy()
        twin.first, twin.levels = self.first, self.levels.copy()
        twin.load, twin.rows = self.load, self.rows
        return twin

    @classmethod
    def restored(cls, limbs: Levels, exponents: Indices, rows: int) -> "GramSums":
        """The sums whose normal equations have these `limbs`, exponents and rows."""
        sums = cls(len(exponents))
        if limbs.any():
            # The exponents of normal equations go with the last plane.
            sums.exponents = exponents + 21 + 11 * (len(limbs) - 1)
            sums.levels, sums.load = limbs.copy(), 1
        sums.rows = rows
        return sums

    # --- what comes out

    def normal_equations(
        self, scales: tuple[Fraction, ...] | None = None, weight_unit: Fraction = Fraction(1)
    ) -> NormalEquations:
        """The sums so far, for columns in units of scales and weights in weight_unit.

        The numbers that they stand for do not depend on the order of blocks; how they are split into levels may.
        """
        exponents = np.where(self.exponents == UNSEEN, 0, self.exponents) - 21
        levels = self.levels.copy() if len(self.levels) else np.zeros((1, self.size, self.size), dtype=np.int64)
        # The last level has the weight 2**(-22 last) in units of both columns: half of it goes to each.
        last = self.first + len(levels) - 1
        return NormalEquations(levels, exponents - 11 * last, self.rows, scales, weight_unit)

    # --- how it is done

    def _feed_rest(self, A: Array, b: Array, rows: Indices, places: int, units: "Units", sign: int) -> None:
        """Add what some rows have beyond `places` places: its products with what is above, and with itself."""
        for part in in_runs(slice(0, len(rows)), COLUMNS):
            t, lost = units.scaled(A[rows[part]], b[rows[part]])
            assert not lost.size, "these rows have been scaled before"
            limbs = limbs_of_floats(t)
            # The first plane may hold more than limbs: only the norms of its columns are bounded.
            high, rest = np.stack(carried(limbs[:places])), np.stack(limbs[places:])
            terms = 2 * (len(high) + len(rest))
            self._add(2 * (places - len(high)), products_with_rest(high, rest), terms, sign)

    def _feed_scattered(self, A: Array, b: Array, sign: int) -> None:
        """Add rows whose numbers differ by more than MOST_PLACES places in a column, or underflow when scaled."""
        every = range(self.size)
        one = np.where(self.exponents == UNSEEN, UNSEEN, 21)
        for rows in in_runs(slice(0, len(b)), ROWS * BLOCKS):
            levels, first = scattered_sums(A[rows], b[rows])
            whole, start, _ = folded(mirrored(levels), (one, one), (every, every), self.exponents)
            self._add(first + start, whole, 1, sign)

    def _fold_symmetric(self, parts: "GramSums", of: Sequence[int], sign: int) -> None:
        """Add the sums of parts of these columns: see `folded`."""
        if len(parts.levels):
            e = parts.exponents
            self._fold(mirrored(parts.levels), parts.first, (e, e), (of, of), 0, sign)

    def _fold(
        self,
        levels: Levels,
        first: int,
        exponents: tuple[Indices, Indices],
        of: tuple[Sequence[int], Sequence[int]],
        up: int,
        sign: int,
    ) -> None:
        self._reach(np.maximum(*(largest_of_parts(e, own, self.size) for e, own in zip(exponents, of, strict=True))))
        whole, start, count = folded(levels, exponents, of, self.exponents, up)
        self._add(first + start, whole, -(-count // 512), sign)

    def _add(self, first: int, levels: Levels, terms: int, sign: int = 1) -> None:
        """Add levels, those from s = first on, each entry of which is at most `terms` sums of up to 2**53."""
        self._make_room(terms)
        if not len(self.levels):
            self.first, self.levels = first, sign * levels
            return
        before = max(0, self.first - first)
        after = max(0, first + len(levels) - self.first - len(self.levels))
        if before or after:
            grown = np.zeros((before + len(self.levels) + after, *self.levels.shape[1:]), dtype=np.int64)
            grown[before : before + len(self.levels)] = self.levels
            self.first, self.levels = self.first - before, grown
        here = self.levels[first - self.first : first - self.first + len(levels)]
        if sign > 0:
            here += levels
        else:
            here -= levels

    def _make_room(self, terms: int) -> None:
        """Move carries on if `terms` more sums of up to 2**53 could overflow an int64."""
        if self.load + terms > CAPACITY:
            self._carry()
        self.load += terms

    def _carry(self) -> None:
        """Move carries on, which leaves planes of limbs."""
        if len(self.levels):
            limbs = np.array(carried(list(self.levels)))
            self.first -= len(limbs) - len(self.levels)
            self.levels = limbs
        self.load = 1

    def _reach(self, exponents: Indices) -> None:
        """Raise the exponents to at least these, and express the sums in the new units, exactly."""
        before, self.exponents = self.exponents, np.maximum(self.exponents, exponents)
        if not len(self.levels):
            return
        shift = np.where(before == UNSEEN, 0, self.exponents - before)
        if not shift.any():
            return
        self.levels, first = moved(self.levels, shift[:, None] + shift[None, :])
        self.first += first
        self.load = 1
