"""What a route is asked: a small regression with an intercept, perhaps with weights, sparse, or in another format."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab import bench
from stabilitylab.core.types import Solution, Status
from stabilitylab.data.call_form import CALL_FORMS, takes_weights
from stabilitylab.data.problem import Design, Problem

Numbers: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class SmallProblem:
    """y (m,) on the columns of X, given by rows (m, p), and an intercept.

    weights (m,): of the squares that are added up; None where all are 1. sparse: X goes as scipy.sparse.csr_array.
    dtype: the format of X and y.
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
        """The regression without its weights: a straight line where there is one column, so that any design suits."""
        columns = {f"x{j}": np.array(column) for j, column in enumerate(zip(*self.X, strict=True), 1)}
        design = Design.line() if len(columns) == 1 else Design.columns(intercept=True)
        return Problem("asked", {**columns, "y": np.array(self.y)}, design, source="", format=self.dtype)

    @property
    def by_hand(self) -> Problem:
        """The same for a route that takes no weights: 1, X and y, each row times the root of its weight."""
        roots = np.sqrt(self.weights or np.ones(len(self.y)))
        features = np.column_stack([np.ones(len(self.y)), self.X])
        return Problem.from_matrix("asked", features * roots[:, None], np.array(self.y) * roots)


def unsuited(entry: bench.Route, small: SmallProblem) -> str | None:
    """Why the route cannot be asked this; None where it can."""
    if small.sparse and CALL_FORMS[entry.label.call_form].makes_powers:
        return f"takes a {entry.label.call_form} only"
    return bench.unsuited(entry.label, _problem(entry, small)[0])


def arguments(entry: bench.Route, small: SmallProblem) -> tuple[object, ...]:
    """What the route is called with."""
    problem, weights = _problem(entry, small)
    return CALL_FORMS[entry.label.call_form].arguments(problem, weights=weights, sparse=small.sparse).arguments


@lru_cache(maxsize=4096)
def solve(entry: bench.Route, small: SmallProblem) -> Solution:
    """What the route answers, whatever happens; asked once, since many laws begin with the same problem.

    An error about a sparse matrix refuses it: to take none is no fault.
    """
    problem, weights = _problem(entry, small)
    solution = bench.solve(entry, problem, weights=weights, sparse=small.sparse)
    if small.sparse and solution.status is Status.RAISED:
        return replace(solution, status=Status.REFUSED)
    return solution


def _problem(entry: bench.Route, small: SmallProblem) -> tuple[Problem, Numbers | None]:
    """The problem that the route is asked, and the weights that go with it: in its rows where it takes none."""
    if small.weights is not None and not takes_weights(entry.function):
        return small.by_hand, None
    return small.problem, small.weights
