"""Findings and remedies whose predicate reads the numbers that their sentence shows: both are of the same rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from stabilitylab.lab.experiment import Finding, Remedy
from stabilitylab.report.rows import Rows

Selection: TypeAlias = Callable[[Rows], Mapping[str, Any]]
Decision: TypeAlias = Callable[[Mapping[str, Any]], bool | None]


@dataclass(frozen=True)
class Reads:
    """The predicate over rows that a decision over their numbers is."""

    numbers: Selection
    decides: Decision

    def __call__(self, rows: Rows) -> bool | None:
        """What is decided of the numbers of these rows."""
        return self.decides(self.numbers(rows))


def finding(says: str, numbers: Selection, holds: Decision, needs: tuple[str, ...] = ()) -> Finding:
    """A finding whose numbers are selected once: `numbers(rows)` fills the sentence, and `holds` decides on them.

    A number of another row than the one that is judged cannot get into the sentence. numbers may hold more than the
    sentence names. needs: as of `Finding`.
    """
    return Finding(says, Reads(numbers, holds), numbers, needs)


def remedy(says: str, numbers: Selection, holds: Decision, code: str, needs: tuple[str, ...] = ()) -> Remedy:
    """What to do instead, as a finding of that kind; code: as of `Remedy`."""
    return Remedy(says, Reads(numbers, holds), numbers, needs, code=code.strip() + "\n")
