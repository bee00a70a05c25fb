"""The columns of tables of pandas, polars and pyarrow, of dicts and of arrays, each in its own type, and its gaps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import ComplexError, InputError, NotNumericError, ShapeError
from stabilitylab.data.frames import columns_of_table
from stabilitylab.data.index import labels_of_rows, refuse_misaligned
from stabilitylab.data.kinds import as_numpy, is_sparse, refuse_no_numbers
from stabilitylab.data.series import is_of_pandas, is_of_polars, is_of_pyarrow, is_series, label_text
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.values import ValueColumn

LARGEST = 2**27  # entries of a sparse array that is written out
OBJECTS = (
    *("int128", "uint128", "decimal", "bool", "string", "large_string", "categorical", "enum", "dictionary"),
    *("time32", "time64", "object", "binary", "large_binary", "list", "large_list", "struct", "array", "null"),
)
CATEGORIES = ("category", "categorical", "enum", "dictionary")


def given_columns(data: Any, source: str = "") -> tuple[list[ValueColumn], Rows]:
    """The columns of a table in memory, and its rows. source: the file that it is out of, if any.

    Raises ShapeError for columns of different lengths and for what is no table; ComplexError and NotNumericError for
    what holds no numbers, moments or texts.
    """
    if not isinstance(data, Mapping) or is_sparse(data):
        refuse_no_numbers(data, "data")
    if is_series(data):
        raise ShapeError("data must be a table; got one column: pass a table, as .to_frame() gives")
    pairs = _pairs(data)
    columns = [_column(name, values) for name, values in pairs]
    for column in columns:
        if column.values.ndim != 1:
            raise ShapeError(f"column {column.name!r} has the shape {column.values.shape}: give its columns one by one")
        if len(column.values) != len(columns[0].values):
            raise ShapeError(
                f"column {column.name!r} has {len(column.values)} values, and column {columns[0].name!r} "
                f"{len(columns[0].values)}: give each column one value for each row"
            )
    m = len(columns[0].values) if columns else 0
    labels = None if is_sparse(data) else labels_of_rows(data)
    return columns, Rows(range(m), "row", source, labels)


def _pairs(data: Any) -> list[tuple[str, Any]]:
    """The columns of a table by their names, as its library has them."""
    if is_sparse(data):
        return _of_matrix(_dense(data))
    if isinstance(data, Mapping):
        first, *others = data or {"": None}
        for name in others:
            refuse_misaligned(data[first], data[name], f"column {name!r}", f"column {first!r}")
        return [(label_text(name), values) for name, values in data.items()]
    found = columns_of_table(data)
    if found is None:
        return _of_matrix(_matrix(data))
    columns, names = found
    names = [f"a{j}" for j in range(len(columns))] if names is None else names
    return [(label_text(name), column) for name, column in zip(names, columns, strict=True)]


def _of_matrix(matrix: Array) -> list[tuple[str, Any]]:
    if matrix.dtype.kind == "c":
        raise ComplexError("data are complex: give real and imaginary parts as columns of their own")
    if matrix.ndim != 2:
        way = ": pass data.reshape(-1, 1) for a single column" if matrix.ndim == 1 else ""
        raise ShapeError(f"data must have the shape (m, n); got {matrix.shape}{way}")
    return [(f"a{j}", matrix[:, j]) for j in range(matrix.shape[1])]


def _matrix(data: Any) -> Array:
    if isinstance(data, np.ma.MaskedArray):
        return data
    if isinstance(data, Sequence) and data and all(isinstance(row, Mapping) for row in data):
        raise NotNumericError(
            "data is a list of dicts: pass a dict of columns, {name: values}, or pandas.DataFrame(data)"
        )
    if isinstance(data, list | tuple):
        widths = {len(row) if isinstance(row, Sequence) and not isinstance(row, str) else -1 for row in data}
        if len(widths) == 1 and widths != {-1}:
            # Of objects: NumPy would bring an integer beyond 2**53 beside a float to a float.
            return _objects(data)
    array = as_numpy(data, "data")
    if array.dtype.kind in "UO" and array.ndim == 0:
        raise NotNumericError(
            f"data must be a table; got a {type(data).__name__}: pass a file, a frame or an array (m, n)"
        )
    return array


def _objects(rows: Sequence[Sequence[Any]]) -> Array:
    matrix = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            matrix[i, j] = entry
    return matrix


def _dense(data: Any) -> Array:
    """A sparse array written out. Raises InputError for a large one, and for entries stored twice, whose sum rounds."""
    if data.ndim != 2 or np.prod([float(k) for k in data.shape]) > LARGEST:
        raise InputError(
            f"data is sparse of shape {data.shape}, too large to be written out here: fit it as it is, sl.lstsq(A, b)"
        )
    entries = data.tocoo()
    if data.dtype.kind == "f" and len(set(zip(*(k.tolist() for k in entries.coords), strict=True))) != entries.nnz:
        raise NotNumericError(
            "data is sparse with an entry that is stored twice, whose sum is rounded: call data.sum_duplicates() first"
        )
    return np.asarray(data.toarray())


def _column(name: str, values: Any) -> ValueColumn:
    """One column with its gaps."""
    dtype = getattr(values, "dtype", None) or getattr(values, "type", None)
    kind = str(dtype).lower()
    categories = is_series(values) and kind.startswith(CATEGORIES)
    zone = "[" in kind and ("timestamp" in kind or "datetime" in kind) and (", " in kind or "tz=" in kind)
    if is_of_pandas(values):
        gaps = np.asarray(values.isna(), dtype=bool)
        return filled(name, _pandas_present(values, gaps, categories), gaps, categories, zone)
    if is_of_polars(values):
        gaps = values.is_null().to_numpy()
        return filled(name, _polars_present(values.drop_nulls(), kind), gaps, categories, _has_zone(dtype))
    if is_of_pyarrow(values):
        gaps = np.asarray(values.is_null())
        return filled(name, _arrow_present(values.drop_null(), kind), gaps, categories, "tz=" in kind)
    return _plain_column(name, values)


def _has_zone(dtype: Any) -> bool:
    return getattr(dtype, "time_zone", None) is not None


def _plain_column(name: str, values: Any) -> ValueColumn:
    """A column of an array, masked or not, or a list."""
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if isinstance(values, np.ndarray):
        array = np.asarray(values)
    elif hasattr(values, "__array__") or hasattr(values, "__dlpack__"):
        array = as_numpy(values, f"column {name!r}")
    elif not isinstance(values, Sequence) or isinstance(values, str | bytes):
        came = type(values).__name__
        raise ShapeError(f"column {name!r} is of the type {came}: give it one value for each row, in a list")
    else:
        entries = list(values)
        array = objects([None if entry is np.ma.masked else entry for entry in entries])
    if array.ndim != 1:
        return ValueColumn(name, array, np.zeros(len(array) if array.ndim else 0, dtype=bool))
    gaps = np.zeros(len(array), dtype=bool) if mask is None else mask
    return filled(name, array[~gaps], gaps)


def filled(
    name: str, present: Array, gaps: Array | None = None, labels: bool = False, zone: bool = False
) -> ValueColumn:
    """The column of which the values without gaps are `present`; NaN, NaT and None among these are gaps as well.

    labels, zone: as `ValueColumn` has them.
    """
    gaps = np.zeros(len(present), dtype=bool) if gaps is None else gaps
    more = _none_among(present)
    if more.any():
        gaps = gaps.copy()
        gaps[np.flatnonzero(~gaps)[more]] = True
        present = present[~more]
    if not gaps.any():
        return ValueColumn(name, present, gaps, labels, zone)
    values = np.empty(len(gaps), dtype=present.dtype)
    if len(present):
        values[:] = present[0]
        values[~gaps] = present
    return ValueColumn(name, values, gaps, labels, zone)


def _none_among(values: Array) -> Array:
    """Which values say that there is none (m,) bool."""
    kind = values.dtype.kind
    if kind == "f":
        return np.isnan(values)
    if kind in "mM":
        return np.isnat(values)
    if kind != "O":
        return np.zeros(len(values), dtype=bool)
    return np.fromiter((_is_none(value) for value in values.tolist()), bool, len(values))


def _is_none(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    if hasattr(value, "is_nan"):  # of Decimal, whose signalling NaN cannot be compared
        return bool(value.is_nan())
    return isinstance(value, float | np.floating) and bool(value != value)


def _pandas_present(values: Any, gaps: Array, categories: bool) -> Array:
    present = values[~gaps] if gaps.any() else values
    dtype = present.dtype
    if categories:
        levels = np.asarray(dtype.categories, dtype=object)
        chosen: Array = levels[np.asarray(present.cat.codes)]
        return chosen
    if isinstance(dtype, np.dtype):
        return np.asarray(present)
    kind = getattr(dtype, "kind", "O")
    if kind == "M":
        return _pandas_moments(present)
    if kind in "biufm":
        # Without its own type a masked column comes as objects, or as floats; a sparse one has no such type.
        return np.asarray(present if (own := getattr(dtype, "numpy_dtype", None)) is None else present.to_numpy(own))
    return _periods(values.name, present)


def _pandas_moments(present: Any) -> Array:
    if getattr(present.dt, "tz", None) is not None:
        present = present.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(present.to_numpy(dtype=f"datetime64[{getattr(present.dt, 'unit', 'ns')}]"))


def _periods(name: Any, present: Any) -> Array:
    kind = str(present.dtype).lower()
    if kind.startswith(("period", "interval")):
        raise NotNumericError(
            f"column {label_text(name)!r} holds {kind.split('[')[0]}s: pass their beginnings, .dt.start_time of periods"
        )
    return objects(present.tolist())


def _polars_present(present: Any, kind: str) -> Array:
    if kind.startswith("datetime") and _has_zone(present.dtype):
        present = present.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return objects(present.to_list()) if _of_objects(kind) else np.asarray(present.to_numpy())


def _arrow_present(present: Any, kind: str) -> Array:
    return objects(present.to_pylist()) if _of_objects(kind) else np.asarray(present.to_numpy())


def _of_objects(kind: str) -> bool:
    """Whether the cells of a type of polars or pyarrow are taken as Python's objects: NumPy has no such type."""
    return kind.startswith(OBJECTS) or kind == "time"


def objects(entries: Sequence[Any]) -> Array:
    """An array (m,) of Python's objects."""
    return np.fromiter(entries, dtype=object, count=len(entries))
