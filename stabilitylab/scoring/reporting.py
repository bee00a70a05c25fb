"""Classifies how a wrong answer was reported: error, NaN, warning, lower rank, nothing."""

from enum import Enum

from stabilitylab.core.types import Measurement, Status

WRONG = 1.0  # an answer with fewer correct digits than this, in its worst coefficient, is wrong
DESERVED = 4.0  # digits that the data must support before the answer is blamed


class Reporting(Enum):
    """How a caller can tell that an answer is wrong, the plainest report first; the value is a column's heading."""

    REFUSED = "refused or failed"
    NOT_A_NUMBER = "NA or NaN"
    WARNED = "warned"
    RANK_ONLY = "only the rank tells"
    SILENT = "silent and wrong"


WORST_FIRST = tuple(reversed(Reporting))
"""Silent, only the rank, warned, NA, refused: from what a caller cannot see to what none can miss."""


def in_words(row: Measurement) -> str:
    """How the wrong answer of a row was reported, in the words of `Reporting`; or why it is not judged."""
    reporting = how_reported(row)
    if reporting is not None:
        return reporting.value
    digits, supported = row.scores["digits.min"], row.scores["digits.supported"]
    if digits is None or supported is None:
        return "not scored"
    return "not wrong" if digits >= WRONG else f"the data support less than {DESERVED:g} digits"


def how_reported(row: Measurement) -> Reporting | None:
    """How the wrong answer of a row was reported; None where the answer is not wrong, or is not judged.

    Wrong is an answer with less than one correct digit in some coefficient. Judged are answers to matrices of full rank
    whose data support at least four digits; a failure is reported whatever the data, unless the route could not be
    started: it never saw them. The row needs the scores digits.min and digits.supported. Raises KeyError where it lacks
    them.
    """
    if row.status == Status.UNUSABLE.name:
        return None
    if not row.answered:
        return Reporting.NOT_A_NUMBER if row.status == Status.NOT_FINITE.name else Reporting.REFUSED
    digits, supported = row.scores["digits.min"], row.scores["digits.supported"]
    if digits is None or digits >= WRONG or supported is None or supported < DESERVED:
        return None
    if row.status == Status.DROPPED.name:
        return Reporting.NOT_A_NUMBER
    if row.warnings:
        return Reporting.WARNED
    reports_rank = row.status in (Status.RANK_REDUCED.name, Status.REPORTS_LOWER_RANK.name)
    return Reporting.RANK_ONLY if reports_rank else Reporting.SILENT
