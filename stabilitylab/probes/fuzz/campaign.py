"""A campaign of many random tasks in parts: each is counted once, kept in a file, and their counts add up."""

import csv
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from time import process_time

from stabilitylab.probes.fuzz.random_tasks import KINDS
from stabilitylab.probes.fuzz.task import Answer, Task
from stabilitylab.probes.fuzz.verdicts import RoundingVerdict, count_verdicts

PART = 10_000  # tasks of one part, about
RARE = {
    "many columns": 10,
    "nearly dependent": 100,
    "changed data": 100,
    "hilbert": 200,
    "vandermonde": 200,
    "histories": 300,
    "processor modes": 300,
    "every route": 300,
}
"""Tasks of one part of the kinds that take long; the others share the rest alike."""
LARGEST_FIELD = 10**7  # characters of one field that are read: reasons list every seed that was wrong


@dataclass(frozen=True)
class Counted:
    """What became of the tasks of one kind with the seeds from `first` up to, not including, `beyond`.

    figures: numbers compared besides coefficients. seconds: of processor time. source: the hash of the package that
    computed it. reasons: of refusals, each with its number, and of wrong answers, each with its seed.
    """

    kind: str
    first: int
    beyond: int
    solved: int
    singular: int
    out_of_range: int
    refused: int
    wrong: int
    figures: int
    seconds: float
    source: str
    reasons: str = ""

    @property
    def drawn(self) -> int:
        """The number of tasks. Each has one verdict."""
        return self.solved + self.singular + self.out_of_range + self.refused + self.wrong


def share(kind: str) -> int:
    """The tasks of a kind in each part."""
    return RARE.get(kind) or (PART - sum(RARE.values())) // (len(KINDS) - len(RARE))


def units(parts: range) -> Iterator[tuple[str, int, int]]:
    """(kind, first, beyond) of every unit of work of some parts, in order: a part has one of each kind."""
    for part in parts:
        for kind in KINDS:
            yield kind, part * share(kind), (part + 1) * share(kind)


def counted(solve: Callable[[Task], Answer], kind: str, first: int, beyond: int, source: str) -> Counted:
    """Solve the tasks of a kind with these seeds, and count the verdicts."""
    started = process_time()
    found = count_verdicts(solve, kind, range(first, beyond))
    wrong = found.seeds.get(RoundingVerdict.WRONG, ())
    refused = Counter(reason for seed, reason in found.reasons.items() if seed not in wrong)
    reasons = [*(f"{why}: {number}" for why, number in sorted(refused.items()))]
    reasons += [f"seed {seed}: {found.reasons[seed]}" for seed in wrong]
    counts = {verdict.name.lower(): found.count(verdict) for verdict in RoundingVerdict}
    seconds = round(process_time() - started, 3)
    return Counted(
        kind,
        first,
        beyond,
        **counts,
        figures=found.figures,
        seconds=seconds,
        source=source,
        reasons="; ".join(reasons),
    )


def read(files: Iterable[Path]) -> tuple[Counted, ...]:
    """Everything counted so far, sorted. Raises ValueError for a task counted twice, and where counts do not add up."""
    found = sorted(
        (line for path in files for line in _read(path)), key=lambda line: (line.kind, line.first, line.beyond)
    )
    for line in found:
        if line.drawn != line.beyond - line.first:
            raise ValueError(f"{line.kind} from seed {line.first}: the verdicts are not one for each task")
    for one, following in itertools.pairwise(found):
        if one.kind == following.kind and following.first < one.beyond:
            raise ValueError(f"{one.kind}, seed {following.first}: counted twice")
    return tuple(found)


def append(path: Path, line: Counted) -> None:
    """Add a line to a file of counts, which is made where there is none."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(_names())
        writer.writerow([getattr(line, name) for name in _names()])


def run(
    solve: Callable[[Task], Answer], parts: range, path: Path, source: str, progress: Callable[[Counted], None]
) -> None:
    """Count what the file lacks of these parts, and keep each unit as soon as it is counted."""
    done = {(line.kind, line.first, line.beyond) for line in (_read(path) if path.exists() else ())}
    for unit in units(parts):
        if unit not in done:
            line = counted(solve, *unit, source)
            append(path, line)
            progress(line)


def _read(path: Path) -> list[Counted]:
    csv.field_size_limit(LARGEST_FIELD)
    with path.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    if header != _names():
        raise ValueError(f"{path.name} has the columns {', '.join(header)}: give a file of counts")
    return [_parsed(line) for line in lines]


def _parsed(line: Sequence[str]) -> Counted:
    kind, *numbers, seconds, source, reasons = line
    first, beyond, solved, singular, out_of_range, refused, wrong, figures = map(int, numbers)
    verdicts = solved, singular, out_of_range, refused, wrong
    return Counted(kind, first, beyond, *verdicts, figures, float(seconds), source, reasons)


def _names() -> list[str]:
    return [field.name for field in fields(Counted)]
