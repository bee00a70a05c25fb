"""The columns of [A b]: how large they are, and what they are in integers."""

import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array, as_integers
from stabilitylab.door import refuse_not_finite

UNSEEN = -(1 << 20)  # the exponent of a column of zeros
ROWS = 2048  # of A that stay in the cache for two looks at them


def largest_exponents(A: Array, b: Array) -> npt.NDArray[np.int64]:
    """The exponents of the largest entries of each column of [A b]. Raises NotFiniteError."""
    tops = np.zeros(A.shape[1] + 1)
    for start in range(0, len(b), ROWS):
        rows = A[start : start + ROWS]  # once through the cache for both
        tops[:-1] = np.maximum(tops[:-1], np.maximum(rows.max(axis=0), -rows.min(axis=0)))
    tops[-1] = max(b.max(), -b.min())
    if not np.isfinite(tops).all():
        for name, values in (("A", A), ("b", b)):
            refuse_not_finite(values, name)
    return np.where(tops > 0, np.frexp(tops)[1], UNSEEN)


def integer_columns(A: Array, b: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """[A b]' as Python ints (n + 1, k) and the exponents of two that go with the columns."""
    columns, exponents = [], []
    for column in (*A.T, b):
        integers, scale = as_integers(column)
        columns.append(integers)
        exponents.append(scale.numerator.bit_length() - scale.denominator.bit_length())
    return np.stack(columns), np.array(exponents, dtype=np.int64)
