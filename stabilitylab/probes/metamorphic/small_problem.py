"""The small regressions that metamorphic laws are tested on, and how a route is called with one.

Each has an intercept, and may have weights, a sparse matrix, or another floating-point format than float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab import bench
from stabilitylab.core.types import Solution, Status
from stabilitylab.data.call_form import call_form, takes_weights
from stabilitylab.data.problem import Design, Problem

Numbers: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class SmallProblem:
    """min over (x_0, x) of sum_i weights_i (y_i - x_0 - X_i x)**2: y (m,) on the columns of X (m, p) and an intercept.

    X: a tuple of rows. weights (m,): None where all are 1. sparse: X is passed as a scipy.sparse.csr_array. dtype: the
    format of X and y.
    """

    X: tuple[Numbers, ...]
    y: Numbers
    weights: Numbers | None = None
    sparse: bool = False
    dtype: str = "float64"

    @classmethod
    def of(cls, X: npt.ArrayLike, y: npt.ArrayLike, *, weights: Sequence[float] | None = None) -> "SmallProblem":
        """From arrays X (m, p), y (m,)."""
        rows = tuple(tuple(row) for row in np.asarray(X, dtype=float).tolist())
        return cls(rows, tuple(np.asarray(y, dtype=float).tolist()), None if weights is None else tuple(weights))

    @property
    def problem(self) -> Problem:
        """The regression without its weights; a straight line where p = 1, since routes of every call form take that.

        Its columns are named x1, ..., xp and y.
        """
        columns = {f"x{j}": np.array(column) for j, column in enumerate(zip(*self.X, strict=True), 1)}
        design = Design.line() if len(columns) == 1 else Design.columns(intercept=True)
        return Problem("small", {**columns, "y": np.array(self.y)}, design, source="", format=self.dtype)

    @property
    def weighted_system(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """A = W [1, X] (m, p+1) and b = W y (m,), W the diagonal matrix of the square roots of the weights."""
        roots = np.sqrt(self.weights or np.ones(len(self.y)))
        A = np.column_stack([np.ones(len(self.y)), self.X])
        return A * roots[:, None], np.array(self.y) * roots

    @property
    def weighted_by_hand(self) -> Problem:
        """The same minimiser for a route that takes no weights: `weighted_system`, as a matrix."""
        return Problem.from_matrix("small", *self.weighted_system)


def unsuited(entry: bench.Route, small: SmallProblem) -> str | None:
    """Why the route does not take this problem; None where it does."""
    if small.sparse and call_form(entry.label.call_form).makes_powers:
        return f"takes a {entry.label.call_form} only"
    return bench.unsuited(entry.label, _problem(entry, small)[0])


def arguments(entry: bench.Route, small: SmallProblem) -> tuple[object, ...]:
    """The arguments that the route is called with, as its call form arranges them."""
    problem, weights = _problem(entry, small)
    return call_form(entry.label.call_form).arguments(problem, weights=weights, sparse=small.sparse).arguments


@lru_cache(maxsize=4096)
def solve(entry: bench.Route, small: SmallProblem) -> Solution:
    """The route's solution, failures included; cached, since several laws start from the same problem.

    An error on a sparse matrix counts as a refusal: a route need not take sparse matrices.
    """
    problem, weights = _problem(entry, small)
    solution = bench.solve(entry, problem, weights=weights, sparse=small.sparse)
    if small.sparse and solution.status is Status.RAISED:
        return replace(solution, status=Status.REFUSED)
    return solution


def _problem(entry: bench.Route, small: SmallProblem) -> tuple[Problem, Numbers | None]:
    """The problem to call the route with, and the weights to pass; None where its rows are weighted by hand."""
    if small.weights is not None and not takes_weights(entry.function):
        return small.weighted_by_hand, None
    return small.problem, small.weights
