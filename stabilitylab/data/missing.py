"""Rows in which a number is missing: found in arrays, lists and tables of every kind, and left out of them.

Missing is None, NaN, NaT, pandas.NA, a null of polars or pyarrow, what a masked array masks, and a text that says so in
a file too, such as NA or an empty one. An infinity is not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, EmptyError, InputError
from stabilitylab.data.frames import columns_of_table, columns_with_names
from stabilitylab.data.index import refuse_misaligned
from stabilitylab.data.kinds import as_numpy, is_sparse, refuse_no_numbers
from stabilitylab.data.series import is_series
from stabilitylab.data.tabular.numerals import DROP
from stabilitylab.data.tabular.numerals import missing as missing_fields

TEXTS = ("object", "str")  # types of columns that may hold texts


def without_missing(A: Any, b: Any, weights: Any) -> tuple[Any, Any, Any, int]:
    """A, b and weights without the rows in which a number of any of them is missing, and how many these are.

    Each stays what it is: a table a table, with its index. What has not one row for each row of A is left as it is, for
    whoever reads it to refuse. Raises InputError where indexes of pandas do not fit, EmptyError where no row is left.
    """
    refuse_misaligned(A, b, "b")
    refuse_misaligned(A, weights, "weights")
    gone = missing_rows(A, b, weights)
    if gone is None or not gone.any():
        return A, b, weights, 0
    if gone.all():
        raise EmptyError(
            f"in each of the {len(gone)} rows a number is missing, so that none is left: leave out the columns in "
            "which most are"
        )
    A, b, weights = (_taken(values, ~gone) for values in (A, columns_with_names(b, len(gone)), weights))
    return A, b, weights, int(gone.sum())


def way_out_of_missing(A: Any, b: Any, weights: Any, left_out: int) -> tuple[str | Argument, ...]:
    """What to say after an error about an entry: how to leave out rows in which a number is missing, if there are any.

    left_out: how many have been left out already, so that rows are counted without them.
    """
    if left_out:
        return (f"; rows are counted without the {left_out} in which a number is missing",)
    gone = missing_rows(A, b, weights)
    return () if gone is None or not gone.any() else ("; ", DROP, " leaves out each row in which a number is missing")


def missing_rows(A: Any, b: Any = None, weights: Any = None) -> Array | None:
    """In which rows (m,) a number is missing; None where A, b and weights are no tables of as many rows each.

    A list of columns b is taken as `lstsq` takes it.
    """
    left = _of_table(A)
    if left is None:
        return None
    return _any([left, *(_of_table(columns_with_names(one, len(left))) for one in (b, weights) if one is not None)])


def _any(masks: Sequence[Array | None]) -> Array | None:
    """Where one of the masks is set; None where one is missing, there is none, or their lengths differ."""
    found = [mask for mask in masks if mask is not None]
    if len(found) < len(masks) or len(set(map(len, found))) != 1:
        return None
    return np.asarray(np.logical_or.reduce(found))


def _of_table(values: Any) -> Array | None:
    """In which rows of one array, list or table; None for what is none, or cannot be read."""
    try:
        refuse_no_numbers(values, "A")
        columns = columns_of_table(values)
        if columns is not None:
            return _any([_of_table(column) for column in columns[0]])
        if is_sparse(values):
            coo = values.tocoo()
            gone = np.zeros(coo.shape[0], dtype=bool)
            gone[coo.coords[0][_missing(coo.data)]] = True
            return gone
        if is_series(values):
            return _of_series(values)
        gone = _missing(values if isinstance(values, np.ndarray) else _entries(values))
    except (InputError, TypeError, ValueError):
        return None
    return None if gone.ndim == 0 else np.asarray(gone.reshape(len(gone), -1).any(axis=1))


def _of_series(values: Any) -> Array:
    if hasattr(values, "isna"):  # pandas
        gone = np.asarray(values.isna())
        return gone | _missing(np.asarray(values)) if str(values.dtype).lower().startswith(TEXTS) else gone
    kind = str(getattr(values, "type", None) or values.dtype).lower()
    arrow = hasattr(values, "to_pylist")
    if kind.startswith(("float", "halffloat", "double")):
        return np.asarray(values.is_null(nan_is_null=True) if arrow else values.is_nan().fill_null(True))
    if kind.startswith(("int", "uint", "bool")):
        return np.asarray(values.is_null())
    return _missing(_objects(values.to_pylist() if arrow else values.to_list()))


def _objects(entries: Sequence[Any]) -> Array:
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array


def _entries(values: Any) -> Array:
    """A list, or lists in it, as an array of objects, since NumPy would make texts of numbers beside one."""
    return np.array(values, dtype=object) if isinstance(values, list | tuple) else as_numpy(values, "A")


def _missing(array: Array) -> Array:
    """Which entries are missing."""
    masked = np.ma.getmaskarray(array)
    array = np.ma.getdata(array)
    if array.dtype.kind in "fcmM":
        return np.asarray(masked | (np.isnat(array) if array.dtype.kind in "mM" else np.isnan(array)))
    if array.dtype.kind == "U":
        return np.asarray(masked | missing_fields(array.ravel().tolist()).reshape(array.shape))
    if array.dtype.kind != "O":
        return np.asarray(masked)
    said = [_is_missing(entry) for entry in array.ravel().tolist()]
    return np.asarray(masked | np.array(said, dtype=bool).reshape(array.shape))


def _is_missing(entry: Any) -> bool:
    """Whether an object stands for no number: None, pandas.NA, and what does not equal itself, as NaN."""
    if entry is None or entry is np.ma.masked or type(entry).__name__ == "NAType":
        return True
    if isinstance(entry, str):
        return bool(missing_fields([entry])[0])
    unlike = entry != entry
    return isinstance(unlike, bool | np.bool_) and bool(unlike)


def _taken(values: Any, kept: Array) -> Any:
    """The rows that are kept, of the same kind: an array where there is no other way."""
    if values is None:
        return None
    if is_sparse(values):
        return values.tocsr()[np.flatnonzero(kept)]
    if isinstance(values, Mapping):
        return {name: _taken(column, kept) for name, column in values.items()}
    if hasattr(values, "iloc"):
        return values[kept]
    if hasattr(values, "get_columns") or (is_series(values) and hasattr(values, "to_list")):  # polars
        return values.filter(kept.tolist())
    if hasattr(values, "itercolumns") or is_series(values):  # pyarrow
        return values.take(np.flatnonzero(kept))
    if isinstance(values, list | tuple):
        return [entry for entry, keep in zip(values, kept.tolist(), strict=True) if keep]
    return (values if isinstance(values, np.ndarray) else as_numpy(values, "A"))[kept]
