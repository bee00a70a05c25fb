"""What `lstsq` is given: floats to be taken bit for bit, or exact numbers; checked once, with the way out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
)
from stabilitylab.core.types import TRUTHS, Truth
from stabilitylab.data.problem import Problem
from stabilitylab.data.validation import as_array, check_shapes
from stabilitylab.exact.gram.columns import integer_columns
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.sums import GramSums

EXACT_IN_FLOAT = 2**53


@dataclass(frozen=True, eq=False)
class ExactInput:
    """A (m, n) and b (m,) as they are summed up: in float64, or as Python ints; and what a column's numbers count.

    floats: A and b are float64 (else object arrays of ints). scales (n + 1,): the true column is the numbers times its
    scale; None for ones.
    """

    A: Array
    b: Array
    floats: bool
    scales: tuple[Fraction, ...] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the numbers."""
        found = hashlib.sha256(repr((self.A.shape, self.floats, self.scales)).encode())
        for values in (self.A, self.b):
            found.update(np.ascontiguousarray(values).data if self.floats else repr(values.tolist()).encode())
        return found.hexdigest()


def exact_input(A: Any, b: Any, *, wide: bool = False) -> ExactInput:
    """The numbers of A and b without any rounding: floats of every format, integers, decimals as text, Fractions.

    wide: fewer rows than columns are allowed. Raises the errors of `validation.checked`; integers may have any size.
    """
    matrix, right = _unrounded(A, "A"), _unrounded(b, "b")
    for name, array in (("A", matrix), ("b", right)):
        if array.dtype.kind not in "fbiuOUc" or (array.ndim == 0 and array.dtype.kind == "O"):
            raise NotNumericError(f"{name} must hold real numbers; its dtype is {array.dtype}: pass an array of floats")
    check_shapes(matrix, right, wide=wide)
    if all(array.dtype.kind in "fb" and array.dtype.itemsize <= 8 for array in (matrix, right)):
        return ExactInput(matrix.astype(np.float64, copy=False), right.astype(np.float64, copy=False), True)
    columns = [_exact(column, f"column {j} of A") for j, column in enumerate(matrix.T)] + [_exact(right, "b")]
    return from_integers(columns)


def from_integers(columns: Sequence[tuple[Sequence[int], Fraction]]) -> ExactInput:
    """Columns of integers, b last, each with what it counts."""
    scales = tuple(scale for _, scale in columns)
    values = [np.array([0, *integers], dtype=object)[1:] for integers, _ in columns]
    if all(abs(v) <= EXACT_IN_FLOAT for column in values for v in column):
        floats = [column.astype(np.float64) for column in values]
        return ExactInput(np.stack(floats[:-1], axis=1), floats[-1], True, scales)
    return ExactInput(np.stack(values[:-1], axis=1), values[-1], False, scales)


def exact_input_of(problem: Problem, truth: Truth) -> ExactInput:
    """One of the three truths of a problem, without any rounding."""
    if truth not in TRUTHS:
        raise InputError(f"truth must be one of {', '.join(TRUTHS)}; got {truth!r}")
    powers = problem.design.kind == "polynomial" and problem.design.degree > 1
    # Without powers the stored data are the matrix.
    if (truth == "matrix" or (truth == "data" and not powers)) and problem.dtype != "longdouble":
        return exact_input(problem.A, problem.b)
    system = problem.exact(truth)
    columns = [*zip(system.A.T.tolist(), system.column_scales, strict=True), (system.b.tolist(), system.b_scale)]
    return from_integers(columns)


def with_intercept(data: ExactInput) -> ExactInput:
    """The same with a column of ones in front."""
    ones = np.ones((len(data.b), 1), dtype=data.A.dtype)
    scales = None if data.scales is None else (Fraction(1), *data.scales)
    return ExactInput(np.hstack([ones, data.A]), data.b, data.floats, scales)


def _unrounded(values: Any, name: str) -> Array:
    """values as an array; of a list of mixed types as objects, for NumPy would make them all one type and round."""
    array = as_array(values, name)
    if isinstance(values, list | tuple) and array.size:
        entries = np.array(values, dtype=object)
        kinds = {type(v) for v in entries.ravel().tolist()}
        if entries.shape == array.shape and (len(kinds) > 1 or (kinds == {int} and array.dtype.kind == "f")):
            return entries
    return array


@dataclass(frozen=True, eq=False)
class Weights:
    """One non-negative weight for each row: values (m,), Fractions over powers of two, times unit."""

    values: Array
    unit: Fraction


