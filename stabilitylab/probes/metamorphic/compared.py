"""A law put to a route on one small problem: how far its two answers are apart, and how far they may be."""

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.bench.run import Route
from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.types import Fit, Solution, Status
from stabilitylab.probes.metamorphic.laws import Law, Pair
from stabilitylab.probes.metamorphic.small_problem import solve, unsuited
from stabilitylab.scoring.theory.condition import conditioning

Rows: TypeAlias = tuple[tuple[int, ...], ...]

WELL_POSED = 1e3  # relative sensitivity up to which a problem is asked
TOLERANCE = 1e-6  # what every route is allowed, iterative ones by their own tolerances
ROUNDINGS = 100.0  # units of u times sensitivity that a stable route may be off


@dataclass(frozen=True)
class Instance:
    """Small integers, by rows the columns of X and then y, and the exponent k of a law."""

    exponent: int
    rows: Rows

    @property
    def X(self) -> Array:
        """(m, p)."""
        return np.array(self.rows, dtype=float)[:, :-1]

    @property
    def y(self) -> Array:
        """(m,)."""
        return np.array(self.rows, dtype=float)[:, -1]


@dataclass(frozen=True)
class LawComparison:
    """apart: the largest difference of two coefficients relative to the larger, or by how much R² fell.

    apart is None where an answer is missing. allowed: what rounding and tolerances excuse. solution: the answer to the
    other problem, or that to the one where it is the one that says that something was wrong.
    """

    apart: float | None
    allowed: float
    solution: Solution

    @property
    def broken(self) -> bool:
        """Whether the route breaks the law."""
        return self.apart is not None and self.apart > self.allowed


@lru_cache(maxsize=4096)
def sensitivity(rows: Rows) -> float:
    """max_i S_i / |x_i|, S_i of `theory.condition`: the most that relative changes of columns can do to a coefficient.

    The units of the columns do not count. Infinite where columns depend on one another, where there are no more rows
    than coefficients, and where a coefficient is 0.
    """
    case = Instance(0, rows)
    A = np.column_stack([np.ones(len(rows)), case.X])
    if len(rows) <= A.shape[1] or np.linalg.matrix_rank(A) < A.shape[1]:
        return float("inf")
    found = conditioning(A, case.y)
    if not found.x.all():
        return float("inf")
    return float(np.max(found.worst_columnwise / np.abs(found.x)))


@lru_cache(maxsize=4096)
def widths(entry: Route, law: Law) -> tuple[int, ...]:
    """The numbers of columns, 1 or 2, of problems on which the law can be put to the route."""

    def suited(width: int) -> bool:
        pair = law.pair(np.eye(width + 2, width), np.ones(width + 2), 0)
        return not any(unsuited(entry, asked) for asked in (pair.one, pair.other) if asked)

    return tuple(width for width in (1, 2) if width >= law.columns and suited(width))


def compare(entry: Route, law: Law, case: Instance) -> LawComparison:
    """Ask both, and compare.

    |x_i - z_i| / max(|x_i|, |z_i|) may be TOLERANCE + ROUNDINGS u sensitivity, u of the format that the route works in
    or that of the answers where that is coarser.
    """
    pair = law.pair(case.X, case.y, case.exponent)
    allowed = TOLERANCE + ROUNDINGS * _roundoff(entry, pair) * sensitivity(case.rows) * pair.harder
    one = solve(entry, pair.one)
    if pair.other is None:
        return LawComparison(_apart(pair, one, one), allowed, one)
    other = solve(entry, pair.other)
    spoke = one.status is not Status.SOLVED and other.status is Status.SOLVED
    return LawComparison(_apart(pair, one, other), allowed, one if spoke else other)


def _roundoff(entry: Route, pair: Pair) -> float:
    formats = {entry.label.works_in} - {"input"} | {asked.dtype for asked in (pair.one, pair.other) if asked}
    return max(map(unit_roundoff, formats))


def _apart(pair: Pair, one: Solution, other: Solution) -> float | None:
    if not (one.status.answered and other.status.answered):
        return None
    if pair.other is None:
        return _relative(_coefficients(one, pair.of), np.array(pair.factors))
    if pair.fit:
        before, after = (r_squared(s.fit, a.X, a.y) for a, s in ((pair.one, one), (pair.other, other)))
        return max(0.0, before - after)
    with np.errstate(over="ignore"):
        carried = _coefficients(other, pair.to) * pair.factors
    return _relative(_coefficients(one, pair.of), carried)


def _coefficients(solution: Solution, which: tuple[int, ...]) -> Array:
    return np.asarray(solution.x, dtype=float)[list(which)]


def _relative(x: Array, z: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(x - z) / np.maximum(np.abs(x), np.abs(z))
    # 0 / 0 is no difference, and what overflowed on the way is as different as can be.
    return float(np.max(np.where(x == z, 0.0, np.nan_to_num(difference, nan=1.0, posinf=2.0))))


def r_squared(fit: Any, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """R² of y (m,) on the columns of X (m, p) and an intercept, as a Fit reports it, or else of its coefficients."""
    reported = fit.r_squared if isinstance(fit, Fit) else None
    if reported is not None and np.isfinite(reported):
        return float(reported)
    X, y, x = np.asarray(X, dtype=float), np.asarray(y, dtype=float), np.asarray(fit, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        residual = y - x[0] - X @ x[1:]
        found = float(1 - residual @ residual / np.sum((y - y.mean()) ** 2))
    return found if np.isfinite(found) else -sys.float_info.max
