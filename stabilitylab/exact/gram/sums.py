"""The exact Gram matrix of [A b], summed block by block without rounding: order and threads do not matter."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.columns import UNSEEN, integer_columns, unit_exponents
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
from stabilitylab.exact.gram.products import PLACES, Products, all_products, products_with_rest, run_length
from stabilitylab.exact.gram.selftest import require_true_float64_blas

COLUMNS = 512  # rows of [A b] in one product of the slower kinds, for Python integers and for long numbers
MOST_PLACES = 8  # places that all rows are split into when many of them need as many
CACHED = 1 << 15  # numbers of [A b] that are split at a time, so that they stay in a cache with their limbs
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
        with blas_threads(min(len(b), most) * (PLACES * self.size) ** 2, A.size):
            self._feed(A, b, sign, most)

    def _feed(self, A: Array, b: Array, sign: int, most: int) -> None:
        runs = _parts(slice(0, len(b)), most)
        self._reach(unit_exponents(A, b, runs, most))
        units = _Units(self.exponents)
        stack = np.empty((0, 0))
        products = Products(self.size, lambda levels, terms: self._add(0, levels, terms, sign))
        tiny: list[slice] = []
        longer: list[tuple[Indices, int]] = []
        for run in runs:
            for rows in _parts(run, max(256, CACHED // self.size)):
                t = units.scaled(A[rows], b[rows])
                if t is None:
                    tiny.append(rows)
                    continue
                if stack.shape != (self.places * self.size, t.shape[1]):
                    stack = np.empty((self.places * self.size, t.shape[1]))
                layout, left = sliced(t, stack)
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
        for rows in tiny:
            self.feed_integers(*integer_columns(A[rows], b[rows]), sign=sign)
            self.rows -= sign * (rows.stop - rows.start)

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

    def _feed_rest(self, A: Array, b: Array, rows: Indices, places: int, units: "_Units", sign: int) -> None:
        """Add what some rows have beyond `places` places: its products with what is above, and with itself."""
        for part in _parts(slice(0, len(rows)), COLUMNS):
            t = units.scaled(A[rows[part]], b[rows[part]])
            assert t is not None, "these rows have been scaled before"
            limbs = limbs_of_floats(t)
            # The first plane may hold more than limbs: only the norms of its columns are bounded.
            high, rest = np.stack(carried(limbs[:places])), np.stack(limbs[places:])
            terms = 2 * (len(high) + len(rest))
            self._add(2 * (places - len(high)), products_with_rest(high, rest), terms, sign)

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
        self._carry()
        # An entry becomes 2**-d of itself: a places down, and up again by the r bits that are too much.
        down = shift[:, None] + shift[None, :]
        places = -(-down // WIDTH)
        lifted = self.levels << (places * WIDTH - down)
        count = len(lifted)
        self.levels = np.zeros((count + int(places.max()), *down.shape), dtype=np.int64)
        for a in np.unique(places):
            self.levels[a : a + count] += np.where(places == a, lifted, 0)
        self.load = 2


class _Units:
    """Multiplication of the columns of [A b] by 2**(21 - E_j), exactly, in one buffer that is used again."""

    def __init__(self, exponents: Indices) -> None:
        power = np.where(exponents == UNSEEN, 0, 21 - exponents)
        # Powers of two beyond the range of float64 go in two steps.
        first = np.minimum(power, 1000)
        self._first = np.ldexp(1.0, first)
        self._then = np.ldexp(1.0, power - first)[:, None] if power.max() > 1000 else None
        self._t = np.empty((len(exponents), 0))

    def scaled(self, A: Array, b: Array) -> Array | None:
        """t (n + 1, k), [A b]' times 2**(21 - E), valid until the next call; None where that would underflow."""
        if self._t.shape[1] != len(b):
            self._t = np.empty((len(self._first), len(b)))
        t = self._t
        try:
            # Scaling is exact unless it underflows, which the processor reports.
            with np.errstate(under="raise"):
                # In the order of A first, as memory likes it; then transposed out of the cache.
                t[:-1] = np.multiply(A, self._first[:-1]).T
                np.multiply(b, self._first[-1], out=t[-1])
                if self._then is not None:
                    t *= self._then
        except FloatingPointError:
            return None
        return t


def _parts(rows: slice, most: int) -> list[slice]:
    """The rows in runs of at most `most` and nearly equal length, so that room for them is made once or twice."""
    start, length = rows.start, rows.stop - rows.start
    count = -(-length // most)
    return [slice(start + length * k // count, start + length * (k + 1) // count) for k in range(count)]
