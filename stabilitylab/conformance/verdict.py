"""What becomes of a question of the exam: five verdicts, and the record of one."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Verdict(Enum):
    """How a route did in one question, as a sentence."""

    PASS = "does what the question asks"
    FAIL = "does something else"
    NOT_APPLICABLE = "is not asked: its label claims nothing in the matter, or it takes none of the data"
    REFUSED = "refuses what it should answer"
    DIED = "took its process down, or did not come back within the time limit"


@dataclass(frozen=True)
class ExamResult:
    """The verdict on one route in one question. reason: the first thing that was wrong, or why it was not asked.

    declared: the reason for which the label says that the route fails this question; "" where it says no such thing.
    """

    route: str
    question: str
    verdict: Verdict
    reason: str = ""
    declared: str = ""

    @property
    def failed(self) -> bool:
        """Whether the route was asked and did not do what it should."""
        return self.verdict in (Verdict.FAIL, Verdict.REFUSED, Verdict.DIED)

    @property
    def as_declared(self) -> bool:
        """Whether the label is right: what it says fails does, and nothing else."""
        return self.failed == bool(self.declared)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields, the verdict by its name, and `as_declared`."""
        return {**vars(self), "verdict": self.verdict.name, "as_declared": self.as_declared}


class SettledError(Exception):
    """Ends a question before its last line: the verdict is clear."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
