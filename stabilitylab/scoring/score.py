"""Scores an answer: every metric or the reason why it has no value, what the error law predicts, and the verdict.

`score` takes coefficients from anywhere; `score_solution` takes what a catalogued route returned on the bench.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array, as_floats, is_finite
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import (
    InputError,
    NotCertifiedError,
    RankDeficientError,
    ShapeError,
)
from stabilitylab.core.plain_fit import plain_fit
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import STARTED, UNDETERMINED, WORST, Fit, Measurement, Reference, Solution, Status, Truth
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.problem import Problem
from stabilitylab.scoring import accuracy, metrics
from stabilitylab.scoring.metrics.data_allow import sensitivity
from stabilitylab.scoring.reference import reference
from stabilitylab.scoring.smaller_space import cut_off_sentence, is_of_smaller_space
from stabilitylab.scoring.theory.laws import directions_dropped, predict
from stabilitylab.scoring.undetermined import undetermined

START = 4.0  # correct digits from which starting values are called the answer
LUCK, WORSE = 2.0, 1.0  # digits beyond the estimate, and below the law's bound, that get a word


def score(
    x: npt.ArrayLike | Fit,
    problem: Problem,
    *,
    truth: Truth = "matrix",
    metrics: Sequence[str] | None = None,
    name: str = "answer",
) -> Measurement:
    """The row of an answer from anywhere to a problem, scored against one of its truths.

    x (n,): the coefficients in the order of `problem.feature_names`, or a Fit that holds them with the rank, standard
    errors and R² that came with them. Digits are capped by the format of x, 7.2 for float32: pass x in the format that
    it was computed in. metrics: the scores wanted, by default every metric of the catalogue. name: what the row calls
    whoever answered. A coefficient that is not finite gives a row of status NOT_FINITE with scores of the data alone.
    Raises ShapeError for coefficients of another number than the problem has, ComplexError and NotNumericError for
    what are no real numbers, InputError for what is no Problem, no rank or no list of metrics, UnknownNameError for an
    unknown metric, and the errors of `reference`.
    """
    if not isinstance(problem, Problem):
        raise InputError(f"problem must be a Problem; got {type(problem).__name__}: Problem.from_matrix('mine', A, b)")
    require_names(metrics)
    fit = x if isinstance(x, Fit) else Fit(_coefficients(x))
    if fit.rank is not None and not isinstance(fit.rank, int | np.integer):
        raise InputError(f"the rank of a Fit must be a whole number, or None; got {fit.rank!r}")
    coefficients = _coefficients(fit.x)
    names = problem.feature_names
    if coefficients.shape != (len(names),):
        way = "pass x.ravel()" if coefficients.size == len(names) else f"give one for each of {', '.join(names)}"
        raise ShapeError(f"x must have shape ({len(names)},) to match {problem.name}; got {coefficients.shape}: {way}")
    fit = plain_fit(fit)
    status, note = Status.SOLVED, fit.note
    if not is_finite(coefficients).all():
        place = int(np.flatnonzero(~is_finite(coefficients))[0])
        status, note = Status.NOT_FINITE, f"x[{place}] is {coefficients[place]}"
    elif fit.dropped:
        status, note = Status.DROPPED, f"NA for {', '.join(names[j] for j in fit.dropped)}"
    elif fit.rank is not None and fit.rank < len(names):
        status = status_of_rank(problem.A, problem.b, coefficients, fit.rank)
    entry = Entry(label=RouteLabel(name=name, source=""), function=score)
    return score_solution(entry, problem, Solution(coefficients, status, fit, note), truth=truth, wanted=metrics)


def status_of_rank(A: Array, b: Array, x: Array, rank: int, *, works_in: str = "input", drops: bool = True) -> Status:
    """The status of an answer x (n,) to min |b - A x| that came with a rank below n.

    RANK_REDUCED where x is the answer of a smaller space, REPORTS_LOWER_RANK where only the rank is lower, or where it
    cannot be told. works_in: as of a label. drops: whether the route may drop a direction at all; of one that declares
    that it may not, the rank was counted afterwards, and x resembles the answer of the smaller space by chance.
    """
    if not drops:
        return Status.REPORTS_LOWER_RANK
    of_smaller_space = is_of_smaller_space(A, b, x, rank, works_in="float64" if works_in == "input" else works_in)
    return Status.RANK_REDUCED if of_smaller_space else Status.REPORTS_LOWER_RANK


def require_names(metrics: Sequence[str] | None) -> None:
    """Raise InputError for a text where a list of the names of metrics is meant."""
    if isinstance(metrics, str):
        raise InputError(f"metrics must be names; got {metrics!r}: give a list: metrics=[{metrics!r}]")


def _coefficients(x: npt.ArrayLike) -> Array:
    """x as an array of floats of its own format; integers become float64."""
    array = accuracy.coefficients(x)
    return array.astype(np.float64) if array.dtype.kind in "biu" else array


@in_default_mode
def score_solution(
    entry: Entry[RouteLabel],
    problem: Problem,
    solution: Solution,
    *,
    truth: Truth,
    variant: Variant = PUBLISHED,
    wanted: Sequence[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    conditions: Mapping[str, Any] | None = None,
) -> Measurement:
    """The row of a route's solution: every wanted metric, or why it has no value, with prediction and verdict.

    wanted: names of metrics, by default all. parameters: those that the problem was made with. conditions: what else
    the row was made under. Raises the errors of `reference` where the problem is at fault.
    """
    names = metrics.names() if wanted is None else tuple(wanted)
    scores: dict[str, float | None] = dict.fromkeys(names)
    reasons: dict[str, str] = {}
    answered = solution.x is not None and solution.status.answered
    kept = None
    if solution.x is not None and answered and entry.label.deficient_answer == "basic":
        kept = tuple(np.flatnonzero(solution.x).tolist())
    ref, why = _reference_for(entry.label.deficient_answer, problem, truth, kept)
    # Rounding the data may have made two columns one: then no law speaks of the matrix, and no cut-off is to blame.
    stored = _reference_for("none", problem, "matrix")[0]
    noise = undetermined(problem, stored) if truth == "matrix" and stored is not None else ""
    for name in names:
        scored = answered or metrics.of_data(name)
        if answered and noise and metrics.of_coefficients(name):
            reasons[name] = f"undetermined, for the rank is owed to rounding alone: {noise}"
            continue
        value = _scored(name, problem, solution, ref) if scored and ref else why or solution.status.value
        if isinstance(value, str):
            reasons[name] = value
        else:
            scores[name] = value
    verdict = cause = ""
    if ref is not None and ref.policy == "full-rank" and stored is not None:
        # A law, like a cut-off that is not reported, sees the matrix as published: scaled columns are another to it.
        as_published = variant.kind != "scaled"
        verdict = _judge(entry.label, problem, ref, stored, scores) if as_published else ""
        cause = "" if noise else _cause(entry.label, problem, solution, as_published)
    parameters = dict(parameters or {})
    return Measurement(
        problem=problem.name,
        parameters=parameters,
        solver=entry.label.name,
        format=problem.format.name,
        works_in=problem.format.name if entry.label.works_in == "input" else entry.label.works_in,
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
        variant=variant.name,
        problem_hash=problem.digest[:16],
        conditions=dict(conditions or {}),
        facts={
            **(_facts(entry.label, ref) if answered and variant.kind != "scaled" else {}),
            **({UNDETERMINED: noise} if noise else {}),
        },
    )


def _facts(label: RouteLabel, ref: Reference | None) -> dict[str, str]:
    """That an iteration started at the answer, where its starting values are right to START digits at least."""
    if ref is None or label.starts_at is None:
        return {}
    start = np.full(len(ref.x), label.starts_at)
    digits = accuracy.lre(start, ref)
    if digits < START:
        return {}
    right = "" if digits > accuracy.digits_cap("float64") - 1 else f" to {one_decimal(digits)} digits"
    values = f"{label.starts_at:g}, ..., {label.starts_at:g}"
    return {STARTED: f"started at the answer: the starting values {values} are the coefficients{right}"}


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
    cap = accuracy.digits_cap(problem.format)
    errors, bound = prediction
    with np.errstate(all="ignore"):
        expected = accuracy.digits_of_error(float(((errors + gap) / x).max()), cap)
        least = accuracy.digits_of_error(float(((bound + gap) / x).max()), cap)
        relative = float(np.linalg.norm(errors + gap) / np.linalg.norm([float(r) for r in ref.x]))
    scores["predicted.digits"] = expected
    scores["predicted.error"] = relative if np.isfinite(relative) else None
    measured = scores.get(WORST)
    if measured is None:
        return ""
    if measured < least - WORSE:
        return "worse than theory"
    return "lucky" if measured > expected + LUCK else "as predicted"


@lru_cache(maxsize=512)
def predict_for(label: RouteLabel, problem: Problem, stored: Reference) -> tuple[Array, Array] | None:
    """Absolute errors per coefficient that the route's law expects on the stored matrix: estimate and bound."""
    with np.errstate(all="ignore"):
        prediction = predict(label, as_floats(problem.A), sensitivity(problem, stored), problem.format.unit_roundoff)
    if prediction is None:
        return None
    return np.nan_to_num(prediction.errors, nan=np.inf), np.nan_to_num(prediction.bound, nan=np.inf)


def _cause(label: RouteLabel, problem: Problem, solution: Solution, as_published: bool) -> str:
    """What cost the digits where that is known: directions dropped from a matrix of full rank by a rank cut-off.

    As the status has it, which was checked against the answer. For a route that reports no rank, as its declared
    cut-off and the singular values have it, if the answer is that of the smaller space.
    """
    if solution.fit is None or solution.x is None:
        return ""
    n = problem.shape[1]
    kept = solution.fit.rank
    if kept is None:
        # The declared cut-off is that of the matrix solved, which only "raw" and scaled columns let us see.
        if not as_published or label.law is None:
            return ""
        kept = n - directions_dropped(label, as_floats(problem.A), problem.format.unit_roundoff)
        if status_of_rank(problem.A, problem.b, solution.x, kept, works_in=label.works_in) is not Status.RANK_REDUCED:
            return ""
    elif solution.status is Status.REPORTS_LOWER_RANK:
        return ""
    return "" if kept >= n else cut_off_sentence(kept, n, label.cutoff_says)
