"""A regression problem as data and design, with its three truths as exact integer systems."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.decimals import Decimals as Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, Format, FormatLike, format_named, is_finite
from stabilitylab.core.arithmetic.rounded_array import RoundedArray
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
)
from stabilitylab.core.printable import one_line
from stabilitylab.core.types import TRUTHS, Truth
from stabilitylab.data.design import Columns
from stabilitylab.data.design import Design as Design
from stabilitylab.data.frames import distinct, names_of_columns
from stabilitylab.data.labels import Labels as Labels
from stabilitylab.data.series import is_series, name_of
from stabilitylab.data.validation import as_array, checked, checked_column, read_only

DataColumn: TypeAlias = ExactColumn | Array | Labels


@dataclass(frozen=True, eq=False)
class IntegerSystem:
    """A least-squares problem without rounding: A = integers A (m, n) diag(column_scales), b = integers b (m,) b_scale.

    x of the problem is x of the integer problem times b_scale / column_scales. The integers of a column are coprime, so
    that equal numbers are one system however they were stated. centred: a constant column is among the features, and
    R² is about the mean.
    """

    A: Array
    b: Array
    column_scales: tuple[Fraction, ...]
    b_scale: Fraction
    centred: bool

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the numbers: equal problems have equal digests, however they were stated."""
        return _digest(self.A.shape, *self.A.ravel(), *self.b, *self.column_scales, self.b_scale, self.centred)


