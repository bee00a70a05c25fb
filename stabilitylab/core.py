"""The frozen types that everything else speaks: Problem, Fit, Solution, Reference, Measurement."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array, as_integers, nearest
from stabilitylab.errors import (
    ComplexError,
    EmptyError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
    UnderdeterminedError,
)

Truth: TypeAlias = Literal["decimal", "data", "matrix"]
TRUTHS: tuple[Truth, ...] = ("decimal", "data", "matrix")


@dataclass(frozen=True)
class Decimals:
    """A column of exact decimals: integers times 10**exponent."""

    integers: tuple[int, ...]
    exponent: int = 0

    @classmethod
    def parse(cls, numbers: Iterable[str | int | Decimal]) -> "Decimals":
        """Exact decimals from their digits as published. Raises NotNumericError and NotFiniteError."""
        parsed = []
        for row, number in enumerate(numbers):
            try:
                value = Decimal(number)
            except InvalidOperation:
                raise NotNumericError(f"entry {row} is {number!r}, which is no decimal number") from None
            if not value.is_finite():
                raise NotFiniteError(f"entry {row} is {number!r}: remove the row or give the number")
            parsed.append(value.as_tuple())
        exponent = min((int(t.exponent) for t in parsed), default=0)
        integers = []
        for t in parsed:
            digits = int("".join(map(str, t.digits))) * 10 ** (int(t.exponent) - exponent)
            integers.append(-digits if t.sign else digits)
        return cls(tuple(integers), exponent)

    @property
    def scale(self) -> Fraction:
        """10**exponent, exactly."""
        return Fraction(10) ** self.exponent

    def rounded(self, dtype: npt.DTypeLike) -> Array:
        """Each decimal rounded once to the format. Raises OutOfRangeError on overflow or a non-zero that becomes 0."""
        kind = np.dtype(dtype).type
        values = np.array([nearest(n * self.scale, kind) for n in self.integers], dtype=kind)
        lost = np.flatnonzero((values == 0) & np.array([n != 0 for n in self.integers], dtype=bool))
        if lost.size:
            raise OutOfRangeError(
                f"entry {lost[0]}, {self.integers[lost[0]]}e{self.exponent}, underflows to 0 in {np.dtype(kind).name}"
            )
        return values


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

    x of the problem is x of the integer problem times b_scale / column_scales. intercept: index of a constant column.
    """

    A: Array
    b: Array
    column_scales: tuple[Fraction, ...]
    b_scale: Fraction
    intercept: int | None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the numbers: equal problems have equal digests, however they were stated."""
        content = repr(
            (self.A.shape, self.A.ravel().tolist(), self.b.tolist(), self.column_scales, self.b_scale, self.intercept)
        )
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Problem:
    """min |b - A x| as data and a design, so that it is known what was rounded on the way to the matrix.

    data: named columns, the response among them, each exact decimals or stored floats.
    design: how features come from the columns. dtype: the format the data are rounded to and the features formed in.
    cond: the 2-norm condition number the family advertises for the exact design, where it has one.
    planted: the coefficients a generator started from. Decoration: b = A x + r rounded has another solution.

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
        """One column rounded to dtype. Raises OutOfRangeError when a value does not fit the format."""
        values = self.data[name]
        if isinstance(values, Decimals):
            return _read_only(values.rounded(self.dtype))
        with np.errstate(over="ignore"):
            cast = values.astype(self.dtype)
        if not np.isfinite(cast).all() or ((cast == 0) & (values != 0)).any():
            raise OutOfRangeError(f"column {name!r} does not fit the range of {self.dtype}: rescale it")
        return _read_only(cast)

    @cached_property
    def A(self) -> Array:
        """The design matrix (m, n) as a user would build it in dtype; read-only."""
        with np.errstate(over="ignore"):
            A = self.design.features([self.column(name) for name in self.regressors])
        if not np.isfinite(A).all():
            raise OutOfRangeError(f"a feature of {self.name} overflows {self.dtype}: rescale the column")
        return _read_only(A)

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
            columns = [as_integers(self.A[:, j]) for j in range(self.A.shape[1])]
            A = np.stack([integers for integers, _ in columns], axis=1)
            scales = tuple(scale for _, scale in columns)
            b, b_scale = as_integers(self.b)
        elif truth in ("decimal", "data"):
            parts = [self._exact_column(name, truth) for name in self.regressors]
            A = self.design.features([integers for integers, _ in parts])
            scales = self.design.feature_scales([scale for _, scale in parts])
            b, b_scale = self._exact_column(self.response, truth)
        else:
            raise NotNumericError(f"truth must be one of {', '.join(TRUTHS)}; got {truth!r}")
        return IntegerSystem(A, b, scales, b_scale, self._intercept(A))

    def _exact_column(self, name: str, truth: Truth) -> tuple[Array, Fraction]:
        values = self.data[name]
        if truth == "data":
            return as_integers(self.column(name))
        if isinstance(values, Decimals):
            integers = np.empty(len(values.integers), dtype=object)
            integers[:] = values.integers
            return integers, values.scale
        return as_integers(values)

    def _intercept(self, A: Array) -> int | None:
        if self.design.kind != "matrix":
            return 0 if self.design.intercept else None
        constant = [j for j in range(A.shape[1]) if A[0, j] != 0 and (A[:, j] == A[0, j]).all()]
        return constant[0] if constant else None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of data, design and format: what the row of a table refers to."""
        parts: list[Any] = [self.design, self.response, self.dtype]
        for name, values in self.data.items():
            exact = (values.integers, values.exponent) if isinstance(values, Decimals) else as_integers(values)
            parts += [name, exact[0] if isinstance(exact[0], tuple) else exact[0].tolist(), exact[1]]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Fit:
    """What a solver has to say beyond x: numerical rank, iterations, statistics, the orthonormal factor, growth.

    Converts to x under numpy.asarray, so that code that wants only the coefficients need not ask.
    """

    x: Array
    rank: int | None = None
    iterations: int | None = None
    standard_errors: Array | None = None
    r_squared: float | None = None
    Q: Array | None = None
    growth: float | None = None
    note: str = ""

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype, copy=copy)


class Status(Enum):
    """How a solve ended, as a sentence."""

    SOLVED = "solved"
    WARNED = "solved, with a warning"
    RANK_REDUCED = "solved in a smaller space: directions were dropped by a rank cut-off"
    REFUSED = "refused, and said why"
    RAISED = "raised an error that is no refusal"
    NOT_FINITE = "returned a coefficient that is not finite"
    TIMED_OUT = "did not come back within the time limit"
    DIED = "took its process down"

    @property
    def answered(self) -> bool:
        """Whether there are finite coefficients to score."""
        return self in (Status.SOLVED, Status.WARNED, Status.RANK_REDUCED)


@dataclass(frozen=True, eq=False)
class Solution:
    """One solver's answer to one problem, whatever happened: the place where exceptions have become data."""

    x: Array | None
    status: Status
    fit: Fit | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Reference:
    """The certified solution of one truth of a problem.

    x: mpmath numbers, each with relative error below 10**-digits (an x that is exactly 0 is exactly 0).
    residual_norm |b - A x|, standard_errors (None when m == n) and r_squared (centred when there is an intercept; None
    when the total sum of squares is 0) are certified likewise. policy: "full-rank", or which of the solutions of an
    exactly deficient problem this is. scales: |b| / |a_j|, the size of coefficient j, for digits of an exact 0.
    """

    x: tuple[Any, ...]
    digits: int
    truth: Truth
    rank: int
    policy: str
    method: str
    residual_norm: Any
    standard_errors: tuple[Any, ...] | None
    r_squared: Any
    scales: tuple[Any, ...]

    def rounded(self, dtype: npt.DTypeLike = "float64") -> Array:
        """x rounded once to a format. Raises OutOfRangeError on overflow, or when a non-zero underflows."""
        kind = np.dtype(dtype).type
        out = np.zeros(len(self.x), dtype=kind)
        for i, value in enumerate(self.x):
            sign, mantissa, exponent, _ = value._mpf_
            exact = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent
            out[i] = nearest(exact, kind)
            if exact and abs(out[i]) < np.finfo(kind).tiny:
                raise OutOfRangeError(f"coefficient {i} underflows {np.dtype(kind).name}: rescale column {i}")
        return out


