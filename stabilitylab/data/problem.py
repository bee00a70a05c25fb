"""A regression problem as data and design, with its three truths as exact integer systems."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.decimals import Decimals as Decimals
from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.core.errors import InputError, OutOfRangeError, ShapeError
from stabilitylab.core.types import TRUTHS, Truth
from stabilitylab.data.validation import checked, checked_column, read_only

Column: TypeAlias = Decimals | Array


@dataclass(frozen=True)
class Design:
    """How the features are formed from the columns: the design matrix as a recipe.

    "matrix": the columns are the matrix, and a constant column among them counts as intercept.
    "columns": the columns, behind a column of ones when there is an intercept.
    "polynomial": the powers 0..degree of the one column.
    """

    kind: Literal["matrix", "columns", "polynomial"]
    intercept: bool = False
    degree: int = 1

    @classmethod
    def matrix(cls) -> "Design":
        """The columns are the features."""
        return cls("matrix")

    @classmethod
    def columns(cls, *, intercept: bool = True) -> "Design":
        """The columns, with a column of ones in front or without."""
        return cls("columns", intercept)

    @classmethod
    def line(cls) -> "Design":
        """A straight line: the polynomial of degree 1."""
        return cls.polynomial(1)

    @classmethod
    def polynomial(cls, degree: int) -> "Design":
        """1, x, ..., x**degree."""
        return cls("polynomial", True, degree)

    def feature_names(self, columns: Sequence[str]) -> tuple[str, ...]:
        """One name for each column of the design matrix."""
        if self.kind == "polynomial":
            (x,) = columns
            return ("intercept", x, *(f"{x}^{k}" for k in range(2, self.degree + 1)))
        return ("intercept", *columns) if self.intercept else tuple(columns)

    def features(self, columns: Sequence[Array]) -> Array:
        """The design matrix (m, n) in the arithmetic of the columns: rounded for floats, exact for integer objects.

        Powers are cumulative products, as numpy.vander forms them: x**k = x**(k-1) x.
        """
        if self.kind == "polynomial":
            (x,) = columns
            powers = np.empty((len(x), self.degree + 1), dtype=x.dtype)
            powers[:, 0] = 1
            for k in range(1, self.degree + 1):
                powers[:, k] = powers[:, k - 1] * x
            return powers
        stacked = np.stack(list(columns), axis=1)
        if not self.intercept:
            return stacked
        ones = np.empty((len(stacked), 1), dtype=stacked.dtype)
        ones[:, 0] = 1
        return np.hstack([ones, stacked])

    def feature_scales(self, scales: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The factor on each feature when column j is an integer column times scales[j]."""
        if self.kind == "polynomial":
            return tuple(scales[0] ** k for k in range(self.degree + 1))
        return (Fraction(1), *scales) if self.intercept else tuple(scales)


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


