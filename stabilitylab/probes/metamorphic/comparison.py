"""One metamorphic law on one route and one small problem: how much two answers differ, and how much they may."""

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
from stabilitylab.probes.metamorphic.small_problem import SmallProblem, solve, unsuited
from stabilitylab.scoring.theory.condition import conditioning

IntegerRows: TypeAlias = tuple[tuple[int, ...], ...]

WELL_POSED = 1e3  # the largest relative condition number of a problem that routes are tested on
TOLERANCE = 1e-6  # relative difference allowed to every route: the stopping tolerance of an iterative one
ROUNDINGS = 100.0  # relative difference allowed for rounding, in units of u times the condition number


@dataclass(frozen=True)
class Instance:
    """A problem of small integers and the exponent k of a law; rows: the columns of X and then y, row by row."""

    exponent: int
    rows: IntegerRows

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
    """The result of `compare`.

    apart: the largest relative difference of two coefficients, or by how much R² fell; None where an answer is missing.
    allowed: the largest `apart` that rounding and stopping tolerances explain. solution: the route's answer to
    `pair.other`; to `pair.one` where only that one came with a warning, a lower rank or an error.
    """

    apart: float | None
    allowed: float
    solution: Solution

    @property
    def broken(self) -> bool:
        """Whether the route breaks the law."""
        return self.apart is not None and self.apart > self.allowed


@lru_cache(maxsize=4096)
def sensitivity(small: SmallProblem) -> float:
    """max_i S_i / |x_i|, S_i = `Conditioning.worst_columnwise`: a relative condition number that ignores column units.

    Of the weighted problem. Infinite where the columns are linearly dependent, where there are no more rows than
    coefficients, and where a coefficient is 0, of which no relative digit can be right.
    """
    A, b = small.weighted_system
    if np.count_nonzero(A.any(axis=1)) <= A.shape[1] or np.linalg.matrix_rank(A) < A.shape[1]:
        return float("inf")
    condition = conditioning(A, b)
    if not condition.x.all():
        return float("inf")
    return float(np.max(condition.worst_columnwise / np.abs(condition.x)))


def instance_sensitivity(law: Law, instance: Instance) -> float:
    """The larger `sensitivity` of its rows and, where the law compares coefficients, of the problem `pair.one`.

    They differ where the law repeats a row, which is then a weighted problem, and where it sets y.
    """
    of_rows = sensitivity(SmallProblem.of(instance.X, instance.y))
    pair = law.pair(instance.X, instance.y, instance.exponent)
    return of_rows if pair.fit else max(of_rows, sensitivity(pair.one))


@lru_cache(maxsize=4096)
def widths(entry: Route, law: Law) -> tuple[int, ...]:
    """The numbers of columns, 1 or 2, of the problems on which the route can be tested for the law."""

    def suited(width: int) -> bool:
        pair = law.pair(np.eye(width + 2, width), np.ones(width + 2), 0)
        return not any(unsuited(entry, small) for small in (pair.one, pair.other) if small)

    return tuple(width for width in (1, 2) if width >= law.columns and suited(width))


def compare(entry: Route, law: Law, instance: Instance) -> LawComparison:
    """Solve both problems of the pair with the route, and compare the answers as the law says.

    |x_i - z_i| / max(|x_i|, |z_i|) may be TOLERANCE + ROUNDINGS u sensitivity, u the unit roundoff of the coarser of
    the format that the route works in and the formats of the two problems.
    """
    pair = law.pair(instance.X, instance.y, instance.exponent)
    allowed = TOLERANCE + ROUNDINGS * _roundoff(entry, pair) * instance_sensitivity(law, instance) * pair.harder
    one = solve(entry, pair.one)
    if pair.other is None:
        return LawComparison(_apart(pair, one, one), allowed, one)
    other = solve(entry, pair.other)
    only_one_reports = one.status is not Status.SOLVED and other.status is Status.SOLVED
    return LawComparison(_apart(pair, one, other), allowed, one if only_one_reports else other)


def _roundoff(entry: Route, pair: Pair) -> float:
    formats = {entry.label.works_in} - {"input"} | {small.dtype for small in (pair.one, pair.other) if small}
    return max(map(unit_roundoff, formats))


def _apart(pair: Pair, one: Solution, other: Solution) -> float | None:
    if not (one.status.answered and other.status.answered):
        return None
    if pair.other is None:
        return _relative(_coefficients(one, pair.of), np.array(pair.factors))
    if pair.fit:
        before, after = (r_squared(s.fit, small.X, small.y) for small, s in ((pair.one, one), (pair.other, other)))
        return max(0.0, before - after)
    with np.errstate(over="ignore"):
        expected = _coefficients(other, pair.to) * pair.factors
    return _relative(_coefficients(one, pair.of), expected)


def _coefficients(solution: Solution, which: tuple[int, ...]) -> Array:
    return np.asarray(solution.x, dtype=float)[list(which)]


def _relative(x: Array, z: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(x - z) / np.maximum(np.abs(x), np.abs(z))
    # 0 / 0 is no difference. inf / inf, of an infinite entry, counts as 1; a difference that overflows is one of
    # numbers of opposite signs, which differ by at most twice the larger.
    return float(np.max(np.where(x == z, 0.0, np.nan_to_num(difference, nan=1.0, posinf=2.0))))


def r_squared(fit: Any, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """R² about the mean of y (m,) on the columns of X (m, p) and an intercept.

    fit: a Fit whose own R² is taken where it has one, or coefficients (p+1,), intercept first, from which R² is
    computed.
    """
    reported = fit.r_squared if isinstance(fit, Fit) else None
    if reported is not None and np.isfinite(reported):
        return float(reported)
    X, y, x = np.asarray(X, dtype=float), np.asarray(y, dtype=float), np.asarray(fit, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        residual = y - x[0] - X @ x[1:]
        computed = float(1 - residual @ residual / np.sum((y - y.mean()) ** 2))
    return computed if np.isfinite(computed) else -sys.float_info.max
