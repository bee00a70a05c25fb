"""The exact Gram matrix of [A b], row block by row block: without error, so that order and threads do not matter."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dsyrk

from stabilitylab.arithmetic.formats import Array
from stabilitylab.exact.columns import UNSEEN, integer_columns, largest_exponents
from stabilitylab.exact.digits import (
    TERMS,
    WIDTH,
    Levels,
    carried,
    digits_of_floats,
    digits_of_integers,
    sliced,
    weighted,
)
from stabilitylab.exact.normal import NormalEquations
from stabilitylab.exact.selftest import require_true_float64_blas

COLUMNS = 512  # rows of A that are sliced at a time: three digit planes of 50 columns fit a level-2 cache
PLANES = 3  # digits of the common case: 66 bits, a double and 13 bits of spread below the largest of its column
CAPACITY = 900  # sums of 2**53 that an int64 level can take before its carries must be moved on


class GramSums:
    """[A b]'[A b] as exact sums of integers: sum over s of levels[s] 2**(-22 s), for columns in units 2**(E_j - 21).

    E_j is the exponent of the largest entry of column j met so far. Only the upper triangle of a level is used.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.exponents = np.full(size, UNSEEN, dtype=np.int64)
        self.levels: dict[int, Levels] = {}
        self.load = 0
        self.rows = 0

    # --- what is added

    def feed(self, A: Array, b: Array, sign: int = 1) -> None:
        """Add (or with sign -1 take away) float64 rows A (k, n), b (k,). Raises NotFiniteError."""
        require_true_float64_blas()
        self._reach(largest_exponents(A, b))
        products = _Products(self, sign)
        count = max(1, -(-len(b) // COLUMNS))
        for k in range(count):
            # Chunks of equal length, so that the work space is made once or twice.
            rows = slice(len(b) * k // count, len(b) * (k + 1) // count)
            t = self._scaled(A[rows], b[rows], products.workspace(rows.stop - rows.start))
            if t is None:
                products.flush()
                self.feed_integers(*integer_columns(A[rows], b[rows]), sign=sign)
                self.rows -= sign * (rows.stop - rows.start)
            else:
                products.add(t)
        products.flush()
        self.rows += sign * len(b)

    def feed_integers(
        self, columns: Array, exponents: npt.NDArray[np.int64], weights: Array | None = None, sign: int = 1
    ) -> None:
        """Add rows given as Python ints: columns (n + 1, k) times 2**exponents (n + 1,), each row `weights` times."""
        largest = [max(map(abs, column.tolist()), default=0).bit_length() for column in columns]
        self._reach(np.array([bits + e if bits else UNSEEN for bits, e in zip(largest, exponents, strict=True)]))
        seen = np.where(self.exponents == UNSEEN, exponents + 21, self.exponents)
        below = seen - 21 - exponents
        count = 1 + max(0, int(-(-below.max() // WIDTH)))
        shifts = (count - 1) * WIDTH - below
        shifted = np.stack([column << int(s) for column, s in zip(columns, shifts, strict=True)])
        for start in range(0, columns.shape[1], COLUMNS):
            rows = slice(start, start + COLUMNS)
            planes = digits_of_integers(shifted[:, rows], count)
            if weights is None:
                self._cross(planes, planes, 0, sign)
            else:
                self._cross(planes, *weighted(planes, weights[rows]), sign)
        if weights is None:
            self.rows += sign * columns.shape[1]
        else:
            self.rows += sign * int(np.count_nonzero(weights))

    def merge(self, other: "GramSums") -> None:
        """Add all that another has been given."""
        self._reach(other.exponents)
        theirs = other.copy()
        theirs._reach(self.exponents)
        self._make_room(theirs.load)
        for s, level in theirs.levels.items():
            self._level(s)[...] += level
        self.rows += other.rows

    def copy(self) -> "GramSums":
        """The same sums, to be changed without changing these."""
        twin = GramSums(self.size)
        twin.exponents = self.exponents.copy()
        twin.levels = {s: level.copy() for s, level in self.levels.items()}
        twin.load, twin.rows = self.load, self.rows
        return twin

    @classmethod
    def restored(cls, digits: Levels, exponents: npt.NDArray[np.int64], rows: int) -> "GramSums":
        """The sums that gave these normal equations."""
        sums = cls(len(exponents))
        if digits.any():
            # The exponents of normal equations are those of the units of the last digit.
            sums.exponents = exponents + 21 + 11 * (len(digits) - 1)
            sums.levels = {s: level.copy() for s, level in enumerate(digits)}
            sums.load = 1
        sums.rows = rows
        return sums

    # --- what comes out

    def normal_equations(
        self, scales: tuple[Fraction, ...] | None = None, weight_unit: Fraction = Fraction(1)
    ) -> NormalEquations:
        """The sums as they are. The numbers they stand for do not depend on how they were added up."""
        exponents = np.where(self.exponents == UNSEEN, 0, self.exponents) - 21
        first, last = min(self.levels, default=0), max(self.levels, default=0)
        levels = np.array([self._level(s) for s in range(first, last + 1)])
        # The last level has the weight 2**(-22 last) in units of both columns: half of it goes to each.
        return NormalEquations(levels, exponents - 11 * last, self.rows, scales, weight_unit)

    # --- how it is done

    def _scaled(self, A: Array, b: Array, t: Array) -> Array | None:
        """t = [A b]' (n + 1, k) in units of the columns, exactly; None when that would underflow."""
        n = self.size - 1
        power = np.where(self.exponents == UNSEEN, 0, 21 - self.exponents)
        # Powers of two beyond the range of float64 go in two steps.
        first = np.minimum(power, 1000)
        scale = np.ldexp(1.0, first)[:, None]
        try:
            # Scaling is exact unless it underflows, which the processor reports.
            with np.errstate(under="raise"):
                np.multiply(A.T, scale[:n], out=t[:n])
                np.multiply(b, scale[n, 0], out=t[n])
                if (power > first).any():
                    t *= np.ldexp(1.0, power - first)[:, None]
        except FloatingPointError:
            return None
        return t

    def _cross(self, left: Sequence[Array], right: Sequence[Array], ahead: int, sign: int) -> None:
        """Add the products of all digit planes; right[0] stands `ahead` places before left[0]."""
        stacked = np.concatenate(right)
        self._make_room(min(len(left), len(right)))
        for p, plane in enumerate(left):
            products = (plane @ stacked.T).reshape(self.size, len(right), self.size)
            for q in range(len(right)):
                self._level(p + q - ahead)[...] += products[:, q].astype(np.int64) * sign

    def _level(self, s: int) -> Levels:
        if s not in self.levels:
            self.levels[s] = np.zeros((self.size, self.size), dtype=np.int64)
        return self.levels[s]

    def _make_room(self, terms: int) -> None:
        """Move carries on before `terms` sums of 2**53 more would overflow."""
        if self.load + terms > CAPACITY:
            last, digits = self._carried()
            self.levels = {last - k: digit for k, digit in enumerate(digits[::-1])}
            self.load = 1
        self.load += terms

    def _carried(self) -> tuple[int, Levels]:
        """The levels with carries moved on, most significant first, and the index of the last."""
        if not self.levels:
            return 0, np.zeros((1, self.size, self.size), dtype=np.int64)
        last = max(self.levels)
        return last, np.array(carried([self._level(s) for s in range(min(self.levels), last + 1)]))

    def _reach(self, exponents: npt.NDArray[np.int64]) -> None:
        """Raise the columns' exponents to these where they are lower, and bring the sums into the new units."""
        raised = np.maximum(self.exponents, exponents)
        shift = np.where(self.exponents == UNSEEN, 0, raised - self.exponents)
        self.exponents = raised
        if not shift.any() or not self.levels:
            return
        last, digits = self._carried()
        # An entry becomes 2**-d of itself: a places down, and up again by the r bits that are too much.
        down = shift[:, None] + shift[None, :]
        places = -(-down // WIDTH)
        lifted = digits << (places * WIDTH - down)
        self.levels, self.load = {}, 2
        for a in np.unique(places):
            here = places == a
            for k, digit in enumerate(lifted[::-1]):
                self._level(last - k + int(a))[here] += digit[here]


class _Products:
    """Sums of the products of three digit planes, held in float64 as long as they are exact: 2048 rows.

    What rows have below the planes is put aside until there are enough of them to be worth a product of their own.
    """

    def __init__(self, sums: GramSums, sign: int) -> None:
        self.sums, self.sign, self.terms = sums, sign, 0
        self.C: Array | None = None
        self.t = np.empty((0, 0))
        self.planes = np.empty((0, 0, 0))
        self.aside: list[tuple[Array, Array]] = []
        self.rows_aside = 0

    def workspace(self, k: int) -> Array:
        """Room for k rows of [A b], as columns (n + 1, k)."""
        if self.t.shape[1] != k:
            self.t = np.empty((self.sums.size, k))
        return self.t

    def add(self, t: Array) -> None:
        """Add the Gram matrix of the columns of t (n + 1, k), |t| <= 2**21; t is destroyed."""
        size, k = t.shape
        if self.planes.shape[2] != k:
            self.planes = np.empty((PLANES, size, k))
        d = sliced(t, self.planes)
        self._multiply(self.planes[:d])
        if d == PLANES:
            left = np.flatnonzero(t.any(axis=0))
            if left.size:
                self.aside.append((self.planes[:, :, left], t[:, left]))
                self.rows_aside += left.size
                if self.rows_aside >= COLUMNS:
                    self._take_up()

    def _take_up(self) -> None:
        """Add the products of what was put aside with the planes of its rows, and with itself."""
        if not self.aside:
            return
        units = np.ldexp(1.0, WIDTH * np.arange(PLANES))
        high = np.concatenate([planes for planes, _ in self.aside], axis=2) * units[:, None, None]
        low = np.stack(digits_of_floats(np.concatenate([t for _, t in self.aside], axis=1) * 2.0 ** (WIDTH * PLANES)))
        self.aside, self.rows_aside = [], 0
        digits = np.concatenate([high, low])
        size = self.sums.size
        for start in range(0, digits.shape[2], COLUMNS):
            rows = digits[:, :, start : start + COLUMNS]
            self.sums._make_room(2 * len(digits))
            for p in range(PLANES, len(digits)):
                # Few rows have many digits.
                here = np.flatnonzero(rows[p].any(axis=0))
                if not here.size:
                    continue
                products = (rows[p][:, here] @ rows[:, :, here].reshape(-1, here.size).T).reshape(size, -1, size)
                for q in range(len(digits)):
                    whole = products[:, q].astype(np.int64) * self.sign
                    level = self.sums._level(p + q)
                    level += whole
                    if q < PLANES:
                        level += whole.T

    def _multiply(self, planes: Array) -> None:
        """Add the products of all pairs of planes (d, n + 1, k), by one rank-k update of a symmetric matrix."""
        d, size, k = planes.shape
        if self.C is not None and (len(self.C) != d * size or self.terms + k > TERMS):
            self._move_on()
        if self.C is None:
            self.C = np.zeros((d * size, d * size), order="F")
        self.C = dsyrk(1.0, planes.reshape(d * size, k).T, beta=1.0, c=self.C, trans=1, overwrite_c=1)
        self.terms += k

    def _move_on(self) -> None:
        """Move the sums on into the integer levels."""
        if self.C is None:
            return
        size = self.sums.size
        d = len(self.C) // size
        self.sums._make_room(d)
        places = np.arange(d)
        units = self.sign * np.ldexp(1.0, WIDTH * (places[:, None] + places))
        # blocks[p, :, q] are the products of planes p and q, integers now; p <= q are there.
        blocks = (self.C.T.reshape(d, size, d, size) * units[:, None, :, None]).astype(np.int64)
        for p in range(d):
            for q in range(p, d):
                level = self.sums._level(p + q)
                level += blocks[q, :, p].T
                if p < q:
                    level += blocks[q, :, p]
        self.C, self.terms = None, 0

    def flush(self) -> None:
        """Bring everything into the integer levels: before the units change, and at the end."""
        self._move_on()
        self._take_up()
