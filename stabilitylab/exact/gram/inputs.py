"""A, b and weights as exact numbers: floats bit for bit, decimals, integers and Fractions, validated once.

`prepare` does all of it for `lstsq`; an error says what was expected, what came, and what to do.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice, require_one_each, require_own_names
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
    UnderdeterminedError,
)
from stabilitylab.core.types import TRUTHS, Truth
from stabilitylab.data.frames import distinct
from stabilitylab.data.index import refuse_misaligned
from stabilitylab.data.places import Places
from stabilitylab.data.problem import Problem
from stabilitylab.data.validation import given
from stabilitylab.exact.gram.columns import integer_columns
from stabilitylab.exact.gram.exact_input import Called, joined_blocks, with_intercept
from stabilitylab.exact.gram.exact_input import ExactInput as ExactInput
from stabilitylab.exact.gram.exact_input import from_integers as from_integers
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.numbers import exact_numbers, in_integers
from stabilitylab.exact.gram.reading import exact_input as exact_input
from stabilitylab.exact.gram.reading import read
from stabilitylab.exact.gram.resolution import Resolutions, by_rule
from stabilitylab.exact.gram.resolution_of_problem import resolutions_of_problem
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.solve.interval import quotient

INTERCEPT = "puts a column of ones in front"


@dataclass(frozen=True, eq=False)
class Weights:
    """One weight of 0 or more for each row: values (m,) times unit; float64, or Fractions over powers of two."""

    values: Array
    unit: Fraction

    @property
    def fractions(self) -> Array:
        """The values as Fractions (m,)."""
        return np.array([None, *map(Fraction, self.values.tolist())], dtype=object)[1:]

    def rows(self, which: slice) -> "Weights":
        """Those of some of the rows."""
        return replace(self, values=self.values[which])

    @property
    def total(self) -> float:
        """The sum of the weights, to about u."""
        if self.values.dtype == object:
            return quotient(*(Fraction(sum(self.values.tolist())) * self.unit).as_integer_ratio())
        with np.errstate(over="ignore"):
            total = float(self.values.sum())
        return quotient(*(Fraction(total) * self.unit).as_integer_ratio()) if isfinite(total) else inf


@dataclass(frozen=True, eq=False)
class Prepared:
    """Regressions on one A that have been validated, without any rounding: what `lstsq` solves.

    inputs: A (m, n), the intercept's column of ones included, and b (m,), one for each target. weights: None when every
    row counts once. names (n,): of the columns of A. targets: the names of the targets. constant: the first column of A
    that holds one value, not 0, in every row of weight above 0, about whose mean R² is then; None when there is no such
    column.
    """

    inputs: tuple[ExactInput, ...]
    weights: Weights | None
    names: tuple[str, ...]
    targets: tuple[str, ...]
    constant: int | None

    @property
    def data(self) -> ExactInput:
        """The first regression, mostly the only one."""
        return self.inputs[0]

    @property
    def is_plain(self) -> bool:
        """Whether there is one target, and A and b are float64 arrays that stand for themselves, without weights."""
        data = self.data
        stands = data.floats and data.scales is None and data.rest is None and not data.is_sparse
        return len(self.inputs) == 1 and stands and self.weights is None


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
    """The regressions of b (m,) or (m, k) on A (m, n), or a Problem for one of its truths, with weights (m,).

    weights: of 0 or more. intercept: put a column of ones, named "intercept", in front. names: one for each column of
    A; by default those of the table, the Problem, or a0, a1, ... wide: allow m < n. Cost: one pass over A, without a
    copy where A is float64.
    Raises InputError for a missing b, a b beside a Problem, another truth than "matrix" for arrays, a wrong number of
    names and one that is given twice; and the errors of `reading.read` and `exact_weights`.
    """
    if isinstance(A, Problem):
        if b is not None:
            raise InputError("a Problem brings its own b: call lstsq(problem, truth=...)")
        inputs: tuple[ExactInput, ...] = (
            replace(exact_input_of(A, truth), given=resolutions_of_problem(A, truth), called=called_in(A)),
        )
        features: tuple[str, ...] = A.feature_names
        targets: tuple[str, ...] = (A.response,)
    elif b is None:
        raise InputError("b is missing: call lstsq(A, b), or lstsq(problem, truth=...)")
    else:
        require_truth_of_arrays(truth)
        taken = read(A, b, wide=wide)
        inputs, features, targets = taken.inputs, taken.features, taken.targets
        refuse_misaligned(A, weights, "weights")
        refuse_misaligned(b, weights, "weights", "b")
    labels = column_names(names, features, inputs[0].A.shape[1], intercept=intercept)
    if intercept:
        refuse_too_few_rows(*inputs[0].A.shape, wide=wide)
        inputs = with_intercept(inputs)
    weighing = exact_weights(weights, len(inputs[0].b))
    if weighing is not None and not weighing.values.any():
        raise InputError("every weight is 0, so that no row counts: give some row a weight above 0")
    constant = 0 if intercept else constant_column(inputs[0], weighing)
    return Prepared(inputs, weighing, labels, targets, constant)


def refuse_too_few_rows(m: int, n: int, *, wide: bool) -> None:
    """Raise UnderdeterminedError for fewer rows than n columns and an intercept, unless wide."""
    if m <= n and not wide:
        raise UnderdeterminedError(
            f"A has {m} row{'s' * (m != 1)} for {n + 1} coefficients, that of the intercept among them: give at least "
            f"{n + 1} rows, or drop columns"
        )


def called_in(problem: Problem) -> Called:
    """What errors call the entries of a Problem's matrix and response."""
    return Called(Places("A", problem.feature_names), Places("b", (problem.response,)))


