"""How a route is called: with a matrix, columns beside an intercept, a line, a polynomial, a penalty.

A label names its call form; all arrays that routes are called with are made here.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import times_powers_of_two
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import Fit
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.penalty import Penalty, penalty_in
from stabilitylab.data.problem import Problem


@dataclass(frozen=True, eq=False)
class Call:
    """What a route is called with, and the permutation and exponents that lead its answer back.

    A (m, n), b (m,): of the least-squares problem that the call asks, the square roots of weights multiplied in.
    """

    arguments: tuple[Any, ...]
    columns: Array
    exponents: Array
    A: Array
    b: Array

    def back(self, fit: Fit) -> Array:
        """x (n,) in the order and scale of the problem as published."""
        x = fit.x.copy()
        x[self.columns] = fit.x
        return times_powers_of_two(x, self.exponents)


class CallForm(ABC):
    """One way of calling a route; name: as labels declare it."""

    name: str
    makes_powers: bool
    """Whether the route is given x and makes the matrix itself."""
    takes: str = ""
    """What it takes, in words, where its name does not say it."""

    @abstractmethod
    def accepts(self, problem: Problem) -> bool:
        """Whether a route called so can be asked this problem."""

    @abstractmethod
    def of_matrix(self, A: Array, b: Array, *, intercept: bool) -> tuple[Any, ...]:
        """The arguments for min |b - A x|, A (m, n), b (m,), in fresh arrays.

        intercept: the first column of A is the ones of an intercept. Of a line and a polynomial, A is [1, x, ...].
        """

    def arguments(
        self,
        problem: Problem,
        variant: Variant = PUBLISHED,
        *,
        weights: Sequence[float] | None = None,
        sparse: bool = False,
    ) -> Call:
        """The call that asks a variant of a problem, its arrays fresh.

        weights (m,): of the squares, a last argument. sparse: the matrix goes as scipy.sparse.csr_array.
        """
        arranged = variant.arranged(problem, free_columns=not self.makes_powers, fixed=self.fixed(problem))
        first, *others = self.of_matrix(arranged.A, arranged.b, intercept=problem.design.intercept)
        if sparse:
            from scipy.sparse import csr_array  # it takes a while to import

            first = csr_array(first)
        A, b = arranged.A, arranged.b
        if weights is not None:
            others.append(np.array(weights)[arranged.rows])
            roots = np.sqrt(others[-1])
            A, b = A * roots[:, None], b * roots
        return Call((first, *others), arranged.columns, arranged.exponents, A, b)

    def fixed(self, problem: Problem) -> int:
        """How many columns at the front are the route's own, and stay where they are."""
        return 0


class MatrixForm(CallForm):
    """(A, b)."""

    name, makes_powers = "matrix", False

    def accepts(self, problem: Problem) -> bool:
        """Every problem has a matrix."""
        return True

    def of_matrix(self, A: Array, b: Array, *, intercept: bool) -> tuple[Any, ...]:
        """The matrix as it is."""
        return A.copy(), b.copy()


class ColumnsForm(CallForm):
    """(X, y, intercept): the columns without the ones that intercept stands for."""

    name, makes_powers = "columns", False

    def accepts(self, problem: Problem) -> bool:
        """Every problem has columns."""
        return True

    def of_matrix(self, A: Array, b: Array, *, intercept: bool) -> tuple[Any, ...]:
        """Without the column of ones."""
        return np.array(A[:, int(intercept) :], order="C"), np.array(b), bool(intercept)

    def fixed(self, problem: Problem) -> int:
        """Where the intercept is asked for, its column of ones is the library's own, and first."""
        return int(problem.design.intercept)


class LineForm(CallForm):
    """(x, y), of a straight line."""

    name, makes_powers = "line", True

    def accepts(self, problem: Problem) -> bool:
        """A polynomial of degree 1."""
        return problem.design.degree == 1

    def of_matrix(self, A: Array, b: Array, *, intercept: bool) -> tuple[Any, ...]:
        """The column beside the ones."""
        return np.array(A[:, 1], order="C"), np.array(b)


class PolynomialForm(CallForm):
    """(x, y, degree)."""

    name, makes_powers = "polynomial", True

    def accepts(self, problem: Problem) -> bool:
        """Powers of one column, up to the first at least."""
        return problem.design.degree is not None

    def of_matrix(self, A: Array, b: Array, *, intercept: bool) -> tuple[Any, ...]:
        """The column beside the ones, and how many powers there are."""
        return np.array(A[:, 1], order="C"), np.array(b), A.shape[1] - 1


class RidgeForm(CallForm):
    """(X, y, intercept, penalty), of min |y - X x|² + penalty |x|²: as in ColumnsForm, the intercept without penalty.

    The problem is one whose last rows are sqrt(penalty) I (see `data.penalty`), which the route is not given.
    """

    name, makes_powers = "ridge", False
    takes = "problems with a penalty (problems.penalised)"

    def accepts(self, problem: Problem) -> bool:
        """A matrix whose last rows are a penalty."""
        return problem.design.stored and penalty_in(problem.A, problem.b) is not None

    def of_matrix(self, A: Array, b: Array, *, intercept: bool) -> tuple[Any, ...]:
        """Without the rows of the penalty, nor the column of ones that has none."""
        found = _found(penalty_in(A, b))
        X, y = A[: found.rows, int(found.intercept) :], b[: found.rows]
        return np.array(X, order="C"), np.array(y), found.intercept, found.root**2

    def arguments(
        self,
        problem: Problem,
        variant: Variant = PUBLISHED,
        *,
        weights: Sequence[float] | None = None,
        sparse: bool = False,
    ) -> Call:
        """As in CallForm. A scaled variant has one factor 2**k for all columns but the intercept's, and 4**k.

        Raises InputError for weights, which are of rows that the route is not given.
        """
        if weights is not None:
            raise InputError("a problem with a penalty takes no weights: multiply its rows by their square roots")
        found = _found(penalty_in(problem.A, problem.b))
        arranged = variant.arranged(problem, fixed=int(found.intercept), alike=True)
        data = arranged.rows < found.rows
        X, y = arranged.A[data, int(found.intercept) :], arranged.b[data]
        if sparse:
            from scipy.sparse import csr_array  # it takes a while to import

            X = csr_array(X)
        penalty = float(np.ldexp(found.root, arranged.exponents[-1])) ** 2
        called = X, y, found.intercept, penalty
        return Call(called, arranged.columns, arranged.exponents, arranged.A, arranged.b)


def _found(penalty: Penalty | None) -> Penalty:
    if penalty is None:
        raise InputError("the last rows are no penalty: make such a problem with problems.penalised(problem, penalty)")
    return penalty


CALL_FORMS: Mapping[str, CallForm] = {
    form.name: form for form in (MatrixForm(), ColumnsForm(), LineForm(), PolynomialForm(), RidgeForm())
}
"""Every call form by its name."""


def call_form(name: str) -> CallForm:
    """The call form of that name. Raises UnknownNameError, with the names there are."""
    if name not in CALL_FORMS:
        raise UnknownNameError(f"no call form is named {name!r}: {did_you_mean(name, CALL_FORMS, plural='call forms')}")
    return CALL_FORMS[name]


def takes_weights(function: Callable[..., Any]) -> bool:
    """Whether an entry point has a last parameter `weights` (m,), None by default."""
    return "weights" in inspect.signature(function).parameters
