"""Two results side by side: the cells whose digits or status changed.

A result is a folder that `run` wrote, one file of its rows, or a folder of committed tables.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stabilitylab.core.errors import InputError
from stabilitylab.core.types import WORST, Measurement
from stabilitylab.report.committed import ENVIRONMENTS, LIBRARIES, SUFFIX, environments, read_committed
from stabilitylab.report.rows import Rows, read

ROWS, ENVIRONMENT = ".rows.jsonl", "environment.json"  # what `run` writes
Cell = tuple[str, str, str, str, str]
"""problem (with parameters and conditions that its name does not spell), solver, format, truth, variant."""


@dataclass(frozen=True)
class Change:
    """A cell that both results have, with its row in each."""

    cell: Cell
    before: Measurement
    after: Measurement

    @property
    def lost(self) -> float:
        """Correct digits of the worst coefficient before, minus those after; no answer counts as 0 digits."""
        return _digits(self.before) - _digits(self.after)


@dataclass(frozen=True)
class Comparison:
    """changed: cells whose digits moved by at least the threshold, or whose status changed, worst loss first.

    only_before, only_after: cells that one side lacks. environment: stamps that differ, as {key: (before, after)}.
    """

    changed: tuple[Change, ...]
    same: int
    only_before: tuple[Cell, ...]
    only_after: tuple[Cell, ...]
    environment: dict[str, tuple[Any, Any]]
    threshold: float

    @property
    def worse(self) -> tuple[Change, ...]:
        """The cells that lost digits, at least the threshold, or that had an answer only before."""
        return tuple(
            c for c in self.changed if c.lost >= self.threshold or (c.before.answered and not c.after.answered)
        )


def compare(before: Path, after: Path, threshold: float = 1.0) -> Comparison:
    """Compare two results. Raises InputError where there are no rows to read, and the errors of their readers."""
    old, new = _cells(before), _cells(after)
    changes = [Change(cell, old[cell], new[cell]) for cell in old if cell in new]
    changed = [c for c in changes if abs(c.lost) >= threshold or c.before.status != c.after.status]
    return Comparison(
        tuple(sorted(changed, key=lambda c: -c.lost)),
        len(changes) - len(changed),
        tuple(cell for cell in old if cell not in new),
        tuple(cell for cell in new if cell not in old),
        _stamps(before, after),
        threshold,
    )


def cell_of(row: Measurement) -> Cell:
    """What tells a row apart in a result."""
    under = ", ".join(f"{name} {value}" for name, value in row.conditions.items())
    problem = f"{row.named_problem} [{under}]" if under else row.named_problem
    return problem, row.solver, row.format, row.truth, row.variant


def _cells(path: Path) -> dict[Cell, Measurement]:
    cells: dict[Cell, Measurement] = {}
    for rows in _read(path):
        for row in rows:
            cell = cell_of(row)
            # Two experiments may hold one cell; the row that was scored speaks for it.
            if cell not in cells or row.scores.get(WORST) is not None:
                cells[cell] = row
    return cells


def _read(path: Path) -> Iterator[Rows]:
    """The rows of each file of a result, in the order of their names."""
    if path.is_file():
        yield read_committed(path) if path.name.endswith(SUFFIX) else read(path)
        return
    written = sorted(path.glob(f"**/*{ROWS}"))
    committed = [] if written else sorted(path.glob(f"*{SUFFIX}"))
    if not written and not committed:
        raise InputError(
            f"{path} holds no *{ROWS} and no *{SUFFIX}: name a folder that `stabilitylab run` wrote, or that holds "
            "committed tables"
        )
    yield from map(read, written)
    yield from map(read_committed, committed)


def _digits(row: Measurement) -> float:
    return row.scores.get(WORST) or 0.0


def _stamps(before: Path, after: Path) -> dict[str, tuple[Any, Any]]:
    old, new = (_stamp(path) for path in (before, after))
    # Versions of libraries are asked for only when tables are committed.
    keys = [key for key in {**old, **new} if key != LIBRARIES or (key in old and key in new)]
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _stamp(path: Path) -> Mapping[str, Any]:
    """Where a result was made, as far as it says so; of committed tables made in several places, all that was there."""
    if not path.is_dir():
        return {}
    file = path / ENVIRONMENT
    if not file.exists() and (path / ENVIRONMENTS).exists():
        return _together(list(environments(path).values()))
    try:
        content = json.loads(file.read_text("utf-8")) if file.exists() else {}
    except ValueError as error:
        raise InputError(f"{file} is no JSON: {error}") from None
    return content if isinstance(content, dict) else {}


def _together(stamps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What every stamp says under a key, or the list of what they say where they differ."""
    together = {}
    for key in dict.fromkeys(key for stamp in stamps for key in stamp):
        values = [stamp.get(key) for stamp in stamps]
        distinct = [value for k, value in enumerate(values) if value not in values[:k]]
        together[key] = distinct[0] if len(distinct) == 1 else distinct
    return together
