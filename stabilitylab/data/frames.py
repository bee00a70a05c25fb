"""Tables of pandas, polars, pyarrow and NumPy, and dicts: column by column, each in its own type, with its name.

NumPy would bring a table to one type first, in which an integer beyond 2**53 beside a column of floats is rounded. No
library is imported here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import ShapeError
from stabilitylab.data.index import labels_of_rows, refuse_misaligned
from stabilitylab.data.kinds import is_sparse
from stabilitylab.data.places import Places
from stabilitylab.data.series import column_array, is_series, label_text, name_of

EXACT_IN_FLOAT = 2**53


@dataclass(frozen=True, eq=False)
class Table:
    """Columns (m,) each, in the order of the table. names: one for each; () where the table has none."""

    columns: tuple[Array, ...]
    places: Places

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return len(self.columns[0]) if self.columns else 0, len(self.columns)


def table_of(values: Any, what: str) -> Table | None:
    """The columns of a table; None for what is no table of a known kind. what: what errors call it.

    Raises ShapeError for columns of different lengths, and the errors of `column_array`.
    """
    found = columns_of_table(values)
    if found is None:
        return None
    columns, names = found[0], _names(found[1])
    places = Places(what, names, labels_of_rows(values))
    table = Table(tuple(column_array(column, places, j) for j, column in enumerate(columns)), places)
    for j, column in enumerate(table.columns):
        if column.shape != table.columns[0].shape or column.ndim != 1:
            first = table.columns[0].shape
            raise ShapeError(
                f"{places.column(j)} has the shape {column.shape}, and {places.column(0)} {first}: give each column "
                "one number for each row"
            )
    return table


def names_of_columns(values: Any) -> tuple[str, ...]:
    """The names of the columns of a table, made distinct; () for what has none."""
    found = columns_of_table(values)
    return () if found is None else _names(found[1])


def _names(labels: Sequence[Any] | None) -> tuple[str, ...]:
    return () if labels is None else distinct(map(label_text, labels))


def columns_of_table(values: Any) -> tuple[list[Any], Sequence[Any] | None] | None:
    """The columns of a table as its library has them, and their names; None for what is no table."""
    if hasattr(values, "iloc") and hasattr(values, "dtypes") and getattr(values, "ndim", 0) == 2:  # pandas
        labels = getattr(values, "columns", None)
        return [values.iloc[:, j] for j in range(values.shape[1])], None if labels is None else list(labels)
    if hasattr(values, "get_columns"):  # polars
        return list(values.get_columns()), list(values.columns)
    if hasattr(values, "itercolumns"):  # pyarrow
        return list(values.itercolumns()), list(values.schema.names)
    if isinstance(values, np.ndarray) and values.dtype.names:
        return [np.asarray(values[name]) for name in values.dtype.names], values.dtype.names
    if isinstance(values, Mapping) and not is_sparse(values):  # as one format of scipy is
        first, *others = values or {"": None}
        for name in others:
            refuse_misaligned(values[first], values[name], f"column {name!r}", f"column {first!r}")
        return [v if is_series(v) else np.asarray(v) for v in values.values()], list(values)
    return None


def columns_with_names(b: Any, rows: int) -> Any:
    """A list of columns of pandas, polars or pyarrow as a dict of them; of as many as there are rows, they are rows."""
    if not (isinstance(b, list | tuple) and b and len(b) != rows and all(map(is_series, b))):
        return b
    return dict(zip(distinct([name_of(one) or f"b{k}" for k, one in enumerate(b)]), b, strict=True))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each of its own: "x" and "x (2)" where two are "x", a3 for the fourth where it is empty."""
    given = [name or f"a{j}" for j, name in enumerate(names)]
    found: dict[str, None] = {}
    for name in given:
        own, k = name, 1
        while own in found or (k > 1 and own in given):
            k += 1
            own = f"{name} ({k})"
        found[own] = None
    return tuple(found)


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
