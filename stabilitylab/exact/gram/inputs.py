"""A, b and weights as exact numbers: floats bit for bit, decimals, integers and Fractions, validated once.

`prepare` does all of it for `lstsq`; an error says what was expected, what came, and what to do.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice, require_one_each
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import ComplexError, InputError, NotNumericError, OutOfRangeError, ShapeError
from stabilitylab.core.types import TRUTHS, Truth
from stabilitylab.data.frames import exact_in_float64
from stabilitylab.data.problem import Problem
from stabilitylab.data.validation import check_shapes, refuse_not_finite, unrounded
from stabilitylab.exact.gram.columns import integer_columns
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.numbers import Parts, Rest, exact_numbers, in_integers, of_integers
from stabilitylab.exact.gram.resolution import Resolutions, as_given, by_rule
from stabilitylab.exact.gram.resolution_of_problem import resolutions_of_problem
from stabilitylab.exact.gram.sums import GramSums


@dataclass(frozen=True, eq=False)
class ExactInput:
    """The numbers of A (m, n) and b (m,) without any rounding: column j of [A b] is the stored numbers times scales[j].

    floats: A and b are float64 arrays, otherwise object arrays of Python ints. scales (n + 1,), b's last; None for
    ones. rest: what is to be added to the floats before they are multiplied by scales; None for nothing. given: how
    exactly the columns are known, by the type they were passed in as (`resolution.as_given`); None for float64
    throughout. A float64 array that was passed in is not copied.
    """

    A: Array
    b: Array
    floats: bool
    scales: tuple[Fraction, ...] | None = None
    rest: Rest | None = None
    given: Resolutions | None = None

    @property
    def resolutions(self) -> Resolutions:
        """How exactly the columns of [A b] are known, by the rule of `gram.resolution`; at most one pass over A."""
        given = self.given or Resolutions.of_floats(self.A.shape[1] + 1)
        return by_rule(self.A, self.b, given, self.scales, rest=self.rest)

    @property
    def parts(self) -> tuple[Array, tuple[int, ...]]:
        """[A rest] (m, n + k), and for each of its columns and for b the column of [A b] that it is a part of."""
        n = self.A.shape[1]
        if self.rest is None:
            return self.A, tuple(range(n + 1))
        return np.hstack([self.A, self.rest.columns]), (*range(n), *self.rest.of, n)

    def rows(self, which: slice | Array) -> "ExactInput":
        """Some of the rows."""
        rest = None if self.rest is None else Rest(self.rest.columns[which], self.rest.of)
        return replace(self, A=self.A[which], b=self.b[which], rest=rest)

    def constant(self, j: int, rows: slice | Array) -> Fraction | None:
        """The number that column j of A has in all of these rows, in the units of the column; None where it varies."""
        columns = [self.A[rows, j]]
        if self.rest is not None:
            columns += [self.rest.columns[rows, k] for k, own in enumerate(self.rest.of) if own == j]
        if not all((column == column[0]).all() for column in columns):
            return None
        return sum((Fraction(column[0]) for column in columns), Fraction(0))

    @property
    def digest(self) -> str:
        """SHA-256 of the numbers and scales, in hexadecimal: equal for equal data, on every machine."""
        # In hexadecimal, for Python refuses to write integers of more than 4300 digits in decimal.
        scales = self.scales and [f"{scale.numerator:x}/{scale.denominator:x}" for scale in self.scales]
        E, of = self.parts
        digest = hashlib.sha256(repr((E.shape, self.floats, scales, of)).encode())
        for values in (E, self.b):
            digest.update(
                np.ascontiguousarray(values).data
                if self.floats
                else " ".join(f"{value:x}" for value in values.ravel().tolist()).encode()
            )
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Weights:
    """One weight of 0 or more for each row: values (m,) times unit; float64, or Fractions over powers of two."""

    values: Array
    unit: Fraction

    @property
    def fractions(self) -> Array:
        """The values as Fractions (m,)."""
        return np.array([None, *map(Fraction, self.values.tolist())], dtype=object)[1:]

    @property
    def total(self) -> float:
        """The sum of the weights, to about u."""
        return float(self.values.astype(np.float64).sum() * float(self.unit))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A regression that has been validated, without any rounding: what `lstsq` solves.

    data: A (m, n), the intercept's column of ones included, and b (m,). weights: None when every row counts once.
    names (n,): of the columns of A. constant: the first column of A that holds one value, not 0, in every row of weight
    above 0, about whose mean R² is then; None when there is no such column.
    """

    data: ExactInput
    weights: Weights | None
    names: tuple[str, ...]
    constant: int | None

    @property
    def is_plain(self) -> bool:
        """Whether A and b are float64 arrays that stand for themselves, without weights."""
        return self.data.floats and self.data.scales is None and self.data.rest is None and self.weights is None


