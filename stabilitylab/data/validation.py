"""Checks of arrays, made once where data come in: an error says what was expected, what came, and the way out."""

from collections.abc import Sequence, Sized
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
    UnderdeterminedError,
)
from stabilitylab.data.frames import columns_of, exact_in_float64, side_by_side

EXACT_KINDS = frozenset({str, Decimal, Fraction})  # of which NumPy would make text, or objects after a long look
LARGEST = 2**1023  # integers beyond it are refused without a look


def checked(A: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Array, Array]:
    """A (m, n) and b (m,) as read-only float arrays, or the error that says what is wrong and the way out.

    Integers become float64 (refused when that would round them); float16, float32, float64 and longdouble stay.
    Raises ShapeError, EmptyError, UnderdeterminedError, NotFiniteError, ComplexError, NotNumericError, OutOfRangeError.
    """
    matrix, right = _real(A, "A"), _real(b, "b")
    check_shapes(matrix, right)
    refuse_not_finite(matrix, "A")
    refuse_not_finite(right, "b")
    dtype = np.result_type(matrix, right)
    return read_only(matrix.astype(dtype, copy=False)), read_only(right.astype(dtype, copy=False))


def check_shapes(A: Array, b: Array, *, wide: bool = False) -> None:
    """Refuse A and b unless they have shapes (m, n) and (m,), m >= n unless wide, none of them empty, real numbers.

    Raises ComplexError, EmptyError, ShapeError, UnderdeterminedError.
    """
    for name, array in (("A", A), ("b", b)):
        if array.dtype.kind == "c":
            raise ComplexError(f"{name} is complex; stack real and imaginary parts as rows of a real problem")
    if A.size == 0:
        raise EmptyError(f"A must have at least one row and one column; got {A.shape}: give the data")
    if A.ndim != 2:
        way = ": pass A.reshape(-1, 1) for a single column" if A.ndim == 1 else ""
        raise ShapeError(f"A must have shape (m, n); got {A.shape}{way}")
    m, n = A.shape
    if b.shape != (m,):
        way = ": pass b.ravel()" if b.size == m else ""
        raise ShapeError(f"b must have shape ({m},) to match A {A.shape}; got {b.shape}{way}")
    if m < n and not wide:
        raise UnderdeterminedError(
            f"A has {m} row{'s' * (m != 1)} for {n} columns, so that infinitely many x fit: "
            f"give at least {n} rows, or drop columns"
        )


def checked_column(values: npt.ArrayLike, name: str) -> Array:
    """One column (m,) of stored numbers as a read-only float array; the errors are those of `checked`."""
    column = _real(values, name)
    if column.ndim != 1:
        raise ShapeError(f"{name} must have shape (m,); got {column.shape}: pass one column at a time")
    if column.size == 0:
        raise EmptyError(f"{name} must have at least one row; got none: give the data")
    refuse_not_finite(column, name)
    return read_only(column)


def refuse_not_finite(values: Array, name: str) -> None:
    """Raise NotFiniteError, with the place, where values hold a NaN or an infinity."""
    finite = np.isfinite(values)
    if not finite.all():
        bad = np.argwhere(~finite)
        place = ", ".join(map(str, bad[0]))
        raise NotFiniteError(f"{name}[{place}] is {values[tuple(bad[0])]}: remove that row or give the number")


def as_array(values: npt.ArrayLike, name: str) -> Array:
    """values as an array of some type; a table whose columns have several in one that holds them all, or of objects.

    Raises ShapeError when ragged, NotNumericError when sparse, NotFiniteError when an entry is masked.
    """
    # By the names of its classes: importing scipy.sparse would change the filters of warnings.
    if any(f"{kind.__module__}.".startswith("scipy.sparse.") for kind in type(values).__mro__):
        way = f"{name}.toarray()" if name.isidentifier() else "the array that its toarray() gives"
        raise NotNumericError(f"{name} is sparse (scipy.sparse.{type(values).__name__}): pass {way}")
    masked = _masked_entry(values)
    if masked:
        raise NotFiniteError(f"{name}[{', '.join(map(str, masked))}] is masked: remove that row or give the number")
    columns = columns_of(values)
    try:
        array = side_by_side(columns) if columns else np.asarray(values)
    except ValueError:
        # NumPy's own words are of its sequences and shapes, and none of them says where.
        raise ShapeError(f"{name} is ragged{_unlike(values)}: give every row as many entries") from None
    return array


