"""What became of the mutants of each module, as a table; and the mutants that no test can tell from the module."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EQUIVALENT = Path(__file__).with_name("equivalent.json")
REQUIRED = 0.85  # of the mutants of a module that are not equivalent


@dataclass(frozen=True)
class Tally:
    """The outcome of a module: how many mutants, and of them killed, killed by the time limit, survived, equivalent."""

    module: str
    mutants: int
    killed: int
    timed_out: int
    survived: int
    equivalent: int

    @property
    def share(self) -> float:
        """The share that was killed of those that are not equivalent; 1 where there are none."""
        others = self.mutants - self.equivalent
        return (self.killed + self.timed_out) / others if others else 1.0


def table(tallies: Sequence[Tally]) -> str:
    """One line for each module, in Markdown."""
    lines = ["| module | mutants | killed | by time limit | survived | equivalent | share killed |"]
    lines.append("| :--- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for one in tallies:
        counts = (one.mutants, one.killed, one.timed_out, one.survived, one.equivalent)
        lines.append(f"| {one.module} | {' | '.join(map(str, counts))} | {one.share:.0%} |")
    return "\n".join(lines) + "\n"


def equivalents(path: Path = EQUIVALENT) -> dict[tuple[str, str, str, str], str]:
    """The reason why a mutant cannot be told from the module, by module, function, old and new lines."""
    entries = json.loads(path.read_text("utf-8"))
    return {(one["module"], one["inside"], one["was"], one["now"]): one["why"] for one in entries}
