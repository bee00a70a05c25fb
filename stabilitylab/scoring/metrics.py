"""The catalogue of scores: forward errors in digits, backward errors in units of u, digits that the data support.

A metric is a function of (problem, solution, reference) that returns a number, or a NoScore with the reason. It is
called only for solutions that have finite coefficients. Numbers that compare x with the reference are formed in mpmath.
A new metric is one decorated function in this file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms, norm
from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.accuracy import (
    correct_digits,
    digits_cap,
    digits_of_error,
    exact,
    karlson_walden,
    mp,
    optimal_backward_error,
)
from stabilitylab.scoring.theory.condition import Conditioning, conditioning


@dataclass(frozen=True)
class NoScore:
    """Why a metric has no value for a solution."""

    reason: str


Score = float | NoScore
Metric = Callable[[Problem, Solution, Reference], Score]
M = TypeVar("M", bound=Metric)


@dataclass(frozen=True, kw_only=True)
class MetricLabel(Label):
    """says: the heading of a column; unit: what the number counts; better: "higher", "lower" or "" for neither."""

    says: str
    unit: str
    better: str


catalog: Catalog[MetricLabel] = Catalog("metric")
names, get, entry = catalog.names, catalog.get, catalog.entry


def metric(name: str, *, says: str, unit: str, better: str, source: str = "") -> Callable[[M], M]:
    """Tie a name, a heading, a unit and a direction to a metric."""
    return catalog.register(MetricLabel(name=name, says=says, unit=unit, better=better, source=source))


# --- forward error


def _each(solution: Solution, ref: Reference) -> tuple[float, ...]:
    assert solution.x is not None
    return correct_digits(solution.x, ref.x, ref.scales)


@metric(
    "digits.min", says="correct digits, worst coefficient", unit="digits", better="higher", source="McCullough (1998)"
)
def digits_min(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The fewest correct digits over the coefficients."""
    return min(_each(solution, ref))


