"""Powers of two that bound the columns of [A b], and the columns in Python integers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.data.validation import refuse_not_finite

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


def integer_columns(A: Array, b: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """[A b]' in Python ints (n + 1, k) and exponents e (n + 1,): column j of [A b] is row j times 2**e_j, exactly."""
    columns, exponents = [], []
    for column in (*A.T, b):
        integers, scale = as_integers(column)
        columns.append(integers)
        exponents.append(scale.numerator.bit_length() - scale.denominator.bit_length())
    return np.stack(columns), np.array(exponents, dtype=np.int64)