@dataclass(frozen=True, eq=False, init=False)
class Problem:
    """min |b - A x| as data and a design, so that it is known what was rounded on the way to the matrix.

    data: named columns, the response among them, each exact decimals or stored floats, or labels where the design reads
    it as a Category; a column that the design does not read may hold anything, and is kept as labels where it holds no
    numbers. design: how features come from the columns, every column named. format: what the data are rounded to and
    the features formed in.
    cond: the 2-norm condition number the family advertises for the exact design, where it has one.
    planted: the coefficients a generator started from. Decoration: b = A x + r rounded has another solution.
    Raises the errors of `validation.checked_column` for a column that is none, ShapeError for columns of different
    lengths, InputError for a name that is no text, a design that is none, and where the response or a regressor is
    missing; and the errors of `Design.bound`, `Design.names` and `format_named`.

    Its three truths, each an exact integer system: "decimal" (the data as given, features exact), "data" (the data
    rounded to the format, features exact) and "matrix" (the design matrix as formed and stored in the format). The
    features log, exp and sqrt, exact in the first two, are numbers of 256 bits.
    """

    name: str
    data: Mapping[str, DataColumn]
    design: Design
    source: str
    tags: frozenset[str]
    response: str
    format: Format
    cond: float | None
    planted: tuple[float, ...] | None

    def __init__(
        self,
        name: str,
        data: Mapping[str, DataColumn | npt.ArrayLike],
        design: Design,
        source: str,
        tags: frozenset[str] = frozenset(),
        response: str = "y",
        format: FormatLike = FLOAT64,
        cond: float | None = None,
        planted: tuple[float, ...] | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise InputError(
                f"the name of a problem must be a text; got {name!r}: Problem('mine', data, design, source)"
            )
        if not isinstance(design, Design):
            raise InputError(
                f"design must be a Design; got {design!r}: Design.of(Intercept(), 'x'), for one, or Design.columns()"
            )
        if response not in data or (design.unbound and len(data) < 2):
            raise InputError(f"expected the response {response!r} and regressors; got columns {list(data)}")
        design = design.bound(tuple(data), response)
        columns = {key: _column(key, values, design, key == response) for key, values in data.items()}
        rows = {key: len(column) for key, column in columns.items()}
        if len(set(rows.values())) > 1:
            raise ShapeError(f"columns must have one length; got {rows}: give every row all its values")
        fields = {
            "name": name,
            "data": columns,
            "design": design,
            "source": source,
            "tags": tags,
            "response": response,
            "format": format_named(format),
            "cond": cond,
            "planted": planted,
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)
        design.names(self._labels)  # a category without a feature, or with a reference level that is not there, is met

    def __repr__(self) -> str:
        numbers = [column for column in self.data.values() if not isinstance(column, Labels)]
        exact = sum(isinstance(column, ExactColumn) for column in numbers)
        kind = "exact decimals" if exact == len(numbers) else "floats" if not exact else "decimals and floats"
        rows = len(self.data[self.response])
        fitted = one_line(f"{self.response} on {self.design}")
        return f"Problem {self.name!r}: {rows} row{'s' * (rows != 1)} of {kind}, {fitted}"

    @classmethod
    def from_matrix(
        cls,
        name: str,
        A: npt.ArrayLike,
        b: npt.ArrayLike,
        *,
        source: str = "as given",
        tags: frozenset[str] = frozenset(),
        format: FormatLike | None = None,
        cond: float | None = None,
        planted: tuple[float, ...] | None = None,
    ) -> "Problem":
        """The problem whose columns are those of A (m, n), with b (m,) as the response.

        The columns of a table keep their names, and so does a column b of pandas or polars; else they are a0, a1, ...
        and "y". format: to be worked on in another format than that of the arrays, as by `rounded_to`. Raises the
        errors of `validation.checked` and `format_named`.
        """
        if format is None and isinstance(A, RoundedArray):
            format = A.format
        names = names_of_columns(A)
        response = distinct([*(names or ()), name_of(b) or "y"])[-1]
        A, b = checked(A, b)
        data: dict[str, DataColumn] = dict(zip(names or [f"a{j}" for j in range(A.shape[1])], A.T, strict=True))
        chosen = A.dtype if format is None else format
        return cls(name, {**data, response: b}, Design.matrix(), source, tags, response, chosen, cond, planted)

    @property
    def regressors(self) -> tuple[str, ...]:
        """The names of the columns that the design reads, in the order of the data."""
        read = self.design.numbers | self.design.labels
        return tuple(name for name in self.data if name in read)

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """One name for each coefficient."""
        return self.design.names(self._labels)

    @property
    def dtype(self) -> str:
        """NumPy's name of the type that holds A and b; of a format that NumPy lacks, that of the wider one beneath."""
        return self.format.dtype.name

    def column(self, name: str) -> Array:
        """One column rounded to the format; read-only. Raises OutOfRangeError when a value does not fit the format."""
        if name not in self._rounded:
            self._rounded[name] = self._round(name)
        return self._rounded[name]

    @cached_property
    def _rounded(self) -> dict[str, Array]:
        return {}

    def _round(self, name: str) -> Array:
        values = self._numeric(name)
        if isinstance(values, ExactColumn):
            return read_only(values.rounded(self.format))
        cast = self.format.rounded(values)
        if not is_finite(cast).all() or ((cast == 0) & (values != 0)).any():
            raise OutOfRangeError(f"column {name!r} does not fit the range of {self.format.name}: rescale it")
        return read_only(cast)

    def _numeric(self, name: str) -> ExactColumn | Array:
        values = self.data[name]
        if isinstance(values, Labels):
            raise NotNumericError(f"column {name!r} holds labels, not numbers: read it as Category({name!r})")
        return values

    @cached_property
    def _labels(self) -> dict[str, Labels]:
        columns = {name: self.data[name] for name in self.design.labels}
        return {key: v if isinstance(v, Labels) else Labels.of_numbers(v) for key, v in columns.items()}

    @cached_property
    def A(self) -> Array:
        """The design matrix (m, n) as a user would build it in the format; read-only."""
        numbers = {name: self.column(name) for name in self.design.numbers}
        A = self.design.rounded(Columns(self.shape[0], numbers, self._labels), self.format)
        if not is_finite(A).all():
            raise OutOfRangeError(f"a feature of {self.name} overflows {self.format.name}: rescale the column")
        return read_only(A)

    @cached_property
    def b(self) -> Array:
        """The response (m,) in the format; read-only."""
        return self.column(self.response)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n) of the design matrix."""
        return len(self.data[self.response]), len(self.feature_names)

    def rounded_to(self, format: FormatLike) -> "Problem":
        """The same data to be worked on in another format; the decimal truth stays what it was."""
        return replace(self, format=format_named(format))

    def exact(self, truth: Truth) -> IntegerSystem:
        """One of the three truths without any rounding."""
        require_choice("truth", truth, TRUTHS)
        if truth == "matrix":
            features = tuple(ExactColumn.of_floats(a) for a in self.A.T)
        else:
            numbers = {name: self._exact_column(name, truth) for name in self.design.numbers}
            features = self.design.exact(Columns(self.shape[0], numbers, self._labels))
        columns = [feature.coprime() for feature in features]
        b = self._exact_column(self.response, truth).coprime()
        A = np.stack([_objects(column) for column in columns], axis=1)
        centred = any(a[0] != 0 and (a == a[0]).all() for a in A.T)
        return IntegerSystem(A, _objects(b), tuple(column.scale for column in columns), b.scale, centred)

    def _exact_column(self, name: str, truth: Truth) -> ExactColumn:
        values = self._numeric(name) if truth == "decimal" else self.column(name)
        return values if isinstance(values, ExactColumn) else ExactColumn.of_floats(values)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of data, design and format: what the row of a table refers to."""
        parts: list[Any] = [self.design, self.response, self.format.name]
        for name, values in self.data.items():
            if isinstance(values, Labels):
                parts += [name, "labels", *values.values, values.numeric]
            elif isinstance(values, ExactColumn):
                parts += [name, "exact", *values.integers, values.scale]
            else:
                floats = ExactColumn.of_floats(values)
                parts += [name, "floats", *floats.integers, floats.scale]
        return _digest(*parts)