def exact_weights(weights: npt.ArrayLike | None, rows: int) -> Weights | None:
    """The weights without any rounding. Raises ShapeError, OutOfRangeError, and the errors of `exact_input`."""
    if weights is None:
        return None
    array = _unrounded(weights, "weights")
    if array.dtype.kind == "c":
        raise ComplexError("weights are complex: give numbers of 0 or more")
    if array.shape != (rows,):
        raise ShapeError(f"weights must have shape ({rows},), one for each row; got {array.shape}")
    integers, scale = _exact(array, "weights")
    negative = next((i for i, w in enumerate(integers) if w < 0), None)
    if negative is not None:
        raise OutOfRangeError(f"weights[{negative}] is negative: give weights of 0 or more")
    odd = scale.denominator // (scale.denominator & -scale.denominator)
    values = np.empty(rows, dtype=object)
    values[:] = [w * (scale * odd) for w in integers]
    return Weights(values, Fraction(1, odd))


def feed(sums: GramSums, data: ExactInput, weights: Weights | None = None, sign: int = 1) -> None:
    """Add rows to the sums, or with sign -1 take them away."""
    if data.floats and weights is None:
        sums.feed(data.A, data.b, sign)
        return
    if data.floats:
        columns, exponents = integer_columns(data.A, data.b)
    else:
        columns = np.vstack([data.A.T, data.b])
        exponents = np.zeros(len(columns), dtype=np.int64)
    sums.feed_integers(columns, exponents, None if weights is None else weights.values, sign)


def summed(data: ExactInput, weights: Weights | None = None) -> NormalEquations:
    """The exact normal equations of the data."""
    sums = GramSums(data.A.shape[1] + 1)
    feed(sums, data, weights)
    return sums.normal_equations(data.scales, Fraction(1) if weights is None else weights.unit)


def constant_column(data: ExactInput, weights: Weights | None = None) -> int | None:
    """The first column of A that holds one value, not 0, in every row that counts."""
    A = data.A if weights is None else data.A[weights.values.astype(bool)]
    if len(A) == 0:
        return None
    # A few rows rule out nearly all columns.
    candidates = np.flatnonzero((A[0] != 0) & (A[:: max(1, len(A) // 16)] == A[0]).all(axis=0))
    return next((int(j) for j in candidates if (A[:, j] == A[0, j]).all()), None)


def _exact(column: Array, name: str) -> tuple[Sequence[int], Fraction]:
    """A column as integers times a scale."""
    if column.dtype.kind == "f":
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise NotFiniteError(f"{name} has {column[row]} in row {row}: remove that row or give the number")
        integers, scale = as_integers(column)
        return integers.tolist(), scale
    if column.dtype.kind in "biu":
        return [int(v) for v in column.tolist()], Fraction(1)
    if column.dtype.kind not in "OU":
        raise NotNumericError(f"{name} must hold real numbers; its dtype is {column.dtype}")
    entries = column.tolist()
    if all(type(v) is int for v in entries):
        return entries, Fraction(1)
    if all(isinstance(v, str | int | Decimal | np.integer) for v in entries):
        try:
            decimals = Decimals.parse(entries)
        except (NotNumericError, NotFiniteError, OutOfRangeError) as error:
            raise type(error)(f"{name}: {error}") from None
        return decimals.integers, decimals.scale
    fractions = [_fraction(v, f"{name}, row {i}") for i, v in enumerate(entries)]
    common = lcm(*(v.denominator for v in fractions))
    return [v.numerator * (common // v.denominator) for v in fractions], Fraction(1, common)


def _fraction(value: Any, where: str) -> Fraction:
    if isinstance(value, str | Decimal):
        decimals = Decimals.parse([value])
        return decimals.integers[0] * decimals.scale
    if isinstance(value, complex | np.complexfloating):
        raise ComplexError(f"{where} is {value!r}, complex: stack real and imaginary parts as rows of a real problem")
    try:
        if isinstance(value, np.integer | np.bool_):
            return Fraction(int(value))
        return Fraction(value) if isinstance(value, int | float | Fraction) else Fraction(*value.as_integer_ratio())
    except (TypeError, AttributeError):
        raise NotNumericError(f"{where} is {value!r}, which is no number") from None
    except (ValueError, OverflowError):
        raise NotFiniteError(f"{where} is {value!r}: remove the row or give the number") from None
