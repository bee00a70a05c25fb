"""From a solution to its row: every score or the reason why there is none, what the law predicts, and the verdict."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import InputError, NotCertifiedError, RankDeficientError
from stabilitylab.core.types import Measurement, Reference, Solution, Truth
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.problem import Problem
from stabilitylab.scoring import accuracy, metrics
from stabilitylab.scoring.metrics.data_allow import sensitivity
from stabilitylab.scoring.reference import reference
from stabilitylab.scoring.theory.laws import directions_dropped, predict

LUCK, WORSE = 2.0, 1.0  # digits beyond the estimate, and below the law's bound, that get a word


def score(
    entry: Entry[RouteLabel],
    problem: Problem,
    solution: Solution,
    *,
    truth: Truth,
    copy: Variant = PUBLISHED,
    wanted: Sequence[str] | None = None,
    parameters: dict[str, Any] | None = None,
) -> Measurement:
    """The row of a solution: every wanted metric, or the reason why it has no value, with prediction and verdict."""
    names = metrics.names() if wanted is None else tuple(wanted)
    scores: dict[str, float | None] = dict.fromkeys(names)
    reasons: dict[str, str] = {}
    answered = solution.x is not None and solution.status.answered
    kept = None
    if solution.x is not None and answered and entry.label.deficient_answer == "basic":
        kept = tuple(np.flatnonzero(solution.x).tolist())
    ref, why = _reference_for(entry.label.deficient_answer, problem, truth, kept)
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
        rank=solution.fit.rank if solution.fit else None,
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
        return f"could not be computed: {type(error).__name__}: {error}"
    if isinstance(value, metrics.NoScore):
        return value.reason
    return float(value) if np.isfinite(value) else "beyond the range of a float"


@lru_cache(maxsize=512)
def _reference_for(
    policy: str, problem: Problem, truth: Truth, kept: tuple[int, ...] | None = None
) -> tuple[Reference | None, str]:
    """The reference of the policy the route declares, or why there is none. kept: the columns of a basic solution."""
    try:
        return reference(problem, truth=truth), ""
    except RankDeficientError as error:
        if policy not in ("minimum-norm", "basic"):
            return None, f"many solutions, and the route declares no choice among them: {error}"
    except NotCertifiedError as error:
        return None, str(error)
    if policy == "minimum-norm":
        return reference(problem, truth=truth, policy=policy), ""
    try:
        return reference(problem, truth=truth, policy=policy, kept=kept), ""
    except InputError as error:
        return None, f"the coefficients that are not 0 are no basic solution: {error}"


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
        prediction = predict(label, problem.A, sensitivity(problem, stored), unit_roundoff(problem.dtype))
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
