"""Another call of the same library: QR for the Gram matrix, a lower cut-off, float64, or another driver."""

import re
from collections.abc import Iterator
from functools import partial

import numpy as np

from stabilitylab.bench import Route
from stabilitylab.diagnosis.fixes.support.case import Case, Change, found_in
from stabilitylab.diagnosis.fixes.support.code import language_of, program

ORDER = 0
WELL = 13.0  # digits beyond which more makes no route the better one
LINE_MAPPED = 3  # such a call is less simple than to subtract the first row, or the mean
GRAM, CUT_OFF, SHORT = "SL102", "SL101", "SL103"


def changes(case: Case) -> Iterator[Change]:
    """Every other route of the library that takes the question; of those within a digit of the best, the simplest.

    The usual call of a library is simple, then what takes fewest letters; a polynomial in a mapped variable, such as
    one of Chebyshev, is no simple way to a straight line.
    """
    found = []
    for other in case.others():
        solution = case.solution(case.problem, other)
        x = found_in(solution)
        if solution is None or x is None:
            continue
        change = Change(
            _code(case, other), _sentence(case, other), _line(case, other), partial(np.array, x),
            case.times(solution.seconds), effort=LINE_MAPPED if _maps_a_line(case, other) else 0,
        )  # fmt: skip
        score = case.score(change)
        if score is not None:
            found.append((min(score, WELL), (change.effort, not other.label.default, *_letters(case, other)), change))
    best = max((score for score, _, _ in found), default=0.0)
    near = [(effort, change) for score, effort, change in found if score >= best - 1.0]
    if near:
        yield min(near, key=lambda one: one[0])[1]


def _letters(case: Case, other: Route) -> tuple[bool, int]:
    """Whether it is not known how the call is typed, and how many letters it takes."""
    return not language_of(other).written(case, other), len(_typed(case, other))


def _maps_a_line(case: Case, other: Route) -> bool:
    """Whether a route of polynomials in a mapped variable is given no more than a straight line."""
    return other.label.mapped and (case.degree or 0) < 2


def _code(case: Case, other: Route) -> str:
    codes = {one.code for one in case.causes}
    assert case.entry is not None, "another route is another than that of the call"
    if GRAM in codes and other.label.law != "normal":
        return "without-gram"
    if CUT_OFF in codes:
        return "cut-off"
    if SHORT in codes and other.label.works_in != case.entry.label.works_in:
        return "float64"
    return "another-route"


def _sentence(case: Case, other: Route) -> str:
    assert case.entry is not None, "another route is another than that of the call"
    why = {
        "without-gram": ", which does not form the Gram matrix",
        "cut-off": ", whose rank cut-off keeps what was dropped",
        "float64": ", which works in float64",
    }.get(_code(case, other), "")
    return f"Call {_typed(case, other)} in place of {_typed(case, case.entry)}{why}"


def _typed(case: Case, entry: Route) -> str:
    """The call as a person types it, or the name of the route where that is not known."""
    typed = language_of(entry).written(case, entry).partition("\n")[0].partition(".fit(X, y")[0]
    return re.sub(r"^\w+ (=|<-) ", "", typed) or entry.label.name


def _line(case: Case, other: Route) -> str:
    language = language_of(other)
    typed = language.written(case, other)
    if not typed:
        return f"# {other.summary}"
    if case.columns is None:
        return program(["# A is the design matrix of the call; X is A without its column of ones", typed])
    return program(language.call(case, {}, other))
