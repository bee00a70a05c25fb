"""The entries of A and b as rationals, for the checker: by Python's own numbers, without a line of the engine."""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.errors import ComplexError, NotFiniteError, NotNumericError, OutOfRangeError, ShapeError

Objects = np.ndarray[Any, np.dtype[np.object_]]
MOST_EXPONENT = 20_000  # of a decimal text, beyond which a number is out of every format
DAY = 86400
SECONDS = {
    "W": Fraction(7 * DAY),
    "D": Fraction(DAY),
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    **{unit: Fraction(1, 10 ** (3 * k)) for k, unit in enumerate(("ms", "us", "ns", "ps", "fs", "as"), 1)},
}


def entries(values: Any, name: str) -> Objects:
    """A table, an array or lists as an array of Python's numbers, and texts; moments and durations in seconds.

    Raises NotFiniteError for what is masked, NotNumericError for a sparse matrix, ShapeError when ragged.
    """
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise NotNumericError(f"{name} is sparse ({type(values).__name__}): pass {name}.toarray()")
    if np.ma.is_masked(values) or (isinstance(values, list | tuple) and any(map(np.ma.is_masked, values))):
        raise NotFiniteError(f"{name} has masked entries: remove those rows or give the numbers")
    columns = _columns(values)
    try:
        if columns is not None:
            return np.array([_listed(column, name) for column in columns], dtype=object).T
        if hasattr(values, "to_pylist") or hasattr(values, "to_list"):  # one column
            return np.array(_listed(values, name), dtype=object)
        if hasattr(values, "detach"):  # a tensor of torch
            values = values.detach().cpu()
        if hasattr(values, "__array__") or isinstance(values, memoryview):
            values = np.asarray(values)
            if values.dtype.kind in "Mm":
                return _in_seconds(values, name)
        return np.array(values, dtype=object)
    except ValueError as error:
        raise ShapeError(f"{name} is ragged ({error}): give every row as many entries") from None


def _columns(values: Any) -> list[Any] | None:
    """The columns of a table of pyarrow, polars, pandas or NumPy, which may bring its numbers to one type."""
    if hasattr(values, "itercolumns"):
        return list(values.itercolumns())
    if hasattr(values, "iter_columns"):
        return list(values.iter_columns())
    if hasattr(values, "iloc") and getattr(values, "ndim", 0) == 2:
        return [column for _, column in values.items()]
    if isinstance(values, np.ndarray) and values.dtype.names:
        return [values[field] for field in values.dtype.names]
    return list(values.values()) if isinstance(values, Mapping) else None


def _listed(column: Any, name: str) -> list[Any]:
    """The entries of a column as Python has them."""
    try:
        array = np.asarray(column)
    except Exception:  # of integers that NumPy has no type for
        array = np.empty(0)
    if array.dtype.kind in "Mm":
        return list(_in_seconds(array, name))
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            return [_of_pandas(value, name) for value in getattr(column, method)()]
    return list(column)


def _of_pandas(value: Any, name: str) -> Any:
    """A Timestamp of pandas, which has a time zone or not, or a day, in seconds; anything else as it is."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return (value - date(1970, 1, 1)).days * DAY
    return _in_seconds(np.array([value.asm8]), name)[0] if hasattr(value, "asm8") else value


def _in_seconds(array: Any, name: str) -> Objects:
    """Moments since 1970-01-01 in UTC, or durations, as exact numbers of seconds."""
    if np.isnat(array).any():
        raise NotFiniteError(f"{name} has NaT: remove those rows or give the times")
    unit, count = np.datetime_data(array.dtype)
    if unit in ("Y", "M") and array.dtype.kind == "M":
        array, (unit, count) = array.astype("datetime64[D]"), ("D", 1)
    if unit not in SECONDS:
        raise NotNumericError(f"{name} has durations in {unit!r}, which are of no one length: pass them in days")
    out: Objects = np.empty(array.size, dtype=object)
    out[:] = [ticks * count * SECONDS[unit] for ticks in array.astype(np.int64).ravel().tolist()]
    return out.reshape(array.shape)


def number(value: Any, place: str) -> Fraction:
    """The number that an entry is, exactly."""
    if isinstance(value, complex):
        raise ComplexError(f"{place} is complex; stack real and imaginary parts as rows of a real problem")
    exponent = value.strip().lower().partition("e")[2].lstrip("+-") if isinstance(value, str) else ""
    if exponent.isdecimal() and (len(exponent) > 9 or int(exponent) > MOST_EXPONENT):
        raise OutOfRangeError(f"{place} is {shown(value)}, far outside every format: scale the columns")
    try:
        if isinstance(value, str):
            return Fraction(value)
        # NumPy's integers would overflow inside a Fraction; Python's do not.
        return Fraction(int(value)) if hasattr(value, "__index__") else Fraction(*value.as_integer_ratio())
    except (AttributeError, TypeError, ZeroDivisionError, ValueError, OverflowError) as error:
        if isinstance(error, (ValueError, OverflowError)) and not isinstance(value, str):
            raise NotFiniteError(f"{place} is {shown(value)}: remove that row or give the number") from None
        kinds = "float, int, decimal text, Decimal or Fraction"
        raise NotNumericError(f"{place} must be a number ({kinds}); got {shown(value)}") from None


def shown(value: Any) -> str:
    """A rational in a few digits, anything else as it prints, within reason."""
    if isinstance(value, Fraction) and value:
        power = abs(value.numerator).bit_length() - value.denominator.bit_length()
        return f"{float(value / Fraction(2) ** power):.4g} * 2**{power}"
    try:
        return f"{value!r:.200}" if not isinstance(value, Fraction) else "0"
    except ValueError:  # Python prints no integer of more than 4300 digits
        return f"a {type(value).__name__} too long to print"
