"""What happened: forward errors in digits, backward errors in units of u, and the digits the data support.

A metric is a function of (problem, solution, reference) that returns a number, or a NoScore with the reason. It is
called only for solutions that have finite coefficients. Numbers that compare x with the reference are formed in mpmath.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any, TypeVar

import mpmath
import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array, unit_roundoff
from stabilitylab.catalog import Catalog, Label
from stabilitylab.core import Problem, Reference, Solution
from stabilitylab.errors import ShapeError
from stabilitylab.theory.condition import Conditioning, conditioning

# One private context at a fixed precision: only read, so it is safe in threads. Differences keep 250 bits.
_mp = mpmath.MPContext()
_mp.prec = 250


@dataclass(frozen=True)
class NoScore:
    """Why a metric has nothing to say."""

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


def lre(x: npt.ArrayLike, ref: Reference) -> float:
    """The fewest correct digits over the coefficients x (n,): min of `correct_digits`.

    Raises ShapeError when x does not have as many coefficients as the reference.
    """
    array = np.asarray(x)
    if array.shape != (len(ref.x),):
        way = ": pass x.ravel()" if array.size == len(ref.x) else ""
        raise ShapeError(f"x must have shape ({len(ref.x)},) to match the reference; got {array.shape}{way}")
    return min(correct_digits(array, ref.x, ref.scales))


def correct_digits(x: Array, ref: tuple[Any, ...], scales: tuple[Any, ...]) -> tuple[float, ...]:
    """-log10(|x_i - ref_i| / |ref_i|), floored at 0 and capped at -log10 u of the format of x (15.95 for float64).

    Where ref_i is exactly 0: -log10(|x_i| / scale_i), scale_i = |b| / |a_i|. A number that is not finite has 0 digits.
    Source: McCullough, Amer. Statist. 52 (1998) 358-366.
    """
    cap = digits_cap(x.dtype)
    return tuple(_digits(xi, ri, si, cap) for xi, ri, si in zip(x, ref, scales, strict=True))


def digits_cap(dtype: npt.DTypeLike) -> float:
    """-log10 u: more digits than that a format cannot hold."""
    kind = np.dtype(dtype)
    return float(-np.log10(unit_roundoff(kind if kind.kind == "f" else "float64")))


def digits_of_error(relative: float, cap: float) -> float:
    """-log10 of a relative error, within [0, cap]."""
    if not relative < 1:
        return 0.0
    return cap if relative <= 0 else float(min(cap, -np.log10(relative)))


def _digits(x: Any, ref: Any, scale: Any, cap: float) -> float:
    if not np.isfinite(x):
        return 0.0
    error = abs(_exact(x) - _mp.mpf(ref))
    return digits_of_error(float(error / (abs(_mp.mpf(ref)) if ref else _mp.mpf(scale))), cap)


def _exact(x: Any) -> Any:
    numerator, denominator = x.as_integer_ratio()
    return _mp.mpf(int(numerator)) / int(denominator)


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
    """-log10(|x - ref|_2 / |ref|_2), floored and capped; sees little but the largest coefficient."""
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
    size = _mp.norm([_mp.mpf(w) * _mp.mpf(r) for w, r in zip(weights, ref.x, strict=True)])
    if size == 0:
        return NoScore("the reference is exactly 0")
    error = _mp.norm(
        [_mp.mpf(w) * (_exact(x) - _mp.mpf(r)) for w, x, r in zip(weights, solution.x, ref.x, strict=True)]
    )
    return float(error / size)


@metric("ulps.max", says="largest error in ulps", unit="ulp", better="lower", source="Higham (2002), section 2.1")
def ulps_max(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """max |x_i - ref_i| / ulp(ref_i), in the format of x; 1/2 is correctly rounded."""
    assert solution.x is not None
    p = int(np.finfo(solution.x.dtype).nmant) + 1
    worst = _mp.mpf(0)
    for x, r in zip(solution.x, ref.x, strict=True):
        if r == 0:
            if x != 0:
                return NoScore("a coefficient is exactly 0, which has no ulp")
            continue
        exponent = _mp.frexp(_mp.mpf(r))[1] - p
        worst = max(worst, abs(_exact(x) - _mp.mpf(r)) / _mp.ldexp(1, exponent))
    return float(worst)


# --- what a regression reports besides x


@metric("digits.standard_errors", says="correct digits, standard errors", unit="digits", better="higher")
def digits_standard_errors(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The fewest correct digits over the standard errors the route reports."""
    errors = solution.fit.standard_errors if solution.fit else None
    if errors is None or ref.standard_errors is None:
        return NoScore("the route reports no standard errors" if errors is None else "m = n leaves none to estimate")
    if not all(ref.standard_errors):
        return NoScore("the fit is exact: every standard error is 0")
    return min(correct_digits(np.asarray(errors), ref.standard_errors, ref.scales))


