"""Two results side by side: the cells whose digits or status changed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stabilitylab.core.errors import InputError
from stabilitylab.core.types import Measurement
from stabilitylab.report.rows import read

Cell = tuple[str, str, str, str, str]  # problem, solver, dtype, truth, copy


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
    """Compare two results folders (or two rows.jsonl files). Raises InputError where there are no rows to read."""
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


def _cells(path: Path) -> dict[Cell, Measurement]:
    files = [path] if path.is_file() else sorted(path.glob("**/*.rows.jsonl"))
    if not files:
        raise InputError(f"{path} holds no *.rows.jsonl: name a folder that `stabilitylab run` wrote")
    cells = {}
    for file in files:
        for row in read(file):
            cell = row.problem, row.solver, row.dtype, row.truth, row.copy
            # Two experiments may hold one cell; the row that was scored speaks for it.
            if cell not in cells or row.scores.get("digits.min") is not None:
                cells[cell] = row
    return cells


def _digits(row: Measurement) -> float:
    return row.scores.get("digits.min") or 0.0


def _stamps(before: Path, after: Path) -> dict[str, tuple[Any, Any]]:
    old, new = (_stamp(path) for path in (before, after))
    return {key: (old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)}


def _stamp(path: Path) -> dict[str, Any]:
    file = path / "environment.json"
    try:
        content = json.loads(file.read_text("utf-8")) if path.is_dir() and file.exists() else {}
    except ValueError as error:
        raise InputError(f"{file} is no JSON: {error}") from None
    return content if isinstance(content, dict) else {}