@metric(
    "digits.median",
    says="correct digits, median coefficient",
    unit="digits",
    better="higher",
    source="McCullough (1998)",
)
def digits_median(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The median of the correct digits over the coefficients."""
    return float(median(_each(solution, ref)))


@metric("digits.normwise", says="correct digits, normwise", unit="digits", better="higher")
def digits_normwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """-log10(|x - ref|_2 / |ref|_2), floored and capped; an error of a small coefficient hardly shows in it."""
    error = error_normwise(problem, solution, ref)
    return error if isinstance(error, NoScore) else digits_of_error(error, digits_cap(problem.dtype))


@metric("error.normwise", says="relative error, normwise", unit="", better="lower")
def error_normwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|x - ref|_2 / |ref|_2."""
    return _relative_error(solution, ref, [1] * len(ref.x))


@metric("error.scaled", says="relative error, column-scaled", unit="", better="lower")
def error_scaled(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|D (x - ref)|_2 / |D ref|_2, D = diag |a_j|: meaningful when the features have different units."""
    return _relative_error(solution, ref, [1 / s if s else 1 for s in ref.scales])


def _relative_error(solution: Solution, ref: Reference, weights: list[Any]) -> Score:
    assert solution.x is not None
    size = mp.norm([mp.mpf(w) * mp.mpf(r) for w, r in zip(weights, ref.x, strict=True)])
    if size == 0:
        return NoScore("the reference is exactly 0")
    error = mp.norm([mp.mpf(w) * (exact(x) - mp.mpf(r)) for w, x, r in zip(weights, solution.x, ref.x, strict=True)])
    return float(error / size)


@metric("ulps.max", says="largest error in ulps", unit="ulp", better="lower", source="Higham (2002), section 2.1")
def ulps_max(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """max |x_i - ref_i| / ulp(ref_i), in the format of x; 1/2 is correctly rounded."""
    assert solution.x is not None
    info = np.finfo(solution.x.dtype)
    worst = mp.mpf(0)
    for x, r in zip(solution.x, ref.x, strict=True):
        if r == 0:
            if x != 0:
                return NoScore("a coefficient is exactly 0, which has no ulp")
            continue
        # Subnormal numbers all have the gap of the smallest normal one.
        exponent = max(mp.frexp(mp.mpf(r))[1] - 1, int(info.minexp)) - int(info.nmant)
        worst = max(worst, abs(exact(x) - mp.mpf(r)) / mp.ldexp(1, exponent))
    return float(worst)


# --- what a regression reports besides x


@metric("digits.standard_errors", says="correct digits, standard errors", unit="digits", better="higher")
def digits_standard_errors(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The fewest correct digits over the standard errors the route reports."""
    errors = solution.fit.standard_errors if solution.fit else None
    if errors is None:
        return NoScore("the route reports no standard errors")
    if ref.standard_errors is None:
        return _no_standard_errors(ref)
    if not all(ref.standard_errors):
        return NoScore("the fit is exact: every standard error is 0")
    return min(correct_digits(np.asarray(errors), ref.standard_errors, ref.scales))


def _no_standard_errors(ref: Reference) -> NoScore:
    deficient = ref.policy != "full-rank"
    return NoScore("A is exactly rank deficient, so that coefficients have none" if deficient else "m = n leaves none")


@metric("digits.r_squared", says="correct digits, R²", unit="digits", better="higher")
def digits_r_squared(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The correct digits of the R² the route reports."""
    r_squared = solution.fit.r_squared if solution.fit else None
    if r_squared is None or not ref.r_squared:
        return NoScore("the route reports no R²" if r_squared is None else "R² is 0 or undefined")
    return correct_digits(np.array([r_squared], dtype=np.float64), (ref.r_squared,), (1,))[0]


@metric("digits.residual_norm", says="correct digits, residual norm", unit="digits", better="higher")
def digits_residual_norm(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The correct digits of |b - A x|, formed in the format of the problem.

    They say little about x: |b - A x|² = |r|² + |A (x - ref)|², so that an error of x counts only by its square.
    """
    assert solution.x is not None
    if not ref.residual_norm:
        return NoScore("the fit is exact: the residual norm is 0")
    size = norm(problem.b - problem.A @ solution.x)
    return correct_digits(np.array([size], dtype=np.float64), (ref.residual_norm,), (1,))[0]


# --- backward error


def _in_units_of_u(error: Callable[[Array, Array, Array], float], problem: Problem, solution: Solution) -> Score:
    if np.finfo(problem.dtype).nmant > np.finfo(np.float64).nmant:
        return NoScore("evaluated in float64, whose noise hides the round-off of a wider format")
    A, b, x = (np.asarray(v, dtype=np.float64) for v in (problem.A, problem.b, solution.x))
    return error(A, b, x) / unit_roundoff(problem.dtype)


@metric(
    "backward_error.optimal",
    says="backward error",
    unit="u",
    better="lower",
    source="Waldén, Karlson and Sun (1995)",
)
def backward_error_optimal(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`optimal_backward_error` on the stored matrix, in units of u: near 1 for a backward stable algorithm."""
    return _in_units_of_u(optimal_backward_error, problem, solution)


@metric(
    "backward_error.estimate",
    says="backward error, estimated",
    unit="u",
    better="lower",
    source="Grcar, Saunders and Su (2007)",
)
def backward_error_estimate(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`karlson_walden` on the stored matrix, in units of u."""
    return _in_units_of_u(karlson_walden, problem, solution)


@metric("backward_error.columnwise", says="column-wise backward error", unit="u", better="lower")
def backward_error_columnwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`optimal_backward_error` with the columns of A scaled to norm 1, in u: what Householder QR is stable for."""

    def scaled(A: Array, b: Array, x: Array) -> float:
        norms = column_norms(A)
        return optimal_backward_error(A / norms, b, x * norms)

    return _in_units_of_u(scaled, problem, solution)


# --- factors and growth that the route returns


@metric("orthogonality", says="loss of orthogonality", unit="", better="lower", source="Higham (2002), section 19.8")
def orthogonality(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|I - Q'Q|_2 of the orthonormal factor, where the route gives one."""
    if solution.fit is None or solution.fit.Q is None:
        return NoScore("the route gives no Q")
    Q = np.asarray(solution.fit.Q, dtype=np.float64)
    return float(np.linalg.norm(np.eye(Q.shape[1]) - Q.T @ Q, 2))


@metric("growth", says="growth factor", unit="", better="lower", source="Higham (2002), section 9.4")
def growth(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """max |u_ij| / max |a_ij| of an elimination, where the route gives it."""
    if solution.fit is None or solution.fit.growth is None:
        return NoScore("the route is no elimination")
    return float(solution.fit.growth)


@metric("reader.ulps", says="error of the program's own reader of decimals", unit="ulp", better="lower")
def reader_ulps(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """How far what a program read of 17 digits is from the double that was sent, at most; 0 for a correct reader."""
    if solution.fit is None or solution.fit.reader_ulps is None:
        return NoScore("the data went without being printed")
    return solution.fit.reader_ulps


# --- what the data allow


@lru_cache(maxsize=128)
def sensitivity(problem: Problem, ref: Reference) -> Conditioning:
    """The condition numbers of the stored matrix at its certified solution."""
    x = np.array([float(v) for v in ref.x])
    return conditioning(problem.A, problem.b, x, float(ref.residual_norm))


@metric("digits.supported", says="digits the data support", unit="digits", better="")
def digits_supported(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """Digits of the worst coefficient that survive a change of half an ulp in every stored entry of A and b.

    The exact first-order worst case, entry by entry; no algorithm that reads A and b can promise more.
    """
    if ref.policy != "full-rank":
        return NoScore("A is exactly rank deficient: any change of the data changes the answer altogether")
    if not any(problem.b):
        return NoScore("b is 0, which has no relative change")
    sizes = np.array([float(abs(r)) if r else float(s) for r, s in zip(ref.x, ref.scales, strict=True)])
    u = unit_roundoff(problem.dtype)
    return digits_of_error(
        float((u * sensitivity(problem, ref).componentwise / sizes).max()), digits_cap(problem.dtype)
    )


@metric("digits.statistical", says="digits the noise leaves", unit="digits", better="")
def digits_statistical(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """-log10(standard error / |coefficient|) of the worst coefficient: digits beyond that are noise in y anyway."""
    if ref.standard_errors is None:
        return _no_standard_errors(ref)
    if not any(ref.standard_errors):
        return NoScore("the fit is exact: every standard error is 0")
    ratios = [float(se / abs(x)) if x else np.inf for se, x in zip(ref.standard_errors, ref.x, strict=True)]
    return digits_of_error(max(ratios), digits_cap(problem.dtype))