@metric("digits.r_squared", says="correct digits, R²", unit="digits", better="higher")
def digits_r_squared(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The correct digits of the R² the route reports."""
    r_squared = solution.fit.r_squared if solution.fit else None
    if r_squared is None or not ref.r_squared:
        return NoScore("the route reports no R²" if r_squared is None else "R² is 0 or undefined")
    return correct_digits(np.array([r_squared], dtype=np.float64), (ref.r_squared,), (1,))[0]


@metric("digits.residual_norm", says="correct digits, residual norm", unit="digits", better="higher")
def digits_residual_norm(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The correct digits of |b - A x| as a reader would form it; it says little about x, since its error is of second
    order: |b - A x|² = |r|² + |A (x - ref)|²."""
    assert solution.x is not None
    if not ref.residual_norm:
        return NoScore("the fit is exact: the residual norm is 0")
    norm = np.linalg.norm(problem.b - problem.A @ solution.x)
    return correct_digits(np.array([norm], dtype=np.float64), (ref.residual_norm,), (1,))[0]


# --- backward error


def karlson_walden(A: Array, b: Array, x: Array) -> float:
    """|Q_1' r| / (|x| |A|_F), K = [A; w I] = Q R, w = |r|/|x|: eta / sqrt 2 to eta of `optimal_backward_error`.

    Sources: Karlson and Waldén, BIT 37 (1997) 862-869; Grcar, Saunders and Su (2007), whose QR form this is.
    """
    r = b - A @ x
    size, rho = float(np.linalg.norm(x)), float(np.linalg.norm(r))
    if size == 0 or rho == 0:
        return _backward_error_at_zero(A, b) if size == 0 else 0.0
    Q = np.linalg.qr(np.vstack([A, (rho / size) * np.eye(A.shape[1])]))[0]
    return float(np.linalg.norm(Q[: len(b)].T @ r) / size / np.linalg.norm(A))


def optimal_backward_error(A: Array, b: Array, x: Array) -> float:
    """min |dA|_F / |A|_F such that x minimises |b - (A + dA) y|: eta = min(phi, sigma_min([B, phi (I - q q')])).

    phi = |r|/|x|; B = Q'A and q = Q'r/|r| from the economy QR of [A r], which makes the matrix (n+1, 2n+1): forming the
    (m, m) matrix of the theorem and its eigenvalues would have noise of sqrt(u). Noise here is below half a u.
    Source: Waldén, Karlson and Sun, Numer. Linear Algebra Appl. 2 (1995) 271-286; Higham (2002), theorem 20.5.
    """
    r = b - A @ x
    size, rho = float(np.linalg.norm(x)), float(np.linalg.norm(r))
    if size == 0 or rho == 0:
        return _backward_error_at_zero(A, b) if size == 0 else 0.0
    Q = np.linalg.qr(np.column_stack([A, r]))[0]
    q = Q.T @ r
    q /= np.linalg.norm(q)
    phi = rho / size
    s = np.linalg.svd(np.hstack([Q.T @ A, phi * (np.eye(len(q)) - np.outer(q, q))]), compute_uv=False)
    return float(min(phi, s[-1]) / np.linalg.norm(A))


def _backward_error_at_zero(A: Array, b: Array) -> float:
    """At x = 0 the condition is (A + dA)'b = 0, whose smallest dA has norm |A'b|/|b|."""
    beta = float(np.linalg.norm(b))
    return float(np.linalg.norm(A.T @ b) / beta / np.linalg.norm(A)) if beta else 0.0


def _doubles(problem: Problem, solution: Solution) -> tuple[Array, Array, Array]:
    assert solution.x is not None
    return tuple(np.asarray(v, dtype=np.float64) for v in (problem.A, problem.b, solution.x))  # type: ignore[return-value]


@metric(
    "backward_error.optimal",
    says="backward error",
    unit="u",
    better="lower",
    source="Waldén, Karlson and Sun (1995)",
)
def backward_error_optimal(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`optimal_backward_error` on the stored matrix, in units of u: was it a good algorithm?"""
    return optimal_backward_error(*_doubles(problem, solution)) / unit_roundoff(problem.dtype)


@metric(
    "backward_error.estimate",
    says="backward error, estimated",
    unit="u",
    better="lower",
    source="Grcar, Saunders and Su (2007)",
)
def backward_error_estimate(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`karlson_walden` on the stored matrix, in units of u."""
    return karlson_walden(*_doubles(problem, solution)) / unit_roundoff(problem.dtype)


@metric("backward_error.columnwise", says="column-wise backward error", unit="u", better="lower")
def backward_error_columnwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`optimal_backward_error` with the columns of A scaled to norm 1, in u: what Householder QR is stable for."""
    A, b, x = _doubles(problem, solution)
    norms = np.linalg.norm(A, axis=0)
    norms[norms == 0] = 1.0
    return optimal_backward_error(A / norms, b, x * norms) / unit_roundoff(problem.dtype)


# --- what the route showed of its inside


@metric("orthogonality", says="loss of orthogonality", unit="", better="lower", source="Higham (2002), section 19.8")
def orthogonality(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|I - Q'Q|_2 of the orthonormal factor, where the route gives one."""
    if solution.fit is None or solution.fit.Q is None:
        return NoScore("the route gives no Q")
    Q = np.asarray(solution.fit.Q, dtype=np.float64)
    return float(np.linalg.norm(np.eye(Q.shape[1]) - Q.T @ Q, 2))


@metric("growth", says="growth factor", unit="", better="lower", source="Higham (2002), section 9.3")
def growth(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """max |u_ij| / max |a_ij| of an elimination, where the route gives it."""
    if solution.fit is None or solution.fit.growth is None:
        return NoScore("the route is no elimination")
    return float(solution.fit.growth)


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
    sizes = np.array([float(abs(r)) if r else float(s) for r, s in zip(ref.x, ref.scales, strict=True)])
    u = unit_roundoff(problem.dtype)
    return digits_of_error(
        float((u * sensitivity(problem, ref).componentwise / sizes).max()), digits_cap(problem.dtype)
    )


@metric("digits.statistical", says="digits the noise leaves", unit="digits", better="")
def digits_statistical(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """-log10(standard error / |coefficient|) of the worst coefficient: digits beyond that are noise in y anyway."""
    if ref.standard_errors is None:
        return NoScore("m = n leaves no standard error")
    ratios = [float(se / abs(x)) if x else np.inf for se, x in zip(ref.standard_errors, ref.x, strict=True)]
    return digits_of_error(max(ratios), digits_cap(problem.dtype))
