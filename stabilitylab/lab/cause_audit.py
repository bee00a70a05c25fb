"""Counts, over routes and problems, how many rows of few digits have a cause that is proven by removing it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stabilitylab import bench, problems
from stabilitylab.bench.causes import Found, Suspect, causes_of
from stabilitylab.bench.causes.inquiry import GAIN
from stabilitylab.bench.causes.rows import FEW
from stabilitylab.core.types import UNDETERMINED, WORST, Measurement, Solution, Truth
from stabilitylab.data.problem import Problem
from stabilitylab.lab.library_table import EVERYDAY, STRD
from stabilitylab.scoring.score import score_solution

UNKNOWN = "SL199"
LEADERBOARD = (*STRD, *EVERYDAY)


@dataclass(frozen=True)
class Audited:
    """A row of few digits, or a failure, with all that was found of it."""

    row: Measurement
    found: tuple[Found, ...]

    @property
    def code(self) -> str:
        """Of the most important cause; "" where nothing was found."""
        return self.found[0].code if self.found else ""

    @property
    def is_proven(self) -> bool:
        """Whether the first cause is another than unknown, and its removal brought GAIN digits back.

        Of what lies in the data, which nothing removes, the witness stands for that.
        """
        if not self.found or self.code == UNKNOWN:
            return False
        first = self.found[0]
        if first.digits_after is None:
            return bool(first.witness)
        return first.digits_after - (first.digits_before or 0.0) >= GAIN


@dataclass(frozen=True)
class Audit:
    """The rows that kept fewer than FEW digits, and the failures."""

    rows: tuple[Audited, ...]

    @property
    def few(self) -> tuple[Audited, ...]:
        """Those with numbers."""
        return tuple(one for one in self.rows if one.row.answered)

    @property
    def share(self) -> float:
        """Of the rows with numbers, the share whose cause is proven; 1 where there are none."""
        return sum(one.is_proven for one in self.few) / len(self.few) if self.few else 1.0

    @property
    def counts(self) -> Counter[str]:
        """How many rows, failures among them, have each code first."""
        return Counter(one.code for one in self.rows)

    @property
    def left(self) -> tuple[Audited, ...]:
        """Rows whose cause is not proven, failures among them."""
        return tuple(one for one in self.rows if not one.is_proven)


def audit(
    names: Sequence[str] = LEADERBOARD, *, routes: Sequence[str] = (), truth: Truth = "decimal", remove: bool = True
) -> Audit:
    """The audit over problems of the catalogue and routes, by default all that are here.

    remove: as for `causes_of`. Routes that could not be started are left out. Raises UnknownNameError.
    """
    entries = [bench.route(name) for name in routes] or [entry for entry in bench.routes() if not entry.label.lacks]
    return Audit(tuple(_audited(names, entries, truth, remove)))


def _audited(names: Sequence[str], entries: Sequence[bench.Route], truth: Truth, remove: bool) -> Iterator[Audited]:
    for name in names:
        problem: Problem = problems.get(name)()
        for entry in entries:
            if bench.unsuited(entry.label, problem):
                continue
            solution: Solution = bench.solve(entry, problem)
            row = score_solution(entry, problem, solution, truth=truth, wanted=[WORST])
            digits = row.scores[WORST]
            if row.status == "UNUSABLE" or UNDETERMINED in row.facts or (digits is not None and digits >= FEW):
                continue
            if digits is None and row.answered:  # not scored: many solutions, none of them declared
                continue
            yield Audited(row, causes_of(Suspect(problem, solution, truth, entry), remove=remove))
