"""Powers of two that bound the columns of [A b], and the columns in Python integers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.data.validation import refuse_not_finite

SAFE = 2.0**-900  # a scaled number of at least this has lost no bit to underflow
NONE = np.empty(0, dtype=np.int64)  # no rows
UNSEEN = -(1 << 20)  # stands for the exponent of a column of zeros, below that of every number


def unit_exponents(A: Array, b: Array, runs: Sequence[slice], rows: int) -> npt.NDArray[np.int64]:
    """E (n + 1,), integers with |column j of [A b] 2**-E_j|_2 < sqrt(rows) over each run of at most `rows` rows.

    A column of zeros has E = UNSEEN. Raises NotFiniteError.
    """
    squares, here = np.zeros(A.shape[1] + 1), np.empty(A.shape[1] + 1)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for run in runs:
            part, right = A[run], b[run]
            here[:-1] = np.einsum("ij,ij->j", part, part)
            here[-1] = right @ right
            np.maximum(squares, here, out=squares)
        # The sums are rounded, and the numbers will be, to integers of 21 bits: 2**-9 is far more than both.
        power = np.frexp(squares * ((1 + 2.0**-9) / rows))[1]
    exponents = -(-power.astype(np.int64) // 2)
    # Neither an overflow nor much of an underflow; no NaN.
    if not (squares.min() > 2.0**-900 and squares.max() < 2.0**900):
        columns = np.flatnonzero(~((squares > 2.0**-900) & (squares < 2.0**900)))
        exponents[columns] = _largest_exponents(A, b, columns)
    return exponents


def _largest_exponents(A: Array, b: Array, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """E with |a_ij| < 2**E_j for the largest entry of each of some columns of [A b]. Raises NotFiniteError."""
    n = A.shape[1]
    entries = (A[:, j] if j < n else b for j in columns)
    tops = np.array([max(column.max(), -column.min()) for column in entries])
    if not np.isfinite(tops).all():
        for name, values in (("A", A), ("b", b)):
            refuse_not_finite(values, name)
    return np.where(tops > 0, np.frexp(tops)[1], UNSEEN)


def integer_columns(A: Array, b: Array, of: Sequence[int]) -> tuple[Array, npt.NDArray[np.int64]]:
    """[A b]' in Python ints (N, k) and exponents e (N,): column p is row p times 2**e_p, exactly.

    of: for each column of A, and for b, the column of the result that it is added to.
    """
    columns = [as_integers(column) for column in (*A.T, b)]
    powers = [scale.numerator.bit_length() - scale.denominator.bit_length() for _, scale in columns]
    exponents = np.full(max(of) + 1, np.iinfo(np.int64).max)
    np.minimum.at(exponents, np.asarray(of), powers)
    out = np.zeros((len(exponents), len(b)), dtype=object)
    for p, (integers, _), power in zip(of, columns, powers, strict=True):
        out[p] += integers << (power - int(exponents[p]))
    return out, exponents


class Units:
    """Multiplication of the columns of [A b] by 2**(21 - E_j), exactly, in one buffer that is used again."""

    def __init__(self, exponents: npt.NDArray[np.int64]) -> None:
        power = np.where(exponents == UNSEEN, 0, 21 - exponents)
        # Powers of two beyond the range of float64 go in two steps. Below it too: the exponents of sums that were
        # restored can be larger than that of any number, and a factor rounded to 0 would lose rows unnoticed.
        first = np.clip(power, -1000, 1000)
        self._first = np.ldexp(1.0, first)
        self._then = np.ldexp(1.0, power - first)[:, None] if (power != first).any() else None
        self._t = np.empty((len(exponents), 0))

    def scaled(self, A: Array, b: Array) -> tuple[Array, npt.NDArray[np.int64]]:
        """t (n + 1, k), [A b]' times 2**(21 - E), valid until the next call, and rows that underflow, 0 in t."""
        if self._t.shape[1] != len(b):
            self._t = np.empty((len(self._first), len(b)))
        t = self._t
        try:
            # Scaling is exact unless it underflows, which the processor reports.
            with np.errstate(under="raise"):
                self._scale(A, b, t)
        except FloatingPointError:
            with np.errstate(under="ignore"):
                self._scale(A, b, t)
            lost = ((np.abs(t) < SAFE) & (np.column_stack([A, b]).T != 0)).any(axis=0)
            t[:, lost] = 0.0
            return t, np.flatnonzero(lost)
        return t, NONE

    def _scale(self, A: Array, b: Array, t: Array) -> None:
        # In the order of A first, as memory likes it; then transposed out of the cache.
        t[:-1] = np.multiply(A, self._first[:-1]).T
        np.multiply(b, self._first[-1], out=t[-1])
        if self._then is not None:
            t *= self._then


def in_runs(rows: slice, most: int) -> list[slice]:
    """The rows in runs of at most `most` and nearly equal length, so that room for them is made once or twice."""
    start, length = rows.start, rows.stop - rows.start
    count = -(-length // most)
    return [slice(start + length * k // count, start + length * (k + 1) // count) for k in range(count)]
