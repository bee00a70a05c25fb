"""Tables of pandas, polars and pyarrow taken column by column, each in its own type: no library is imported here.

NumPy would bring a table to one type first, in which an integer beyond 2**53 beside a column of floats is rounded.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

EXACT_IN_FLOAT = 2**53


def columns_of(values: Any) -> list[Array] | None:
    """The columns of a table (m,) each, in the order of the table; None for what is no table of a known library."""
    if hasattr(values, "iloc") and hasattr(values, "dtypes") and getattr(values, "ndim", 0) == 2:  # pandas
        return [np.asarray(values.iloc[:, j]) for j in range(values.shape[1])]
    if hasattr(values, "get_columns"):  # polars
        return [np.asarray(column) for column in values.get_columns()]
    if hasattr(values, "itercolumns"):  # pyarrow
        return [np.asarray(column) for column in values.itercolumns()]
    return None


def exact_in_float64(column: Array) -> bool:
    """Whether float64 holds every number of a column, or of a whole array, exactly."""
    kind = column.dtype.kind
    if kind in "iu" and column.dtype.itemsize > 4 and column.size:
        if int(column.min()) >= -EXACT_IN_FLOAT and int(column.max()) <= EXACT_IN_FLOAT:
            return True
        rounded = column.astype(np.float64)
        # What is rounded up to a power of two beyond the type cannot be turned back, and is another number.
        if (rounded >= 2.0 ** (column.dtype.itemsize * 8 - (kind == "i"))).any():
            return False
        return bool((rounded.astype(column.dtype) == column).all())
    return kind in "biu" or (kind == "f" and column.dtype.itemsize <= 8)


def side_by_side(columns: Sequence[Array]) -> Array:
    """Columns (m,) as one array (m, n): of their type where that is one, of float64 where it holds all, else objects.

    Objects are Python's numbers, which are exact; a longdouble stays one.
    """
    if len({column.dtype for column in columns}) == 1:
        return np.stack(columns, axis=1)
    if all(map(exact_in_float64, columns)):
        return np.stack([column.astype(np.float64) for column in columns], axis=1)
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for j, column in enumerate(columns):
        table[:, j] = list(column) if column.dtype == np.longdouble else column.tolist()
    return table