def require_truth_of_arrays(truth: Truth) -> None:
    """Raise InputError unless the truth is "matrix", the only one that arrays have: as they are, without rounding."""
    if truth != "matrix":
        raise InputError(
            f"truth is a question about a Problem, not about arrays, which are taken exactly as they are (decimals are "
            f"text or Decimal): leave it out; got {truth!r}"
        )


def column_names(
    names: Sequence[str] | None, features: tuple[str, ...] | None, n: int, *, intercept: bool = False
) -> tuple[str, ...]:
    """The names of n columns: those given, else those of the features, else a0, a1, ... Raises InputError.

    intercept: with "intercept" in front, of which a feature of that name is told apart.
    """
    if isinstance(names, Set) or not (names is None or isinstance(names, Iterable)):
        raise InputError(f"names must be a list of names, in the order of the columns; got {type(names).__name__}")
    if isinstance(names, str) and len(names) != n:  # one letter each is a short way to write them
        raise InputError(f"names must be a list of names; got {names!r}: write names={[names]!r}")
    labels = tuple(map(str, names)) if names is not None else features or tuple(f"a{j}" for j in range(n))
    require_one_each("names", labels, n, "columns")
    if names is not None:
        require_own_names("names", labels)
        if intercept and "intercept" in labels:
            raise InputError("names hold 'intercept', the name of the column of ones that is put in front: rename it")
    if not intercept:
        return labels
    return ("intercept", *labels) if names is not None else distinct(["intercept", *labels])


def exact_input_of(problem: Problem, truth: Truth) -> ExactInput:
    """One of the three truths of a Problem (`core.types.TRUTHS`) without any rounding. Raises InputError."""
    require_choice("truth", truth, TRUTHS)
    # Where forming the features rounds nothing, the matrix is the data; float64 holds all formats but the wider ones.
    if (truth == "matrix" or (truth == "data" and problem.design.stored)) and problem.format.precision <= 53:
        return exact_input(problem.A, problem.b)
    system = problem.exact(truth)
    columns = [*zip(system.A.T.tolist(), system.column_scales, strict=True), (system.b.tolist(), system.b_scale)]
    return from_integers(columns)


def exact_weights(weights: npt.ArrayLike | None, rows: int) -> Weights | None:
    """The weights (rows,) without any rounding, None for None.

    Raises ShapeError, OutOfRangeError for a negative weight, ComplexError, NotFiniteError and NotNumericError.
    """
    if weights is None:
        return None
    taken = given(weights, "weights")
    array = taken.whole
    if array.dtype.kind in "Mm":
        raise NotNumericError(f"weights are times, of type {array.dtype}: give numbers of 0 or more")
    if array.dtype.kind == "c":
        raise ComplexError("weights are complex: give numbers of 0 or more")
    if array.shape != (rows,):
        raise ShapeError(f"weights must have shape ({rows},), one for each row; got {array.shape}")
    parts, unit = exact_numbers(array, taken.places)
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
        try:
            if data.rest is None and weights is None:
                sums.feed(data.A, data.b, sign)
            else:
                E, of = data.parts
                sums.feed_parts(E, data.b, of, None if weights is None else weights.values, sign)
            return
        except NotFiniteError as error:
            unnamed = error
        data.refuse_not_finite()  # in the user's words
        raise unnamed
    if data.floats:
        data.refuse_not_finite()
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
    return summed_together([data], weights)


def summed_together(inputs: Sequence[ExactInput], weights: Weights | None = None) -> NormalEquations:
    """The exact normal equations of [A b_0 ... b_(k-2)] and b_(k-1), for regressions on one A."""
    k = len(inputs)
    sums = GramSums(inputs[0].A.shape[1] + k)
    scales = inputs[0].scales
    for rows, block in joined_blocks(inputs):
        feed(sums, block, None if weights is None else weights.rows(rows))
        scales = block.scales
    return sums.normal_equations(scales, Fraction(1) if weights is None else weights.unit)


def resolutions_of(inputs: Sequence[ExactInput], weights: Weights | None = None) -> tuple[Resolutions, ...]:
    """How exactly the columns of [A b] are known, for each of several regressions on one A: one pass over A for all.

    By the rows of weight above 0.
    """
    if weights is not None:
        counted = weights.values.astype(bool)
        inputs = [data.rows(counted) for data in inputs]
    if len(inputs) == 1:
        return (inputs[0].resolutions,)
    n, found = inputs[0].A.shape[1], None
    for _, block in joined_blocks(inputs):
        known = block.given or Resolutions.of_floats(n + len(inputs))
        found = by_rule(block.A, block.b, known, block.scales, found, block.rest)
    if found is None:  # no row counts
        return tuple(data.resolutions for data in inputs)
    return tuple(found.picked([*range(n), n + k]) for k in range(len(inputs)))


def constant_column(data: ExactInput, weights: Weights | None = None) -> int | None:
    """The first column of A that holds one value, not 0, in every row of weight above 0; None without one."""
    rows = slice(None) if weights is None else weights.values.astype(bool)
    A = data.A[rows]
    if A.shape[0] == 0:
        return None
    if data.is_sparse:
        least, most = (_dense_row(A.min(axis=0)), _dense_row(A.max(axis=0)))
        candidates = np.flatnonzero((least == most) & (least != 0))
    else:
        # A few rows rule out nearly all columns.
        candidates = np.flatnonzero((A[0] != 0) & (A[:: max(1, len(A) // 16)] == A[0]).all(axis=0))
    return next((int(j) for j in candidates if data.constant(int(j), rows) is not None), None)


def _dense_row(values: Any) -> Array:
    return np.asarray(values.toarray()).ravel()