@dataclass(frozen=True)
class Measurement:
    """One flat row: what was run, how it ended, and every score, None with a reason where there is none.

    verdict: the measured digits against the law's. cause: what cost the digits where that is known, such as a rank
    cut-off. copy: "published", "permuted 3" or "scaled 3", the exactly equivalent copy that was solved.
    """

    problem: str
    parameters: Mapping[str, Any]
    solver: str
    dtype: str
    works_in: str
    truth: str
    status: str
    note: str
    warnings: tuple[str, ...]
    rank: int | None
    x: tuple[float, ...] | None
    scores: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)
    verdict: str = ""
    cause: str = ""
    seed: int | None = None
    copy: str = "published"
    problem_hash: str = ""
    schema: int = 1

    def __getitem__(self, name: str) -> Any:
        """A score, a parameter of the problem as `problem.NAME`, or a field, by name; None where a row lacks it."""
        if name.startswith("problem."):
            return self.parameters.get(name.removeprefix("problem."))
        return self.scores[name] if name in self.scores else getattr(self, name, None)

    @property
    def answered(self) -> bool:
        """Whether the route returned finite coefficients."""
        return Status[self.status].answered


def checked(A: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Array, Array]:
    """A (m, n) and b (m,) as read-only float arrays, or the error that says what is wrong and the way out.

    Integers become float64 (refused when that would round them); float16, float32, float64 and longdouble stay.
    Raises ShapeError, EmptyError, UnderdeterminedError, NotFiniteError, ComplexError, NotNumericError.
    """
    matrix, right = _real(A, "A"), _real(b, "b")
    if matrix.ndim != 2:
        way = ": pass A.reshape(-1, 1) for a single column" if matrix.ndim == 1 else ""
        raise ShapeError(f"A must have shape (m, n); got {matrix.shape}{way}")
    m, n = matrix.shape
    if m == 0 or n == 0:
        raise EmptyError(f"A must have at least one row and one column; got {matrix.shape}")
    if right.shape != (m,):
        way = ": pass b.ravel()" if right.size == m else ""
        raise ShapeError(f"b must have shape ({m},) to match A {matrix.shape}; got {right.shape}{way}")
    if m < n:
        raise UnderdeterminedError(
            f"A has {m} rows for {n} columns, so that infinitely many x fit: give at least {n} rows, or drop columns"
        )
    for name, values in (("A", matrix), ("b", right)):
        bad = np.argwhere(~np.isfinite(values))
        if bad.size:
            place = ", ".join(map(str, bad[0]))
            raise NotFiniteError(f"{name}[{place}] is {values[tuple(bad[0])]}: remove that row or give the number")
    dtype = np.result_type(matrix, right)
    return _read_only(matrix.astype(dtype)), _read_only(right.astype(dtype))


def _real(values: npt.ArrayLike, name: str) -> Array:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{name} is ragged: {error}") from None
    if array.dtype.kind == "c":
        raise ComplexError(f"{name} is complex; stack real and imaginary parts as rows of a real problem")
    if array.dtype.kind in "biu":
        as_float = array.astype(np.float64)
        if array.dtype.kind != "b" and not (as_float.astype(object) == array.astype(object)).all():
            raise OutOfRangeError(f"{name} holds integers beyond 2**53, which float64 would round: subtract an offset")
        return as_float
    if array.dtype.kind != "f":
        raise NotNumericError(f"{name} must hold real numbers; its dtype is {array.dtype}: pass an array of floats")
    return array


def _read_only(values: Array) -> Array:
    values = np.array(values)
    values.flags.writeable = False
    return values