@dataclass(frozen=True, eq=False)
class Problem:
    """min |b - A x| as data and a design, so that it is known what was rounded on the way to the matrix.

    data: named columns, the response among them, each exact decimals or stored floats.
    design: how features come from the columns. dtype: the format the data are rounded to and the features formed in.
    cond: the 2-norm condition number the family advertises for the exact design, where it has one.
    planted: the coefficients a generator started from. Decoration: b = A x + r rounded has another solution.
    Raises the errors of `validation.checked_column` for a column that is none, ShapeError for columns of different
    lengths, InputError where the response or a regressor is missing.

    Its three truths, each an exact integer system: "decimal" (the data as given, features exact), "data" (the data
    rounded to dtype, features exact) and "matrix" (the design matrix as formed and stored in dtype).
    """

    name: str
    data: Mapping[str, Column]
    design: Design
    source: str
    tags: frozenset[str] = frozenset()
    response: str = "y"
    dtype: str = "float64"
    cond: float | None = None
    planted: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        data = {k: v if isinstance(v, Decimals) else checked_column(v, f"column {k!r}") for k, v in self.data.items()}
        object.__setattr__(self, "data", data)
        if self.response not in data or len(data) < 2:
            raise InputError(f"expected the response {self.response!r} and regressors; got columns {list(data)}")
        if self.design.kind == "polynomial" and len(data) > 2:
            raise InputError(f"a polynomial has one regressor; got columns {list(data)}: drop the others")
        rows = {k: len(v.integers if isinstance(v, Decimals) else v) for k, v in data.items()}
        if len(set(rows.values())) > 1:
            raise ShapeError(f"columns must have one length; got {rows}: give every row all its values")

    @classmethod
    def from_matrix(cls, name: str, A: npt.ArrayLike, b: npt.ArrayLike, **fields: Any) -> "Problem":
        """The problem whose columns are those of A (m, n), checked at the door; the errors are those of `checked`."""
        A, b = checked(A, b)
        data: dict[str, Column] = {f"a{j}": A[:, j] for j in range(A.shape[1])}
        return cls(name, {**data, "y": b}, Design.matrix(), dtype=A.dtype.name, **{"source": "as given", **fields})

    @property
    def regressors(self) -> tuple[str, ...]:
        """The names of the columns other than the response."""
        return tuple(name for name in self.data if name != self.response)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name for each coefficient."""
        return self.design.feature_names(self.regressors)

    def column(self, name: str) -> Array:
        """One column rounded to dtype; read-only. Raises OutOfRangeError when a value does not fit the format."""
        if name not in self._rounded:
            self._rounded[name] = self._round(name)
        return self._rounded[name]

    @cached_property
    def _rounded(self) -> dict[str, Array]:
        return {}

    def _round(self, name: str) -> Array:
        values = self.data[name]
        if isinstance(values, Decimals):
            return read_only(values.rounded(self.dtype))
        with np.errstate(over="ignore"):
            cast = values.astype(self.dtype)
        if not np.isfinite(cast).all() or ((cast == 0) & (values != 0)).any():
            raise OutOfRangeError(f"column {name!r} does not fit the range of {self.dtype}: rescale it")
        return read_only(cast)

    @cached_property
    def A(self) -> Array:
        """The design matrix (m, n) as a user would build it in dtype; read-only."""
        with np.errstate(over="ignore"):
            A = self.design.features([self.column(name) for name in self.regressors])
        if not np.isfinite(A).all():
            raise OutOfRangeError(f"a feature of {self.name} overflows {self.dtype}: rescale the column")
        return read_only(A)

    @cached_property
    def b(self) -> Array:
        """The response (m,) in dtype; read-only."""
        return self.column(self.response)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n) of the design matrix."""
        b = self.data[self.response]
        rows = len(b.integers) if isinstance(b, Decimals) else len(b)
        return rows, len(self.feature_names)

    def rounded_to(self, dtype: npt.DTypeLike) -> "Problem":
        """The same data to be worked on in another format; the decimal truth stays what it was."""
        return replace(self, dtype=np.dtype(dtype).name)

    def exact(self, truth: Truth) -> IntegerSystem:
        """One of the three truths without any rounding."""
        if truth == "matrix":
            columns = [as_integers(a) for a in self.A.T]
            b, b_scale = as_integers(self.b)
        elif truth in ("decimal", "data"):
            parts = [self._exact_column(name, truth) for name in self.regressors]
            features = self.design.features([integers for integers, _ in parts])
            columns = list(zip(features.T, self.design.feature_scales([scale for _, scale in parts]), strict=True))
            b, b_scale = self._exact_column(self.response, truth)
        else:
            raise InputError(f"truth must be one of {', '.join(TRUTHS)}; got {truth!r}")
        coprime = [_coprime(*column) for column in columns]
        A = np.stack([integers for integers, _ in coprime], axis=1)
        b, b_scale = _coprime(b, b_scale)
        return IntegerSystem(A, b, tuple(scale for _, scale in coprime), b_scale, self._centred(A))

    def _exact_column(self, name: str, truth: Truth) -> tuple[Array, Fraction]:
        values = self.data[name]
        if truth == "data":
            return as_integers(self.column(name))
        if isinstance(values, Decimals):
            integers = np.empty(len(values.integers), dtype=object)
            integers[:] = values.integers
            return integers, values.scale
        return as_integers(values)

    def _centred(self, A: Array) -> bool:
        if self.design.kind != "matrix":
            return self.design.intercept
        return any(a[0] != 0 and (a == a[0]).all() for a in A.T)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of data, design and format: what the row of a table refers to."""
        parts: list[Any] = [self.design, self.response, self.dtype]
        for name, values in self.data.items():
            if isinstance(values, Decimals):
                parts += [name, "decimals", *values.integers, values.exponent]
            else:
                integers, scale = as_integers(values)
                parts += [name, "floats", *integers, scale]
        return _digest(*parts)


def _coprime(integers: Array, scale: Fraction) -> tuple[Array, Fraction]:
    """The same numbers as coprime integers times a scale; zeros have the scale 1."""
    common = gcd(*integers)
    return (integers // common, scale * common) if common else (integers, Fraction(1))


def _digest(*parts: Any) -> str:
    """SHA-256 of the parts, integers in hexadecimal: decimal conversion has a limit on digits."""
    texts = (f"{p.numerator:x}/{p.denominator:x}" if isinstance(p, int | Fraction) else repr(p) for p in parts)
    return hashlib.sha256("|".join(texts).encode()).hexdigest()
