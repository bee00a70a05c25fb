"""The replay of a regression: which stage between a table and its printed coefficients moved them, and by how much."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from stabilitylab import bench
from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError, RankDeficientError, UnderdeterminedError
from stabilitylab.diagnosis.digits import digits_of_exact
from stabilitylab.diagnosis.pipeline.centred import CENTRING, centring
from stabilitylab.diagnosis.pipeline.stages import (
    PRINTING,
    SOLVER,
    cutting_off,
    forming,
    fractions_of,
    printing,
    printing_alone,
    solving,
    storing,
    weighing,
)
from stabilitylab.diagnosis.pipeline.system import ENOUGH, System, enclosed
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import Step
from stabilitylab.replay import Replay, Stage, replay

AGAIN = 1.0  # seconds that a call may have taken to be made once more
NOISE = 8  # roundoffs of a coefficient below which stages that cancel are not worth a word


def replay_of(
    question: Question, call: Call, stages: Sequence[Stage] | None = None
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """What each stage between the table and the answer moved the coefficients by, and sentences of the checks made.

    The stages, those left out that do not occur: storing the regressors, the response and the weights in the format;
    units and dates (elapsed numbers, their first moment subtracted); features (powers, products, functions formed in
    the format); centring and scaling; centring by the library, where a model of it gives the answer bit for bit; the
    rank cut-off, where the answer shows one; the solver; printing. stages: others in place of those before the solver,
    such as those of a model's own pipeline, on `System`s.
    Checked: the exact run against the certified fit of the decimals, the run with all columns stored and formed against
    that of the stored matrix, the end against what was returned, bit for bit. The call is made again where it took
    less than a second and its route is known; else its vector is taken as it came. No steps, and why, where the answer
    is not finite, columns are exactly dependent, nothing is certified, or a check fails. Raises the errors of
    `Decimals.parse` for what was printed and is no number.
    Cost: one exact A'A for each stage that rounds.
    """
    x = call.solution.x
    if x is None or not np.isfinite(x).all():
        return (), ("no replay: the call gave no finite coefficients",)
    try:
        found = replayed(question, call, np.asarray(x), stages)
    except RankDeficientError:
        return (), ("no replay: columns are exactly dependent in one of the stages, so that its answer is not unique",)
    except (NotCertifiedError, OutOfRangeError, UnderdeterminedError) as error:
        return (), (f"no replay: {error}",)
    says = (*_says(found, call), *_other(found))
    return (_steps(question, found), says) if found.holds else ((), says)


def replayed(question: Question, call: Call, x: Array, stages: Sequence[Stage] | None = None) -> Replay:
    """The replay behind `replay_of`, with vectors in rationals; x (n,): the finite coefficients of the call.

    Raises RankDeficientError where columns are exactly dependent in one of the stages, and the errors of the stages.
    """
    system = System.of(question.problem, question.weights)
    before = [*storing(question), *forming(question)] if stages is None else list(stages)
    certified = {}
    if stages is None:
        certified[before[-1].name] = enclosed(question.fit("matrix").evidence, ENOUGH)
        before += weighing(question)
    stored: Any = reduce(lambda state, stage: stage.users(state), before, system)
    truth = enclosed(question.fit("decimal").evidence, ENOUGH)
    printed = None if call.printed is None else fractions_of(call.printed)
    returned: dict[str, Array]
    if printed is not None and call.entry is None and [float(v) for v in printed] == x.tolist():
        behind, returned = [printing_alone(call)], {PRINTING: _objects(printed)}
    else:
        own = centring(question, call, x) if isinstance(stored, System) else []
        cut = cutting_off(question, call, stored) if isinstance(stored, System) else []
        behind, returned = own or [*cut, _solver(question, call, x)], {SOLVER: x}
        if printed is not None:
            behind, returned = [*behind, printing(call)], {**returned, PRINTING: _objects(printed)}
    return replay([*before, *behind], system, truth=truth, returned=returned, certified=certified)


def _is_made_again(call: Call) -> bool:
    return call.entry is not None and call.solution.seconds <= AGAIN


def _solver(question: Question, call: Call, x: Array) -> Stage:
    """The call itself: made again where that is quick, else the vector that came."""
    entry = call.entry
    if entry is None or not _is_made_again(call):
        return solving(SOLVER, f"{call.name}: the vector that it gave", lambda state: x)

    weights: Any = question.float_weights

    def users(state: Any) -> Array:
        again = bench.solve(entry, question.problem, weights=weights).x
        return x * np.nan if again is None else again

    return solving(SOLVER, f"{call.name} on the stored matrix", users, is_model=True)


def _says(found: Replay, call: Call) -> list[str]:
    """What was found out about the end of the run."""
    said = []
    for check in found.checks:
        if check.at == PRINTING and check.holds:
            said.append("checked: rounded to the decimals shown, the coefficients are those that were printed")
        elif check.at == PRINTING:
            said.append("the printed coefficients are not the exact ones rounded: the loss is inside the library")
        elif check.at == SOLVER and CENTRING in found.names:
            said.append(
                f"checked: centred and then solved by gelsd, the stored matrix gives x of {call.name} bit for bit"
            )
        elif check.at == SOLVER and not _is_made_again(call):
            said.append(f"the vector is taken as it came: {call.name} was not called again")
        elif check.at == SOLVER and check.holds:
            said.append(f"checked: {call.name}, called again on the stored matrix, gives the same vector bit for bit")
        elif check.at == SOLVER:
            said.append(f"{call.name}, called again on the stored matrix, gives another vector: it does not repeat")
    return said


def _other(found: Replay) -> list[str]:
    """What was found out about the exact runs; last, where a check failed, why no step is told."""
    points = [check for check in found.checks if check.at not in (PRINTING, SOLVER)]
    held = " and from ".join(f"behind {check.at!r}" if check.at else "the start" for check in points if check.holds)
    said = [f"checked: run exactly from {held}, the stages give the certified coefficients"] if held else []
    said += [f"refuted: {check.says}" for check in points if not check.holds]
    if not found.holds:
        said.append(f"no replay: {', '.join(found.refuted)} is not as it is taken to be")
    return said


def _steps(question: Question, found: Replay) -> tuple[Step, ...]:
    fit = question.fit("decimal")
    digits = [digits_of_exact([one.middle for one in point], fit) for point in found.points]
    worst = int(np.argmin(digits[-1]))
    dominant = found.dominant(worst)
    u = unit_roundoff(question.problem.format)
    cancelling = {
        k for j, one in enumerate(found.points[0]) for k in found.cancelling(j, abs(one.middle) * Fraction(NOISE * u))
    }
    return tuple(
        Step(
            stage.name,
            stage.says,
            tuple(float(one.middle) for one in change),
            float(np.min(digits[k + 1])),
            k == dominant,
            k in cancelling,
        )
        for k, (stage, change) in enumerate(zip(found.stages, found.changes, strict=True))
    )


def _objects(values: Sequence[Fraction]) -> Array:
    return np.array([None, *values], dtype=object)[1:]