def _unlike(values: Any) -> str:
    """Where rows begin to have another number of entries: ", row 0 has 2 entries and row 1 has 3"; "" where deeper."""
    sizes = [len(row) if isinstance(row, Sized) and not isinstance(row, str) else None for row in values]
    k = next((k for k, size in enumerate(sizes) if size != sizes[0]), None)
    if k is None:
        return ""
    first, other = (f"row {i} {_entries(sizes[i])}" for i in (0, k))
    return f", {first} and {other}"


def _entries(size: int | None) -> str:
    return "is a number" if size is None else f"has {size} entr{'y' if size == 1 else 'ies'}"


def unrounded(values: Any, name: str) -> Array:
    """As `as_array`; a list of several types as an array of objects, for NumPy would round them to one type."""
    if isinstance(values, list | tuple) and _is_exact(values):
        return np.array(values, dtype=object)
    array = as_array(values, name)
    if isinstance(values, list | tuple) and array.size and array.dtype.kind != "O":
        entries = np.array(values, dtype=object)
        kinds = {type(v) for v in entries.ravel().tolist()}
        if entries.shape == array.shape and (len(kinds) > 1 or (kinds == {int} and array.dtype.kind == "f")):
            return entries
    return array


def _is_exact(values: Sequence[Any]) -> bool:
    """Whether all entries of a list, or of the lists of equal length in it, are texts, Decimals or Fractions."""
    rows = values if values and isinstance(values[0], list | tuple) else [values]
    if not rows[0] or type(rows[0][0]) not in EXACT_KINDS or not all(isinstance(row, list | tuple) for row in rows):
        return False
    return len(set(map(len, rows))) == 1 and all(EXACT_KINDS.issuperset(map(type, row)) for row in rows)


def _masked_entry(values: Any) -> tuple[int, ...]:
    """The place of the first masked entry of a masked array, or of a list of masked arrays; () without one."""
    if isinstance(values, np.ma.MaskedArray):
        return tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(values))[0]) if np.ma.is_masked(values) else ()
    rows = enumerate(values) if isinstance(values, list | tuple) else ()
    return next(((i, *place) for i, row in rows if (place := _masked_entry_of_row(row)) is not None), ())


def _masked_entry_of_row(row: Any) -> tuple[int, ...] | None:
    if row is np.ma.masked:
        return ()
    return (_masked_entry(row) or None) if isinstance(row, np.ma.MaskedArray) else None


def _is_rounded(value: Any) -> bool:
    """Whether float64 would round an integer."""
    return type(value) is int and (abs(value) > LARGEST or float(value) != value)


def _real(values: npt.ArrayLike, name: str) -> Array:
    array = unrounded(values, name)
    if array.dtype.kind == "O":
        if any(map(_is_rounded, array.ravel().tolist())):
            raise OutOfRangeError(f"{name} holds integers beyond 2**53, which float64 would round: subtract an offset")
        array = as_array(values, name)
    if array.dtype.kind == "c":
        raise ComplexError(f"{name} is complex; stack real and imaginary parts as rows of a real problem")
    if array.dtype.kind in "biu":
        as_float = array.astype(np.float64)
        if not exact_in_float64(array):
            raise OutOfRangeError(f"{name} holds integers beyond 2**53, which float64 would round: subtract an offset")
        return as_float
    if array.dtype.kind != "f":
        raise NotNumericError(f"{name} must hold real numbers; its dtype is {array.dtype}: pass an array of floats")
    return array


def read_only(values: Array) -> Array:
    """A copy of values that cannot be written to."""
    values = np.array(values)
    values.flags.writeable = False
    return values