def prepare(
    A: Problem | npt.ArrayLike,
    b: npt.ArrayLike | None = None,
    *,
    truth: Truth = "matrix",
    weights: npt.ArrayLike | None = None,
    intercept: bool = False,
    names: Sequence[str] | None = None,
    wide: bool = False,
) -> Prepared:
    """The regression of b (m,) on A (m, n), or a Problem for one of its truths, with weights (m,) of 0 or more.

    intercept: put a column of ones, named "intercept", in front. names: one for each column of A; by default those of
    the Problem, or a0, a1, ... wide: allow m < n. Cost: one pass over A, without a copy where A is float64.
    Raises InputError for a missing b, a b beside a Problem, another truth than "matrix" for arrays, and a wrong number
    of names; and the errors of `exact_input` and `exact_weights`.
    """
    features = None
    if isinstance(A, Problem):
        if b is not None:
            raise InputError("a Problem brings its own b: call lstsq(problem, truth=...)")
        data = replace(exact_input_of(A, truth), given=resolutions_of_problem(A, truth))
        features = A.feature_names
    elif b is None:
        raise InputError("b is missing: call lstsq(A, b), or lstsq(problem, truth=...)")
    else:
        require_truth_of_arrays(truth)
        data = exact_input(A, b, wide=wide)
    labels = column_names(names, features, data.A.shape[1])
    if intercept:
        data, labels = with_intercept(data), ("intercept", *labels)
    weighing = exact_weights(weights, len(data.b))
    return Prepared(data, weighing, labels, 0 if intercept else constant_column(data, weighing))


def require_truth_of_arrays(truth: Truth) -> None:
    """Raise InputError unless the truth is "matrix", the only one that arrays have: as they are, without rounding."""
    if truth != "matrix":
        raise InputError(
            f"truth is a question about a Problem, not about arrays, which are taken exactly as they are (decimals are "
            f"text or Decimal): leave it out; got {truth!r}"
        )


def column_names(names: Sequence[str] | None, features: tuple[str, ...] | None, n: int) -> tuple[str, ...]:
    """The names of n columns: those given, else those of the features, else a0, a1, ... Raises InputError."""
    labels = tuple(map(str, names)) if names is not None else features or tuple(f"a{j}" for j in range(n))
    require_one_each("names", labels, n, "columns")
    return labels


def exact_input(A: Any, b: Any, *, wide: bool = False) -> ExactInput:
    """A (m, n) and b (m,) without any rounding: floats of every format, integers of any size, decimals, Fractions.

    Decimals are text or Decimal. wide: allow m < n. NaN and infinity in float64 arrays are met when they are summed.
    Raises ComplexError, EmptyError, NotFiniteError, NotNumericError, ShapeError, and UnderdeterminedError unless wide.
    """
    matrix, right = unrounded(A, "A"), unrounded(b, "b")
    for name, array in (("A", matrix), ("b", right)):
        if array.dtype.kind not in "fbiuOUc" or (array.ndim == 0 and array.dtype.kind == "O"):
            raise NotNumericError(f"{name} must hold real numbers; its dtype is {array.dtype}: pass an array of floats")
    check_shapes(matrix, right, wide=wide)
    if all(map(exact_in_float64, (matrix, right))):
        plain = {matrix.dtype, right.dtype} == {np.dtype(np.float64)}
        given = None if plain else as_given([*[matrix] * matrix.shape[1], right], [Fraction(1)] * (matrix.shape[1] + 1))
        floats = [array.astype(np.float64, copy=False) for array in (matrix, right)]
        return ExactInput(floats[0], floats[1], True, given=given)
    columns = [*(exact_numbers(a, f"column {j} of A") for j, a in enumerate(matrix.T)), exact_numbers(right, "b")]
    return from_parts(columns, as_given([*matrix.T, right], [scale for _, scale in columns]))


def from_parts(columns: Sequence[tuple[Parts, Fraction]], given: Resolutions | None = None) -> ExactInput:
    """The columns of [A b], b's last, each as parts (see `numbers`) and a scale: all in Python ints if one is."""
    floats = all(parts[0].dtype == np.float64 for parts, _ in columns)
    if not floats:
        columns = [in_integers(parts, scale) for parts, scale in columns]
    scales = tuple(scale for _, scale in columns)
    rest = [(part, j) for j, (parts, _) in enumerate(columns) for part in parts[1:] if part.any()]
    leading = [parts[0] for parts, _ in columns]
    return ExactInput(
        np.stack(leading[:-1], axis=1),
        leading[-1],
        floats,
        None if floats and all(scale == 1 for scale in scales) else scales,
        Rest(np.stack([part for part, _ in rest], axis=1), tuple(j for _, j in rest)) if rest else None,
        given,
    )


