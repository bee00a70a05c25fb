"""One route on one problem: the only place where exceptions become data."""

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.linalg  # loaded before BLAS libraries are counted
from threadpoolctl import ThreadpoolController

from stabilitylab import accuracy, libraries, metrics, solvers
from stabilitylab.arithmetic.formats import Array, unit_roundoff
from stabilitylab.catalog import Entry, RouteLabel
from stabilitylab.copies import PUBLISHED, Copy
from stabilitylab.core import Fit, Measurement, Reference, Solution, Status
from stabilitylab.errors import (
    Breakdown,
    InputError,
    MissingLibraryError,
    NotCertifiedError,
    RankDeficientError,
    StabilityLabError,
    UnknownNameError,
)
from stabilitylab.regression import Problem, Truth
from stabilitylab.theory.laws import directions_dropped, predict
from stabilitylab.truth import reference

Route = Entry[RouteLabel]
REFUSALS = (Breakdown, np.linalg.LinAlgError, MissingLibraryError)
LUCK, WORSE = 2.0, 1.0  # digits beyond the estimate, and below the law's bound, that get a word


def routes() -> tuple[Route, ...]:
    """Every solver and library route, sorted by name; those whose library is missing too."""
    return tuple(sorted([*solvers.catalog, *libraries.catalog], key=lambda r: r.label.name))


def route(name: str) -> Route:
    """The solver or library route of that name. Raises UnknownNameError."""
    for catalog in (solvers.catalog, libraries.catalog):
        if name in catalog:
            return catalog.entry(name)
    try:
        return solvers.catalog.entry(name)
    except UnknownNameError as error:
        known = ", ".join(r.label.name for r in routes())
        raise UnknownNameError(f"{error}; the routes are {known}") from None


