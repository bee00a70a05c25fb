"""Changes that bring digits back, each applied to the person's data and scored again: one file a change.

A file is found by looking into this package. Its `changes(case)` yields what could be changed; what gains no digit is
dropped here. `ORDER` says which of two changes that gain the same is the simpler one.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from math import ceil
from pkgutil import iter_modules
from typing import Any

import numpy as np

from stabilitylab.bench.causes import Found
from stabilitylab.core.errors import (
    InputError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
    UnderdeterminedError,
)
from stabilitylab.diagnosis.coefficients import coefficients
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.fixes.support.case import Case, Change, entry_for
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import Fix
from stabilitylab.diagnosis.verdict import WELL, severity_of
from stabilitylab.exact import CertifiedFit

GAIN = 1.0  # digits that a change must gain
ENOUGH = 13.0  # digits beyond which more makes no change the better one, whatever the data support
LEVEL = 0.95


def fixes_of(question: Question, call: Call, causes: Sequence[Found]) -> tuple[Fix, ...]:
    """The changes that gain a digit or more of the worst coefficient, the best first; none for a healthy answer.

    Where columns are dependent, exactly or within rounding, only a change of the question counts. Those that keep the
    question come before those that change it, then those of more digits, and of those within a digit of each other the
    simpler: digits count up to 13, and up to those that the data support. Digits are those of the coefficients as asked
    for: a change of origin or units is led back in floating point, as the printed lines do. Cost: a call of the route
    for each change, and of each other route of its library.
    """
    fit = _fit(question)
    if fit is None:
        case = Case(question, call, causes, None, entry_for(question, call, None), 0.0)
        return _ranked(case, keep=False)
    if severity_of(coefficients(question, call, fit, LEVEL), ()) == "healthy":
        return ()
    before = abs(_before(call, fit))  # no -0.0
    return _ranked(Case(question, call, causes, fit, entry_for(question, call, fit), before), keep=not _is_noise(fit))


def _fit(question: Question) -> CertifiedFit | None:
    try:
        return question.fit("decimal")
    except (RankDeficientError, UnderdeterminedError):
        return None


def _before(call: Call, fit: CertifiedFit) -> float:
    x = call.solution.x
    if x is None or np.shape(x) != fit.x.shape:
        return 0.0
    digits = digits_of(np.asarray(x), fit)
    if call.solution.fit is not None and call.solution.fit.dropped:
        digits[list(call.solution.fit.dropped)] = 0.0
    return worst(digits)


def _is_noise(fit: CertifiedFit) -> bool:
    """Whether coefficients rest on the rounding of the numbers alone, with proof: no digits of theirs mean anything."""
    try:
        return any(one.is_strict for one in fit.near_relations)
    except (NotCertifiedError, OutOfRangeError):
        return False


def _ranked(case: Case, *, keep: bool) -> tuple[Fix, ...]:
    """keep: whether changes count that keep the question; else those that change it alone."""
    found = []
    for order, changes in _modules():
        for change in _tried(case, changes):
            if change.same_coefficients and not keep:
                continue
            after = case.score(change)
            if after is not None and after >= case.before + GAIN:
                found.append((order + change.effort, after, change))
    best = min(_enough(case.fit), max((after for _, after, _ in found), default=0.0))
    found.sort(key=lambda one: (not one[2].same_coefficients, max(0, ceil(best - one[1]) - 1), one[0]))
    return tuple(
        Fix(
            code=change.code,
            sentence=change.sentence,
            line=change.line,
            digits_before=case.before,
            digits_after=after,
            cost=change.cost,
            same_coefficients=change.same_coefficients,
            says=change.says,
        )
        for _, after, change in found
    )


def _enough(fit: CertifiedFit | None) -> float:
    """Digits beyond which more makes no change the better one: 13, or those of the coefficient that data support best.

    Not below `WELL`, from which an answer is called healthy.
    """
    supported = None if fit is None else fit.supported_digits
    return ENOUGH if supported is None else min(ENOUGH, max(WELL, float(np.max(supported))))


def _tried(case: Case, changes: Callable[[Case], Iterator[Change]]) -> Iterator[Change]:
    """The changes of one file; none from where a changed column is no column any more, as by overflow."""
    try:
        yield from changes(case)
    except (InputError, NotCertifiedError, OutOfRangeError):
        return


@cache
def _modules() -> tuple[tuple[int, Callable[[Case], Iterator[Change]]], ...]:
    modules: list[Any] = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__) if not one.ispkg]
    return tuple((module.ORDER, module.changes) for module in sorted(modules, key=lambda one: one.ORDER))
