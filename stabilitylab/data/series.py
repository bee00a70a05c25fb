"""One column of pandas, polars or pyarrow, as an array of its own type: no library is imported here, nothing rounded.

What has no place on a line of numbers, categories for one, and what is missing is refused with the column's name.
"""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotNumericError
from stabilitylab.data.places import Places


def is_series(values: Any) -> bool:
    """Whether values are one column of pandas, polars or pyarrow."""
    if getattr(values, "ndim", 1) != 1 or isinstance(values, np.ndarray):
        return False
    return is_of_pandas(values) or is_of_polars(values) or is_of_pyarrow(values)


def column_array(values: Any, places: Places, j: int | None = None) -> Array:
    """A column (m,) as an array; what is none of the three libraries' as NumPy takes it.

    places, j: what errors call it. Raises NotNumericError for categories, NotFiniteError for a missing number.
    """
    dtype = getattr(values, "dtype", None) or getattr(values, "type", None)
    kind = str(dtype).lower()
    if kind.startswith(("category", "categorical", "enum", "dictionary")):
        raise NotNumericError(
            f"{places.column(j)} holds categories, not numbers: leave it out, or make it columns of 0 and 1 "
            f"(pandas.get_dummies, to_dummies of polars)"
        )
    if kind.startswith("period"):
        raise NotNumericError(f"{places.column(j)} holds periods, not numbers: pass their beginnings, .dt.start_time")
    row = _missing(values)
    if row is not None:
        raise places.not_finite("missing", row, *(() if j is None else (j,)))
    if is_of_polars(values) and "int128" in kind:
        return np.array([None, *values.to_list()], dtype=object)[1:]
    if is_of_pandas(values) and getattr(dtype, "kind", "") == "M":
        return _moments(values)
    array = np.asarray(values)
    # Of numbers pandas and pyarrow make objects here and there.
    return array.astype(bool) if array.dtype.kind == "O" and kind in ("boolean", "bool") else array


def name_of(values: Any) -> str:
    """The name that a column of pandas or polars has; "" without one."""
    name = getattr(values, "name", None) if is_series(values) else None
    return label_text(name)


def label_text(label: Any) -> str:
    """A label of a column as text: its parts with points between them where it is of several levels."""
    if isinstance(label, tuple):
        return ".".join(map(str, label))
    return "" if label is None or label != label else str(label)  # NaN stands for no name


def is_of_pandas(values: Any) -> bool:
    """Whether values are one column of pandas."""
    return hasattr(values, "iloc") and hasattr(values, "isna")


def is_of_polars(values: Any) -> bool:
    """Whether values are one column of polars."""
    return hasattr(values, "null_count") and hasattr(values, "to_list")


def is_of_pyarrow(values: Any) -> bool:
    """Whether values are one column of pyarrow."""
    return hasattr(values, "null_count") and hasattr(values, "to_pylist")


def _missing(values: Any) -> int | None:
    """The first row that is missing; None where none is. NaN among floats is met where they are read."""
    if is_of_pandas(values):
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biufc":
            return None
        absent = np.asarray(values.isna())
        return int(absent.argmax()) if absent.any() else None
    if not (is_of_polars(values) or is_of_pyarrow(values)):
        return None
    count = values.null_count() if callable(values.null_count) else values.null_count
    return int(np.asarray(values.is_null()).argmax()) if count else None


def _moments(values: Any) -> Array:
    """Moments or days of pandas as datetime64, in UTC where they have a time zone."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        return array
    if hasattr(values.iloc[0], "utcoffset"):
        return np.asarray(values.dt.tz_convert("UTC").dt.tz_localize(None), dtype="datetime64")
    return array.astype("datetime64[D]")
