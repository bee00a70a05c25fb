"""The calls of libraries on a person's question, each with its digits and the causes of its losses."""

from contextlib import suppress

from stabilitylab.bench.causes import Suspect, causes_of
from stabilitylab.core.errors import RankDeficientError, UnderdeterminedError
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import RouteRow

COMPARED = 6  # digits below which the cause of a library's loss is looked for, when all are compared


def suspect_of(call: Call, question: Question) -> Suspect:
    """A call on a question, as the tests of causes take it."""
    weights = question.float_weights
    return Suspect(
        question.problem,
        call.solution,
        "decimal",
        call.entry,
        weights=None if weights is None else weights.tolist(),
    )


def row_of(call: Call, question: Question) -> RouteRow:
    """How a call ended, and what it kept."""
    solution = call.solution
    says = "; ".join(filter(None, (solution.status.value, solution.note)))
    x = digits = None
    if solution.x is not None and solution.status.answered:
        x = tuple(map(float, solution.x))
        with suppress(RankDeficientError, UnderdeterminedError):
            digits = tuple(digits_of(solution.x, question.fit("decimal")).tolist())
    least = None if digits is None else worst(digits)
    causes = causes_of(suspect_of(call, question)) if digits is None or worst(digits) < COMPARED else ()
    return RouteRow(call.name, solution.status.name, says, x, digits, least, tuple(one.code for one in causes))


def best_first(row: RouteRow) -> tuple[float, str]:
    """The order of rows: those without digits last."""
    return 1.0 if row.worst is None else -row.worst, row.route