def one_blas_thread() -> AbstractContextManager[Any]:
    """BLAS on one thread inside the block: bits differ between thread counts."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    assert scipy.linalg
    return ThreadpoolController()


def unsuited(label: RouteLabel, problem: Problem) -> str | None:
    """Why the route does not take this kind of problem; None when it does."""
    if problem.dtype not in label.scalars:
        return f"works on {', '.join(label.scalars)}"
    m, n = problem.shape
    if "square" in label.tags and m != n:
        return "takes square systems only"
    if label.design == "matrix":
        return None
    if problem.design.kind != "polynomial" or (label.design == "line" and problem.design.degree != 1):
        return f"takes a {label.design} only"
    return None


def solve(entry: Route, problem: Problem, copy: Copy = PUBLISHED) -> Solution:
    """What the route answers, whatever happens: it gets fresh arrays, one BLAS thread, and ears for its warnings."""
    arranged = copy.apply(problem, entry.label.design)
    heard: list[warnings.WarningMessage] = []
    started = time.perf_counter()
    try:
        if not entry.label.available:
            libraries.get(entry.label.name)
        with one_blas_thread(), warnings.catch_warnings(record=True, action="always") as heard:
            started = time.perf_counter()
            result = entry.function(*arranged.arguments)
        seconds = time.perf_counter() - started
        fit = result if isinstance(result, Fit) else Fit(np.asarray(result))
    except REFUSALS as error:
        return Solution(None, Status.REFUSED, note=_said(error), warnings=_texts(heard), seconds=_since(started))
    except (Exception, SystemExit) as error:
        return Solution(None, Status.RAISED, note=_said(error), warnings=_texts(heard), seconds=_since(started))
    said = _texts(heard)
    n = problem.shape[1]
    if np.shape(fit.x) != (n,) or np.asarray(fit.x).dtype.kind != "f":
        shape, kind = np.shape(fit.x), np.asarray(fit.x).dtype
        return Solution(None, Status.RAISED, fit, f"returned {kind} of shape {shape}", said, seconds)
    x = arranged.back(fit)
    if not np.isfinite(x).all():
        place = int(np.flatnonzero(~np.isfinite(x))[0])
        return Solution(x, Status.NOT_FINITE, fit, f"x[{place}] is {x[place]}", said, seconds)
    status = Status.SOLVED
    if fit.rank is not None and fit.rank < n:
        status = Status.RANK_REDUCED
    elif said:
        status = Status.WARNED
    return Solution(x, status, fit, fit.note, said, seconds)


def run(
    solver: str | Callable[..., Any],
    problem: Problem,
    *,
    truth: Truth = "matrix",
    copy: Copy = PUBLISHED,
    metrics: Sequence[str] | None = None,
) -> Measurement:
    """Solve once and score against one truth; every metric of the catalogue unless some are named.

    solver: a catalogue name, or a function of (A, b). Raises InputError when the route does not take this kind of
    problem, and the errors of `reference` when the problem is at fault; what the solver does wrong is in the row.
    """
    entry = route(solver) if isinstance(solver, str) else as_route(solver)
    reason = unsuited(entry.label, problem)
    if reason:
        raise InputError(f"{entry.label.name} {reason}; {problem.name} is {problem.design.kind}, {problem.dtype}")
    return score(entry, problem, solve(entry, problem, copy), truth=truth, copy=copy, wanted=metrics)


def as_route(function: Callable[..., Any]) -> Route:
    """A function of (A, b) as a route without claims."""
    name = getattr(function, "__name__", type(function).__name__)
    return Entry(
        label=RouteLabel(name=name, source="", scalars=("float16", "float32", "float64", "longdouble")),
        function=function,
    )


def score(
    entry: Route,
    problem: Problem,
    solution: Solution,
    *,
    truth: Truth,
    copy: Copy = PUBLISHED,
    wanted: Sequence[str] | None = None,
    parameters: dict[str, Any] | None = None,
) -> Measurement:
    """The row of a solution: every wanted metric, or the reason why it has no value, with prediction and verdict."""
    names = metrics.names() if wanted is None else tuple(wanted)
    scores: dict[str, float | None] = dict.fromkeys(names)
    reasons: dict[str, str] = {}
    ref, why = _reference_for(entry.label.policy, problem, truth)
    answered = solution.x is not None and solution.status.answered
    for name in names:
        value = _scored(name, problem, solution, ref) if answered and ref else why or solution.status.value
        if isinstance(value, str):
            reasons[name] = value
        else:
            scores[name] = value
    verdict = cause = ""
    # Rounding the data may have made two columns one: then no law speaks of the matrix, and no cut-off is to blame.
    stored = _reference_for("none", problem, "matrix")[0]
    if ref is not None and ref.policy == "full-rank" and stored is not None:
        # A law, like a cut-off that is not reported, sees the matrix as published: scaled columns are another to it.
        as_published = copy.kind != "scaled"
        verdict = _judge(entry.label, problem, ref, stored, scores) if as_published else ""
        cause = _cause(entry.label, problem, solution, as_published)
    kept = solution.fit.rank if solution.fit and solution.fit.rank is not None else None
    parameters = parameters or {}
    return Measurement(
        problem=problem.name,
        parameters=parameters,
        solver=entry.label.name,
        dtype=problem.dtype,
        works_in=problem.dtype if entry.label.works_in == "input" else entry.label.works_in,
        truth=truth,
        status=solution.status.name,
        note=solution.note,
        warnings=solution.warnings,
        rank=kept,
        x=tuple(float(v) for v in solution.x) if answered and solution.x is not None else None,
        scores=scores,
        reasons=reasons,
        verdict=verdict,
        cause=cause,
        seed=parameters.get("seed"),
        copy=copy.name,
        problem_hash=problem.digest[:16],
    )


def _scored(name: str, problem: Problem, solution: Solution, ref: Reference) -> float | str:
    try:
        with one_blas_thread(), np.errstate(all="ignore"):
            value = metrics.get(name)(problem, solution, ref)
    except (ArithmeticError, ValueError) as error:  # an answer near overflow, standard errors of the wrong length
        return f"could not be computed: {_said(error)}"
    if isinstance(value, metrics.NoScore):
        return value.reason
    return float(value) if np.isfinite(value) else "beyond the range of a float"


@lru_cache(maxsize=512)
def _reference_for(policy: str, problem: Problem, truth: Truth) -> tuple[Reference | None, str]:
    """The reference of the policy the route declares, or why there is none."""
    try:
        return reference(problem, truth=truth), ""
    except RankDeficientError as error:
        if policy != "minimum-norm":
            return None, f"many solutions, and the route declares no choice among them: {error}"
    except NotCertifiedError as error:
        return None, str(error)
    return reference(problem, truth=truth, policy="minimum-norm"), ""


def _judge(
    label: RouteLabel, problem: Problem, ref: Reference, stored: Reference, scores: dict[str, float | None]
) -> str:
    """Write what the law predicts into scores, and return the verdict on the measured digits."""
    prediction = predict_for(label, problem, stored)
    if prediction is None:
        scores["predicted.digits"] = scores["predicted.error"] = None
        return ""
    # The law speaks of the stored matrix; what storing it had already lost is added, exactly known.
    x = np.array([abs(float(r)) if r else float(s) for r, s in zip(ref.x, ref.scales, strict=True)])
    gap = np.array([abs(float(p - q)) for p, q in zip(ref.x, stored.x, strict=True)])
    cap = accuracy.digits_cap(problem.dtype)
    errors, bound = prediction
    with np.errstate(all="ignore"):
        expected = accuracy.digits_of_error(float(((errors + gap) / x).max()), cap)
        least = accuracy.digits_of_error(float(((bound + gap) / x).max()), cap)
        relative = float(np.linalg.norm(errors + gap) / np.linalg.norm([float(r) for r in ref.x]))
    scores["predicted.digits"] = expected
    scores["predicted.error"] = relative if np.isfinite(relative) else None
    measured = scores.get("digits.min")
    if measured is None:
        return ""
    if measured < least - WORSE:
        return "worse than theory"
    return "lucky" if measured > expected + LUCK else "as predicted"


@lru_cache(maxsize=512)
def predict_for(label: RouteLabel, problem: Problem, stored: Reference) -> tuple[Array, Array] | None:
    """Absolute errors per coefficient that the route's law expects on the stored matrix: estimate and bound."""
    with np.errstate(all="ignore"):
        prediction = predict(label, problem.A, metrics.sensitivity(problem, stored), unit_roundoff(problem.dtype))
    if prediction is None:
        return None
    return np.nan_to_num(prediction.errors, nan=np.inf), np.nan_to_num(prediction.bound, nan=np.inf)


def _cause(label: RouteLabel, problem: Problem, solution: Solution, as_published: bool) -> str:
    """What cost the digits where that is known: directions dropped from a matrix of full rank by a rank cut-off.

    As the route reports it; for a route that reports no rank, as its declared cut-off and the singular values have it.
    """
    if solution.fit is None:
        return ""
    n = problem.shape[1]
    kept = solution.fit.rank
    if kept is None:
        # The declared cut-off is that of the matrix solved, which only "raw" and scaled columns let us see.
        seen = as_published and label.law is not None
        kept = n - directions_dropped(label, problem.A, unit_roundoff(problem.dtype)) if seen else n
    cut = f" ({label.cutoff_says})" if label.cutoff_says else ""
    return "" if kept >= n else f"rank cut-off{cut}: {kept} of {n} directions kept, A has full rank"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if not isinstance(error, StabilityLabError) else str(error)


def _texts(heard: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in heard))


def _since(started: float) -> float:
    return time.perf_counter() - started