def _column(name: str, values: DataColumn | npt.ArrayLike, design: Design, is_response: bool) -> DataColumn:
    """A column of the data, checked for what it is read as: as numbers, as labels, as both or not at all."""
    what, numbers, labels = f"column {name!r}", is_response or name in design.numbers, name in design.labels
    if isinstance(values, ExactColumn) or (isinstance(values, Labels) and not numbers):
        return values
    if isinstance(values, Labels):
        raise _no_numbers(name, is_response)
    if numbers:
        array = as_array(_labelled(values), what)
        if array.dtype.kind in "UO" and any(isinstance(entry, str) for entry in array.ravel().tolist()):
            raise _no_numbers(name, is_response)
        return checked_column(values, what, name)
    if labels and (array := as_array(_labelled(values), what)).dtype.kind in "UO" and array.ndim == 1:
        try:
            return Labels(tuple(array.tolist()))
        except InputError as error:
            raise type(error)(f"{what}: {error}") from None
    return checked_column(values, what, name) if labels else _unread_column(values, what)


def _labelled(values: Any) -> Any:
    """A column whose categories may be read as labels: as an array of these."""
    return np.asarray(values) if is_series(values) else values


def _no_numbers(name: str, is_response: bool) -> NotNumericError:
    way = "name a column of numbers as the response" if is_response else f"read it as Category({name!r}), or drop it"
    return NotNumericError(
        f"column {name!r} holds labels, not numbers: {way}; numbers written as text go through Decimals.parse"
    )


def _unread_column(values: npt.ArrayLike, what: str) -> DataColumn:
    """A column that no term reads: numbers where it holds nothing else, otherwise the text of each entry."""
    try:
        return checked_column(values, what)
    except (ComplexError, NotFiniteError, NotNumericError, OutOfRangeError):
        entries: Array = np.ma.asarray(values)
        if entries.ndim != 1:
            raise ShapeError(f"{what} must have shape (m,); got {entries.shape}: pass one column at a time") from None
        return Labels(tuple(str(entry) for entry in entries))


def _objects(column: ExactColumn) -> Array:
    """The integers of a column as an array of Python ints."""
    integers = np.empty(len(column), dtype=object)
    integers[:] = column.integers
    return integers


def _digest(*parts: Any) -> str:
    """SHA-256 of the parts, integers in hexadecimal: decimal conversion has a limit on digits."""
    texts = (f"{p.numerator:x}/{p.denominator:x}" if isinstance(p, int | Fraction) else repr(p) for p in parts)
    return hashlib.sha256("|".join(texts).encode()).hexdigest()
