"""What a route is asked: a small regression with an intercept, perhaps with weights, sparse, or in another format."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from stabilitylab import bench
from stabilitylab.core.types import Solution, Status
from stabilitylab.data.equivalents import Call, Variant
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


@dataclass(frozen=True)
class _Offered(Variant):
    """The problem as published, X sparse, or with weights behind the other arguments."""

    sparse: bool = False
    weights: Numbers | None = None

    def apply(self, problem: Problem, design: str) -> Call:
        """The arguments, with the way back."""
        arranged = super().apply(problem, design)
        first, *others = arranged.arguments
        if self.sparse:
            first = csr_array(first)
        if self.weights is not None:
            others.append(np.array(self.weights))
        return replace(arranged, arguments=(first, *others))


def unsuited(entry: bench.Route, asked: SmallProblem) -> str | None:
    """Why the route cannot be asked this; None where it can."""
    if asked.sparse and entry.label.design not in ("matrix", "columns"):
        return f"takes a {entry.label.design} only"
    return bench.unsuited(entry.label, _offer(entry, asked)[0])


def arguments(entry: bench.Route, asked: SmallProblem) -> tuple[object, ...]:
    """What the route is called with."""
    problem, copy = _offer(entry, asked)
    return copy.apply(problem, entry.label.design).arguments


@lru_cache(maxsize=4096)
def solve(entry: bench.Route, asked: SmallProblem) -> Solution:
    """What the route answers, whatever happens; asked once, since many laws begin with the same problem.

    An error about a sparse matrix refuses it: to take none is no fault.
    """
    solution = bench.solve(entry, *_offer(entry, asked))
    if asked.sparse and solution.status is Status.RAISED:
        return replace(solution, status=Status.REFUSED)
    return solution


def _offer(entry: bench.Route, asked: SmallProblem) -> tuple[Problem, Variant]:
    by_hand = asked.weights is not None and not takes_weights(entry)
    problem = asked.by_hand if by_hand else asked.problem
    return problem, _Offered(sparse=asked.sparse, weights=None if by_hand else asked.weights)


def takes_weights(entry: bench.Route) -> bool:
    """Whether the entry point has a last parameter `weights` (m,), None by default."""
    return "weights" in inspect.signature(entry.function).parameters