def from_integers(columns: Sequence[tuple[Sequence[int], Fraction]], given: Resolutions | None = None) -> ExactInput:
    """The columns of [A b], b's last, each as integers and a scale."""
    return from_parts([(of_integers(integers), scale) for integers, scale in columns], given)


def exact_input_of(problem: Problem, truth: Truth) -> ExactInput:
    """One of the three truths of a Problem (`core.types.TRUTHS`) without any rounding. Raises InputError."""
    require_choice("truth", truth, TRUTHS)
    # Where forming the features rounds nothing, the matrix is the data; float64 holds all formats but the wider ones.
    if (truth == "matrix" or (truth == "data" and problem.design.stored)) and problem.format.precision <= 53:
        return exact_input(problem.A, problem.b)
    system = problem.exact(truth)
    columns = [*zip(system.A.T.tolist(), system.column_scales, strict=True), (system.b.tolist(), system.b_scale)]
    return from_integers(columns)


def with_intercept(data: ExactInput) -> ExactInput:
    """The same regression with a column of ones in front of A, which is copied."""
    ones = np.ones((len(data.b), 1), dtype=data.A.dtype)
    scales = None if data.scales is None else (Fraction(1), *data.scales)
    rest = None if data.rest is None else Rest(data.rest.columns, tuple(j + 1 for j in data.rest.of))
    given = None if data.given is None else data.given.with_first()
    return ExactInput(np.hstack([ones, data.A]), data.b, data.floats, scales, rest, given)


def exact_weights(weights: npt.ArrayLike | None, rows: int) -> Weights | None:
    """The weights (rows,) without any rounding, None for None.

    Raises ShapeError, OutOfRangeError for a negative weight, ComplexError, NotFiniteError and NotNumericError.
    """
    if weights is None:
        return None
    array = unrounded(weights, "weights")
    if array.dtype.kind == "c":
        raise ComplexError("weights are complex: give numbers of 0 or more")
    if array.shape != (rows,):
        raise ShapeError(f"weights must have shape ({rows},), one for each row; got {array.shape}")
    parts, unit = exact_numbers(array, "weights")
    values = parts[0] if len(parts) == 1 else in_integers(parts, unit)[0][0]
    if (values < 0).any():
        raise OutOfRangeError(f"weights[{int(np.argmax(values < 0))}] is negative: give weights of 0 or more")
    return Weights(values, unit)


def feed(
    sums: GramSums,
    data: ExactInput,
    weights: Weights | None = None,
    sign: int = 1,
    factors: Sequence[int] | None = None,
) -> None:
    """Add the rows of the data to the sums, or with sign -1 take them away; column j of [A b] times factors[j].

    Scales are not applied: the sums are in the units of the stored numbers. Raises NotFiniteError, UntrustedBLASError,
    and then leaves the sums as they were.
    """
    if data.floats and factors is None and (weights is None or weights.values.dtype == np.float64):
        if data.rest is None and weights is None:
            sums.feed(data.A, data.b, sign)
        else:
            E, of = data.parts
            sums.feed_parts(E, data.b, of, None if weights is None else weights.values, sign)
        return
    if data.floats:
        for name, values in (("A", data.A), ("b", data.b)):
            refuse_not_finite(values, name)
        E, of = data.parts
        columns, exponents = integer_columns(E, data.b, of)
    else:
        columns = np.vstack([data.A.T, data.b])
        exponents = np.zeros(len(columns), dtype=np.int64)
    if factors is not None:
        columns = np.stack([column * factor for column, factor in zip(columns, factors, strict=True)])
    sums.feed_integers(columns, exponents, None if weights is None else weights.fractions, sign)


def summed(data: ExactInput, weights: Weights | None = None) -> NormalEquations:
    """The exact normal equations of the data."""
    sums = GramSums(data.A.shape[1] + 1)
    feed(sums, data, weights)
    return sums.normal_equations(data.scales, Fraction(1) if weights is None else weights.unit)


def constant_column(data: ExactInput, weights: Weights | None = None) -> int | None:
    """The first column of A that holds one value, not 0, in every row of weight above 0; None without one."""
    rows = slice(None) if weights is None else weights.values.astype(bool)
    A = data.A[rows]
    if len(A) == 0:
        return None
    # A few rows rule out nearly all columns.
    candidates = np.flatnonzero((A[0] != 0) & (A[:: max(1, len(A) // 16)] == A[0]).all(axis=0))
    return next((int(j) for j in candidates if data.constant(int(j), rows) is not None), None)
