"""Checks of arrays, made once where data come in: an error says what was expected, what came, and the way out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.rounded_array import RoundedArray
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
    UnderdeterminedError,
)
from stabilitylab.data.frames import exact_in_float64, side_by_side, table_of
from stabilitylab.data.index import labels_of_rows
from stabilitylab.data.kinds import as_numpy, refuse_masked, refuse_no_numbers, refuse_sparse
from stabilitylab.data.places import Places
from stabilitylab.data.series import column_array, is_series, name_of

EXACT_KINDS = frozenset({str, Decimal, Fraction})  # of which NumPy would make text, or objects after a long look
LARGEST = 2**1023  # integers beyond it are refused without a look


def checked(A: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Array, Array]:
    """A (m, n) and b (m,), or a column (m, 1), as read-only float arrays (m, n) and (m,).

    An error says what is wrong and the way out. Integers become float64 (refused when that would round them); float16,
    float32, float64 and longdouble stay.
    Raises ShapeError, EmptyError, UnderdeterminedError, NotFiniteError, ComplexError, NotNumericError, OutOfRangeError.
    """
    (matrix, left), (right, column) = _real(A, "A"), _real(b, "b")
    check_shapes(matrix.shape, right.shape)
    right = right.reshape(-1)  # a column is one b
    refuse_not_finite(matrix, left)
    refuse_not_finite(right, column)
    dtype = np.result_type(matrix, right)
    return read_only(matrix.astype(dtype, copy=False)), read_only(right.astype(dtype, copy=False))


def refuse_complex(values: Array, name: str) -> None:
    """Raise ComplexError where the type of an array is complex."""
    if values.dtype.kind == "c":
        raise ComplexError(f"{name} is complex; stack real and imaginary parts as rows of a real problem")


def check_shapes(A: tuple[int, ...], b: tuple[int, ...], *, wide: bool = False) -> None:
    """Refuse shapes of A and b other than (m, n) and (m,) or (m, 1), m >= n unless wide, none of them empty.

    Raises EmptyError, ShapeError, UnderdeterminedError.
    """
    if prod(A) == 0:
        raise EmptyError(f"A must have at least one row and one column; got {A}: give the data")
    if len(A) != 2:
        way = ": pass A.reshape(-1, 1) for a single column" if len(A) == 1 else ""
        raise ShapeError(f"A must have shape (m, n); got {A}{way}")
    m, n = A
    if b not in ((m,), (m, 1)):
        way = ": pass np.ravel(b)" if prod(b) == m else ""
        if len(b) == 2 and m in b and not way:
            way = ": pass one column at a time" if b[0] == m else ": pass np.transpose(b)"
        raise ShapeError(f"b must have shape ({m},) to match A {A}; got {b}{way}")
    if m < n and not wide:
        raise UnderdeterminedError(
            f"A has {m} row{'s' * (m != 1)} for {n} columns, so that infinitely many x fit: "
            f"give at least {n} rows, or drop columns"
        )


def checked_column(values: npt.ArrayLike, name: str, label: str = "") -> Array:
    """One column (m,) of stored numbers as a read-only float array; the errors are those of `checked`.

    name: what errors call it; label: the name by which it is a column of a table, if it is one.
    """
    column, places = _real(values, name)
    if label:
        places = replace(places, columns=(label,))
    if column.ndim != 1:
        raise ShapeError(f"{name} must have shape (m,); got {column.shape}: pass one column at a time")
    if column.size == 0:
        raise EmptyError(f"{name} must have at least one row; got none: give the data")
    refuse_not_finite(column, places)
    return read_only(column)


def refuse_not_finite(values: Array, name: str | Places) -> None:
    """Raise NotFiniteError, with the place, where values hold a NaN or an infinity."""
    finite = np.isfinite(values)
    if not finite.all():
        bad = tuple(int(i) for i in np.argwhere(~finite)[0])
        places = Places(name) if isinstance(name, str) else name
        raise places.not_finite(values[bad], *bad)


@dataclass(frozen=True, eq=False)
class Given:
    """What was passed in: an array, or the columns (m,) of a table, each in its own type; and what errors call them."""

    array: Array | None
    columns: tuple[Array, ...]
    places: Places

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the array, or (m, n)."""
        if self.array is not None:
            return self.array.shape
        return (len(self.columns[0]) if self.columns else 0, len(self.columns))

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The array, or else the columns."""
        return self.columns if self.array is None else (self.array,)

    def picked(self, columns: Sequence[int]) -> "Given":
        """Some of the columns of a table, in this order."""
        places = replace(self.places, columns=tuple(self.places.columns[j] for j in columns))
        return replace(self, columns=tuple(self.columns[j] for j in columns), places=places)

    @property
    def whole(self) -> Array:
        """All of it as one array, of objects where no type holds the columns."""
        if self.array is not None:
            return self.array
        return side_by_side(self.columns) if self.columns else np.empty((0, 0))


def given(values: Any, name: str, *, rounded: bool = False) -> Given:
    """values as an array or as columns; a list of several types as objects, for NumPy would round them to one type.

    rounded: take the type that NumPy takes for a list. Raises ShapeError when ragged, NotNumericError when sparse and
    for what holds no numbers, NotFiniteError when an entry is masked or missing.
    """
    if type(values) is np.ndarray and values.dtype.kind == "f":  # what is most common needs no further look
        return Given(values, (), Places(name))
    refuse_sparse(values, name)
    refuse_no_numbers(values, name)
    if is_series(values):
        label = name_of(values)
        places = Places(name, (label,) if label else (), labels_of_rows(values))
        return Given(column_array(values, places), (), places)
    places = Places(name)
    refuse_masked(values, places)
    table = table_of(values, name)
    if table is not None:
        return Given(None, table.columns, table.places)
    return Given(as_numpy(values, name) if rounded else _unrounded(values, name), (), places)


def as_array(values: Any, name: str) -> Array:
    """values as one array, as NumPy has it; the errors are those of `given`."""
    return given(values, name, rounded=True).whole


def _unrounded(values: Any, name: str) -> Array:
    if isinstance(values, list | tuple) and _is_exact(values):
        return np.array(values, dtype=object)
    array = as_numpy(values, name)
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


def _is_rounded(value: Any) -> bool:
    """Whether float64 would round an integer."""
    return type(value) is int and (abs(value) > LARGEST or float(value) != value)


def _real(values: Any, name: str) -> tuple[Array, Places]:
    """values as an array of floats of their own format, and what errors call its entries."""
    taken = given(values, name)
    places, array = taken.places, taken.whole
    for j, column in enumerate(taken.columns):
        if column.dtype.kind not in "biuf":
            refuse_complex(column, places.column(j))
            raise _not_numeric(places.column(j), column)
    if array.dtype.kind == "O":
        if any(map(_is_rounded, array.ravel().tolist())):
            raise _too_long(name)
        array = as_array(values, name)
    refuse_complex(array, name)
    if array.dtype.kind in "biu":
        if not exact_in_float64(array):
            raise _too_long(name)
        return array.astype(np.float64), places
    if array.dtype.kind != "f":
        raise _not_numeric(name, array)
    return array, places


def _too_long(name: str) -> OutOfRangeError:
    return OutOfRangeError(f"{name} holds integers beyond 2**53, which float64 would round: subtract an offset")


def _not_numeric(name: str, array: Array) -> NotNumericError:
    return NotNumericError(f"{name} must hold real numbers; its dtype is {array.dtype}: pass an array of floats")


def read_only(values: Array) -> Array:
    """A copy of values that cannot be written to."""
    values = np.array(values, subok=isinstance(values, RoundedArray))
    values.flags.writeable = False
    return values
