"""Rows of measurements: selected by their fields, written as JSON lines, and journalled so that a kill loses none."""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import SCHEMA, Measurement, Status


class NoRowsError(StabilityLabError, LookupError):
    """A question about rows that are not there; a finding that asks it is not checked and so not held."""


@dataclass(frozen=True)
class Rows:
    """Measurements in a fixed order, with the few questions that tables, figures and findings ask."""

    all: tuple[Measurement, ...]

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def where(self, **wanted: Any) -> "Rows":
        """The rows whose fields equal the values given, or are among them where a value is a tuple, list or set.

        A parameter of the problem is written `problem__cond=1e8`, a condition `conditions__version="1.9"`, a fact
        `facts__outcome="holds"`. Raises NoRowsError rather than returning nothing.
        """
        matching = self._matching(wanted)
        if not matching:
            raise NoRowsError(f"no row has {', '.join(f'{k}={v!r}' for k, v in wanted.items())}")
        return Rows(matching)

    def any(self, **wanted: Any) -> bool:
        """Whether `where` would find a row."""
        return bool(self._matching(wanted))

    def _matching(self, wanted: dict[str, Any]) -> tuple[Measurement, ...]:
        solver = wanted.get("solver")
        rows = self._by_solver.get(solver, ()) if isinstance(solver, str) else self.all
        tests = [(name.replace("__", "."), _test(value)) for name, value in wanted.items()]
        return tuple(row for row in rows if all(test(row.get(name)) for name, test in tests))

    @cached_property
    def _by_solver(self) -> dict[Any, list[Measurement]]:
        """The rows of each route in their order: most questions are about one of a hundred."""
        rows: dict[Any, list[Measurement]] = {}
        for row in self.all:
            rows.setdefault(row.get("solver"), []).append(row)
        return rows

    def values(self, score: str) -> list[float]:
        """One score of every row that has it. Raises NoRowsError when none has."""
        values = [value for row in self.all if (value := row.get(score)) is not None]
        if not values:
            raise NoRowsError(f"no row has a value for {score}")
        return values

    def distinct(self, name: str) -> list[Any]:
        """The values of a field in order of first appearance."""
        return list(dict.fromkeys(row.get(name) for row in self.all))


def _test(value: Any) -> Callable[[Any], bool]:
    if isinstance(value, (tuple, list, set, frozenset)):
        return lambda held: held in value
    return lambda held: bool(held == value)


def to_json(row: Measurement) -> str:
    """One row as one line of JSON in ASCII, whatever a library's message holds; floats keep every bit."""
    return json.dumps(row.to_dict(), allow_nan=False, separators=(",", ":"))


def from_json(line: str) -> Measurement:
    """The row of a line of this schema or of schema 1. Raises ValueError where the line is not a whole row."""
    return _measurement(json.loads(line))


def _measurement(content: Any) -> Measurement:
    names = {f.name for f in fields(Measurement)}
    if isinstance(content, dict) and content.get("schema") == 1:
        content = _upgraded(content)
    if not isinstance(content, dict) or not names >= set(content):
        raise ValueError("not a row of this schema")
    for name in ("warnings", "x"):
        if content.get(name) is not None:
            content[name] = tuple(content[name])
    row = Measurement(**content)
    mappings = (row.scores, row.reasons, row.parameters, row.conditions, row.facts)
    known = row.schema == SCHEMA and row.status in Status.__members__
    if not known or not all(isinstance(one, dict) for one in mappings):
        raise ValueError("not a row of this schema")
    return row


# What experiments of schema 1 kept among the parameters of the problem.
_CONDITIONS_THEN = ("library", "version", "thorough", "block")
_FACTS_THEN = (
    *("works in", "scaled", "grows", "centred", "voice", "reporting", "dependent", "script", "outcome"),
    *(f"{kind}.{what}" for kind in ("near", "short") for what in ("fate", "x", "said")),
)
_WITNESS_THEN = ("k", "difference")  # facts beside an outcome, of a law that is broken


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """A row of schema 1 as one of schema 2: dtype and copy are renamed, conditions and facts leave the parameters.

    Raises ValueError where it is no row of schema 1.
    """
    old = {**content, "schema": SCHEMA}
    renamed = {"dtype": "format", "copy": "variant"}
    parameters = old.get("parameters")
    if not isinstance(parameters, dict) or "dtype" not in old or {*renamed.values(), "conditions", "facts"} & set(old):
        raise ValueError("not a row of schema 1")
    facts = _FACTS_THEN + (_WITNESS_THEN if "outcome" in parameters else ())
    return {
        **{renamed.get(name, name): value for name, value in old.items()},
        "parameters": {k: v for k, v in parameters.items() if k not in (*_CONDITIONS_THEN, *facts)},
        "conditions": {k: v for k, v in parameters.items() if k in _CONDITIONS_THEN},
        "facts": {"reporting" if k == "voice" else k: v for k, v in parameters.items() if k in facts},
    }


def read(path: Path) -> Rows:
    """Every row of a file written by `write`. Raises StabilityLabError naming the line that is no row."""
    rows = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
        try:
            rows.append(from_json(line))
        except (ValueError, TypeError) as error:
            why = "no JSON" if isinstance(error, json.JSONDecodeError) else error
            place = ", " if rows else " is no file of rows as `stabilitylab run` writes them: "
            raise StabilityLabError(f"{path}{place}line {number}: {why}") from None
    return Rows(tuple(rows))


def write(rows: Sequence[Measurement] | Rows, path: Path) -> None:
    """Rows as JSON lines, in the order given, in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(to_json(row) + "\n" for row in rows), "utf-8")


class Journal:
    """Finished rows under their keys, appended as they come: what an interrupted run leaves behind.

    None under a key is a cell that was passed over. A last line torn by a kill is ignored.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Measurement | None] = {}
        if path.exists():
            for line in path.read_text("utf-8", errors="replace").splitlines():
                try:
                    entry = json.loads(line)
                    self.rows[entry["key"]] = None if entry["row"] is None else _measurement(entry["row"])
                except (ValueError, TypeError, KeyError):
                    continue

    def append(self, keyed: Iterable[tuple[str, Measurement | None]]) -> None:
        """Keep these rows; on return they are with the operating system, so that killing the process loses none."""
        keyed = list(keyed)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f'{{"key":"{key}","row":{to_json(row) if row else "null"}}}\n' for key, row in keyed)
        with self.path.open("a+b") as file:
            # A line torn by an earlier kill must not swallow the first of ours.
            if file.tell() and not _ends_with_newline(self.path):
                text = "\n" + text
            file.write(text.encode())
        self.rows.update(keyed)

    def prune(self, keys: Collection[str]) -> None:
        """Forget every row whose key is not among these: rows of other code, other versions, other grids."""
        if set(self.rows) <= set(keys):
            return
        part = self.path.with_suffix(".part")
        part.unlink(missing_ok=True)  # left by a kill in the middle of this
        kept = Journal(part)
        kept.append((key, row) for key, row in self.rows.items() if key in keys)
        os.replace(part, self.path)
        self.rows = kept.rows


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
