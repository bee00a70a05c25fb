"""Marks, words and numerals: how tables and figures print what a row holds, and what stands where no number can."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import MAPPINGS, WORST, Status
from stabilitylab.scoring import metrics
from stabilitylab.scoring.reporting import DESERVED

NumberFormat: TypeAlias = Literal["auto", "digits", "scientific", "short", "plain"]


@dataclass(frozen=True)
class Mark:
    """A symbol, its name for programs, and the sentence that explains it under a table or a figure."""

    symbol: str
    name: str
    sentence: str


_SYMBOLS = {
    Status.WARNED: "!",
    Status.RANK_REDUCED: "‡",
    Status.REPORTS_LOWER_RANK: "rank",
    Status.STOPPED_EARLY: "⋯",
    Status.DROPPED: "NA",
    Status.REFUSED: "⊘",
    Status.RAISED: "✗",
    Status.NOT_FINITE: "∞",
    Status.TIMED_OUT: "◷",
    Status.DIED: "†",
    Status.UNUSABLE: "∅",
}

_SENTENCES = {Status.WARNED: "with a warning"}  # a warning comes with other endings too

STATUS_MARKS: Mapping[str, Mark] = {
    status.name: Mark(symbol, status.name.lower().replace("_", " "), _SENTENCES.get(status, status.value))
    for status, symbol in _SYMBOLS.items()
}
"""The mark of every status but SOLVED, by the name that a row carries."""

VERDICT_MARKS: Mapping[str, Mark] = {
    "worse than theory": Mark("▼", "worse than theory", "fewer digits than the route's error law allows for"),
    "lucky": Mark("▲", "lucky", "more digits than the route's error law explains"),
}

SILENT = Mark(
    "●",
    "silent",
    "silent and wrong: less than one correct digit in some coefficient, and no NA, no warning and no lower rank (a "
    "stop code in what is returned is not counted)",
)
UNSUPPORTED = Mark(
    "○",
    "not supported by the data",
    f"less than one correct digit in some coefficient, and the data support fewer than {DESERVED:g}: no route is to "
    "blame",
)
NOT_DECLARED = Mark(
    "◇",
    "not the solution declared",
    "less than one correct digit in some coefficient; A is exactly rank deficient, and of its many solutions this is "
    "not the one that the route declares",
)
NOT_JUDGED = Mark("◍", "not judged", "no correct digit in some coefficient; what the data support was not scored")
ELSEWHERE = Mark(
    "◌", "wrong beside right coefficients", "no correct digit of this number, beside coefficients that have"
)
UNDETERMINED_MARK = Mark(
    "≈",
    "undetermined",
    "the matrix owes its full rank to rounding alone, as a relation between columns shows: no answer is right or wrong",
)
IN_PART = Mark("◑", "zero in part", "0.0 stands for several rows, and in k of n of them the digits are 0.0, not in all")
ABSENT = Mark("·", "not applicable", "the route does not take this kind of problem")
NOT_SCORED = Mark("n/a", "not scored", "answered, but without this score")
NOTHING = Mark("–", "nothing", "nothing to record")

ORDER: tuple[Mark, ...] = (
    *VERDICT_MARKS.values(),
    IN_PART,
    UNSUPPORTED,
    NOT_DECLARED,
    NOT_JUDGED,
    ELSEWHERE,
    UNDETERMINED_MARK,
    SILENT,
    *STATUS_MARKS.values(),
    ABSENT,
    NOT_SCORED,
    NOTHING,
)
"""Every mark, in the order in which they stand in a cell and are explained: a footnote's number belongs to the last."""

FAILURES: frozenset[Mark] = frozenset(STATUS_MARKS[status.name] for status in _SYMBOLS if not status.answered)
"""The marks of a row without finite coefficients."""

JUDGED = WORST  # the score that verdicts are about

PREDICTIONS: Mapping[str, str] = {
    "predicted.digits": "predicted digits, worst coefficient",
    "predicted.error": "predicted relative error, normwise",
}
"""The scores that `scoring.score` takes from an error law and not from the answer, in words."""


def words(field: str) -> str:
    """The name of a score or field as a reader would say it, with the unit where the name does not hold it."""
    if field in metrics.catalog:
        label = metrics.entry(field).label
        return (
            label.says if label.unit in label.says and label.unit != "u" else f"{label.says}, in units of {label.unit}"
        )
    if field == "problem.cond":
        return "condition number of A"
    before, dot, key = field.partition(".")
    return PREDICTIONS.get(field, (key if dot and before in MAPPINGS else field).replace("_", " "))


def is_digits(field: str) -> bool:
    """Whether a score counts decimal digits."""
    return field == "predicted.digits" or (field in metrics.catalog and metrics.entry(field).label.unit == "digits")


def scientific(value: float) -> str:
    """Two significant digits: 1.2e-8; an exact 0 is 0."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def plain(value: Any) -> str:
    """The shortest text that reads back as the same value: 1e8, 0.25, 12; the symbol of NOTHING for None and "".

    A text of nothing but white space comes in quotes, so that it can be seen.
    """
    if value is None or value == "":
        return NOTHING.symbol
    if isinstance(value, str) and not value.strip():
        return repr(value)
    if not isinstance(value, float) or not math.isfinite(value):
        return str(value)
    number = Decimal(repr(float(value))).normalize()
    if -5 < number.adjusted() < 6:
        return format(number, "f")
    mantissa, _, exponent = format(number, "e").partition("e")
    return f"{mantissa}e{int(exponent)}"


def printed(value: float | int | str, format: NumberFormat) -> str:
    """A value as a table shows it: "digits" with one decimal, "scientific" with two digits, "short" with seven."""
    if format == "short" and isinstance(value, float):
        return plain(float(f"{value:.7g}"))
    if isinstance(value, str) or format in ("plain", "auto"):
        return plain(value)
    if format == "scientific":
        return scientific(value)
    return one_decimal(value)


def superscript(number: int) -> str:
    """A number raised: ⁻¹²."""
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
