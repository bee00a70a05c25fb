"""The marks of one row in a cell and the sentences about it: how it ended, whose doing a 0.0 is, why a value lacks."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from stabilitylab import libraries
from stabilitylab.core.catalog import TAGS
from stabilitylab.core.types import STARTED, UNDETERMINED, Measurement, Status
from stabilitylab.report.fields import Field, Value, is_score, look
from stabilitylab.report.marks import (
    ELSEWHERE,
    JUDGED,
    NOT_DECLARED,
    NOT_JUDGED,
    NOT_SCORED,
    NOTHING,
    PREDICTIONS,
    SILENT,
    STATUS_MARKS,
    UNDETERMINED_MARK,
    UNSUPPORTED,
    VERDICT_MARKS,
    Mark,
    NumberFormat,
    is_digits,
    printed,
)
from stabilitylab.scoring import metrics
from stabilitylab.scoring.metrics.data_allow import DEFICIENT
from stabilitylab.scoring.reporting import DESERVED, WRONG, Reporting, how_reported

Flag: TypeAlias = Literal["none", "verdict"]
"""What is marked beside a row's digits besides what is marked everywhere: nothing, or how the error law compares."""

NORMWISE = "digits.normwise"  # the score of x as a whole, in which a small coefficient that is wrong may not show
SUPPORTED = "digits.supported"  # the score that says how many digits the data support
UNCERTAIN = "uncertain-rank"  # a tag of routes
_SILENCE = {True: "no error law predicts this route here", False: "no reason was recorded"}
_MAY_WARN = frozenset(status.name for status in Status if status.answered) | {Status.NOT_FINITE.name}


def marks_of(row: Measurement, field: Field, *, flag: Flag = "none") -> list[Mark]:
    """The marks of a field in one row: how the row ended, what is flagged, and why a value is missing."""
    score, value = is_score(field), look(row, field)
    # A prediction, or what the data support, is there whether or not the route answered.
    measured = field == "status" or (score and not _without_answer(field))
    marks = []
    if measured and row.status in STATUS_MARKS:
        marks.append(STATUS_MARKS[row.status])
    # A lower rank, an NA or an infinity may have come with a warning.
    warned = STATUS_MARKS[Status.WARNED.name]
    if measured and row.warnings and warned not in marks and row.status in _MAY_WARN:
        marks.append(warned)
    # A verdict is about the digits of the worst coefficient and of nothing else.
    if field == JUDGED and flag == "verdict" and value is not None and row.verdict in VERDICT_MARKS:
        marks.append(VERDICT_MARKS[row.verdict])
    zero = isinstance(field, str) and is_digits(field) and measured and is_zero(value)
    if (field in (JUDGED, NORMWISE) and value is not None) or zero:
        marks.extend(_why_wrong(row))
    if zero and field != JUDGED and not marks:
        marks.append(ELSEWHERE)
    if value is None and _is_undetermined(row, field):
        marks.append(UNDETERMINED_MARK)
    elif value is None and (row.answered or not measured):
        marks.append(NOT_SCORED if score else NOTHING)
    return marks


def _without_answer(field: Field) -> bool:
    """Whether a score needs no answer: what an error law predicts, and what the data support."""
    return isinstance(field, str) and (field in PREDICTIONS or metrics.of_data(field))


def _is_undetermined(row: Measurement, field: Field) -> bool:
    """Whether an answer has no such score for the reason that the data determine none."""
    return row.answered and isinstance(field, str) and metrics.of_coefficients(field) and UNDETERMINED in row.facts


def _why_wrong(row: Measurement) -> list[Mark]:
    """Of an answer without a correct digit: nothing was said, the data support none, or another solution was declared.

    A 0.0 is never bare: where what the data support was not scored, and the route said nothing, that is said.
    """
    digits, supported = row.scores.get(JUDGED), row.scores.get(SUPPORTED)
    if digits is None or digits >= WRONG:
        return []
    if supported is None and row.reasons.get(SUPPORTED, "").startswith(DEFICIENT):
        return [NOT_DECLARED]
    if supported is None:
        return [NOT_JUDGED] if is_zero(digits) and _says_nothing(row) else []
    if how_reported(row) is Reporting.SILENT:
        return [SILENT]
    return [UNSUPPORTED] if supported < DESERVED else []


def _says_nothing(row: Measurement) -> bool:
    """Whether an answer came with no mark of its status and no warning."""
    return row.status not in STATUS_MARKS and not row.warnings


def is_zero(value: Value | None, format: NumberFormat = "digits") -> bool:
    """Whether digits are printed as 0.0."""
    return value is not None and printed(value, "digits" if format == "auto" else format) == "0.0"


def details(row: Measurement, field: Field, marks: Iterable[Mark]) -> list[str]:
    """The sentences about one row alone: the cause, a rank, where it started, what was declared, why a value lacks."""
    sentences: list[str] = []
    if is_score(field) and not _without_answer(field) and look(row, field) is not None:
        lower = row.status == Status.REPORTS_LOWER_RANK.name and row.rank is not None and row.x is not None
        rank = f"reports rank {row.rank} of {len(row.x or ())}" if lower else ""
        sentences.extend(filter(None, (row.cause, rank, row.facts.get(STARTED, ""))))
    if NOT_DECLARED in marks and row.solver in libraries.catalog:
        label = libraries.entry(row.solver).label
        tag = f"; {TAGS[UNCERTAIN]}" if UNCERTAIN in label.tags else ""
        sentences.append(f"declared: {label.deficient_answer}{tag}")
    if UNDETERMINED_MARK in marks:
        sentences.append(f"{row.problem}: {row.facts.get(UNDETERMINED, 'a relation holds between its columns')}")
    if NOT_SCORED in marks:
        name = field if isinstance(field, str) else ""
        missing = row.get(name) if name else None
        if missing is not None:
            sentences.append(f"the score came out as {missing}")
        else:
            sentences.append(row.reasons.get(name) or _SILENCE[name in PREDICTIONS])
    return sentences
