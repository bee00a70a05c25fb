"""Another call of the same library: QR for the Gram matrix, a lower cut-off, float64, or another driver."""

from collections.abc import Iterator

from stabilitylab.bench import Route
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import CALLS, R_CALLS, language_of, program

ORDER = 0
GRAM, CUT_OFF, SHORT = "SL102", "SL101", "SL103"


def changes(case: Case) -> Iterator[Change]:
    """Every other route of the library that takes the question; the best of them is kept."""
    found = []
    for other in case.others():
        change = Change(
            _code(case, other),
            _sentence(case, other),
            _line(case, other),
            lambda other=other: case.solved(case.problem, other),  # type: ignore[misc]
        )
        score = case.score(change)
        if score is not None:
            found.append((score, other.label.default, change))
    if found:
        yield max(found, key=lambda one: one[:2])[2]


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
    return f"Call {other.label.name} in place of {case.entry.label.name}{why}"


def _line(case: Case, other: Route) -> str:
    name = other.label.name
    if name in CALLS or name in R_CALLS:
        return program(language_of(other).call(case, {}, other))
    return f"# {other.summary}"
