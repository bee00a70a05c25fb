"""Two results side by side: the cells whose digits or status changed, each with what differs where they were made.

A result is a folder that `run` wrote, one file of its rows, or a folder of committed tables.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stabilitylab import libraries
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import BLAS, WORST, Measurement
from stabilitylab.report.committed import SUFFIX, environments, identifier_in, read_committed
from stabilitylab.report.environment import blas_key, described, differences, relevant_to
from stabilitylab.report.rows import Rows, read

ROWS, ENVIRONMENT = ".rows.jsonl", "environment.json"  # what `run` writes
QUICK = ".quick"  # ends the name of an experiment in the name of its file of rows, where it ran at that size
Cell = tuple[str, str, str, str, str]
"""problem (with parameters and conditions that its name does not spell), solver, format, truth, variant."""


@dataclass(frozen=True)
class Change:
    """A cell that both results have, with its row in each, and what differs where they were made, as sentences."""

    cell: Cell
    before: Measurement
    after: Measurement
    because: tuple[str, ...] = ()

    @property
    def lost(self) -> float:
        """Correct digits of the worst coefficient before, minus those after; no answer counts as 0 digits.

        0 where one of them has an answer without that score.
        """
        before, after = _digits(self.before), _digits(self.after)
        return 0.0 if before is None or after is None else before - after


@dataclass(frozen=True)
class OneSided:
    """A cell that one result lacks, and why: that whole experiment, library, route or problem is not in it."""

    cell: Cell
    why: str


@dataclass(frozen=True)
class Comparison:
    """changed: cells whose digits moved by at least the threshold, or whose status changed, worst loss first.

    only_before, only_after: cells that one side lacks. environment: what differs where they were made, as
    {what: (before, after)}.
    """

    changed: tuple[Change, ...]
    same: int
    only_before: tuple[OneSided, ...]
    only_after: tuple[OneSided, ...]
    environment: dict[str, tuple[str, str]]
    threshold: float

    @property
    def worse(self) -> tuple[Change, ...]:
        """The cells that lost digits, at least the threshold, or that had an answer only before."""
        return tuple(
            c for c in self.changed if c.lost >= self.threshold or (c.before.answered and not c.after.answered)
        )


def grouped(one_sided: Sequence[OneSided]) -> list[tuple[str, int]]:
    """The reasons why cells are on one side only, with how many they are, the most frequent first."""
    return Counter(one.why for one in one_sided).most_common()


def compare(before: Path, after: Path, threshold: float = 1.0) -> Comparison:
    """Compare two results. Raises InputError where there are no rows to read, and the errors of their readers."""
    old, new = _result(before), _result(after)
    pairs = _pairs(old, new)
    changes = [
        Change(a.cell, a.row, b.row, _because(a, b))
        for a, b in pairs
        if abs(Change(a.cell, a.row, b.row).lost) >= threshold or a.row.status != b.row.status
    ]
    matched = {a.cell for a, _ in pairs}, {b.cell for _, b in pairs}
    only_before, only_after = (
        tuple(OneSided(cell, there.why_not(placed)) for cell, placed in here.items() if cell not in known)
        for here, there, known in ((old, _Parts.of(new), matched[0]), (new, _Parts.of(old), matched[1]))
    )
    return Comparison(
        tuple(sorted(changes, key=lambda c: -c.lost)),
        len(pairs) - len(changes),
        only_before,
        only_after,
        _made_differently(pairs),
        threshold,
    )


def cell_of(row: Measurement) -> Cell:
    """What tells a row apart in a result."""
    problem = row.named_problem + _under(row)
    return problem, row.solver, row.format, row.truth, row.variant


# --- reading


@dataclass(frozen=True)
class _Placed:
    """A row of a result: its cell, the experiment that made it, whether at quick size, and where, as `described`.

    experiment: "" where a single file was named.
    """

    cell: Cell
    row: Measurement
    experiment: str
    quick: bool
    environment: Mapping[str, str]


def _result(path: Path) -> dict[Cell, _Placed]:
    cells: dict[Cell, _Placed] = {}
    for file, rows, environment in _files(path):
        # Of two files that are named, one is held against the other whatever they are called.
        name = "" if path.is_file() else file.name.removesuffix(SUFFIX).removesuffix(ROWS)
        for row in rows:
            cell = cell_of(row)
            # Two experiments may hold one cell; the row that was scored speaks for it.
            if cell not in cells or row.scores.get(WORST) is not None:
                quick = name.endswith(QUICK)
                cells[cell] = _Placed(cell, row, name.rpartition(".")[0] or name, quick, _of_row(environment, row))
    return cells


def _files(path: Path) -> Iterator[tuple[Path, Rows, Mapping[str, str]]]:
    """Each file of a result in the order of names, with its rows, and where they were made as far as it says so."""
    if path.is_file():
        written, committed = ([], [path]) if path.name.endswith(SUFFIX) else ([path], [])
    else:
        written = sorted(path.glob(f"**/*{ROWS}"))
        committed = [] if written else sorted(path.glob(f"*{SUFFIX}"))
    if not written and not committed:
        raise InputError(
            f"{path} holds no *{ROWS} and no *{SUFFIX}: name a folder that `stabilitylab run` wrote, or that holds "
            "committed tables"
        )
    here = described(_stamp(path if path.is_dir() else path.parent.parent)) if written else {}
    for file in written:
        yield file, read(file), here
    known = {name: described(one) for name, one in environments(committed[0].parent).items()} if committed else {}
    for file in committed:
        yield file, read_committed(file), known.get(identifier_in(file), {})


def _stamp(folder: Path) -> Mapping[str, Any]:
    file = folder / ENVIRONMENT
    try:
        content = json.loads(file.read_text("utf-8")) if file.exists() else {}
    except ValueError as error:
        raise InputError(f"{file} is no JSON: {error}") from None
    return content if isinstance(content, dict) else {}


def _of_row(environment: Mapping[str, str], row: Measurement) -> Mapping[str, str]:
    """With the BLAS that the row itself names in place of the one that its library had at the end of the run."""
    library = libraries.of_route(row.solver)
    if library is None or BLAS not in row.facts:
        return environment
    return {**environment, blas_key(library.title): str(row.facts[BLAS])}


# --- matching


def _pairs(old: Mapping[Cell, _Placed], new: Mapping[Cell, _Placed]) -> list[tuple[_Placed, _Placed]]:
    """The cells that both have: by name, and those left over by the hash of the problem, which may be renamed."""
    pairs = [(old[cell], new[cell]) for cell in old if cell in new]
    by_bits = {key: placed for cell, placed in new.items() if cell not in old and (key := _bits(placed.row))}
    for cell, placed in old.items():
        if cell not in new and (renamed := by_bits.pop(_bits(placed.row), None)):
            pairs.append((placed, renamed))
    return pairs


def _bits(row: Measurement) -> tuple[str, ...]:
    """What tells a row apart without the problem's name; () where the problem has no hash."""
    if not row.problem_hash:
        return ()
    return row.problem_hash, _under(row), row.solver, row.format, row.truth, row.variant


def _under(row: Measurement) -> str:
    under = ", ".join(f"{name} {value}" for name, value in row.conditions.items())
    return f" [{under}]" if under else ""


def _digits(row: Measurement) -> float | None:
    """0 without an answer; None for an answer that was not scored."""
    return row.scores.get(WORST) if row.answered else 0.0


# --- reasons


def _because(before: _Placed, after: _Placed) -> tuple[str, ...]:
    """What the row depends on and is another on the two sides; or that nothing is, or that it is not known."""
    library = libraries.of_route(before.row.solver)
    keys = relevant_to(library)
    said = differences(before.environment, after.environment, keys)
    old, new = before.row.problem_hash, after.row.problem_hash
    if old and new and old != new:
        said = ("the problem has other bits", *said)
    for side, placed in (("before", before), ("after", after)):
        if not placed.environment:
            return (*said, f"where it was made is not recorded {side}")
    if said:
        return said
    own = () if library is None else (library.title, blas_key(library.title))
    unknown = [key for key in own if not (key in before.environment and key in after.environment)]
    if unknown:
        return (f"nothing recorded differs, but {' and '.join(unknown)} is not recorded on both sides",)
    return ("nothing recorded differs",)


@dataclass(frozen=True)
class _Parts:
    """What a result holds: libraries, the routes of each experiment, and the experiments that ran at quick size."""

    titles: frozenset[str]
    routes: Mapping[str, frozenset[str]]
    quick: frozenset[str]

    @classmethod
    def of(cls, result: Mapping[Cell, _Placed]) -> "_Parts":
        """The parts of a result."""
        routes: dict[str, set[str]] = {}
        for placed in result.values():
            routes.setdefault(placed.experiment, set()).add(placed.row.solver)
        used = map(libraries.of_route, set().union(*routes.values()))
        return cls(
            frozenset(library.title for library in used if library is not None),
            {name: frozenset(of) for name, of in routes.items()},
            frozenset(placed.experiment for placed in result.values() if placed.quick),
        )

    def why_not(self, placed: _Placed) -> str:
        """Why a cell of the other result is not in this one, by the largest part that is not in it."""
        solver, name = placed.row.solver, placed.experiment
        if not name or "" in self.routes:  # one of them is a single file
            here, quick, name = frozenset[str]().union(*self.routes.values()), bool(self.quick), ""
        elif name in self.routes:
            here, quick = self.routes[name], name in self.quick
        else:
            return f"{name} was not run there"
        library = libraries.of_route(solver)
        if library is not None and library.title not in self.titles:
            return f"{library.title}: nothing there is of it"
        if solver not in here:
            why = f"no route {solver} there"
        elif quick and not placed.quick:
            why = "ran at quick size there"
        else:
            why = "no such problem, truth or variant there"
        return ": ".join(filter(None, (name, why)))


def _made_differently(pairs: Sequence[tuple[_Placed, _Placed]]) -> dict[str, tuple[str, str]]:
    """What both sides of a pair record, and some pair differently: {what: (before, after)}, several values by "or"."""
    seen: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for before, after in pairs:
        for key in relevant_to(libraries.of_route(before.row.solver)):
            if key in before.environment and key in after.environment:
                old, new = seen.setdefault(key, ({}, {}))
                old[before.environment[key]] = new[after.environment[key]] = None
    return {key: (" or ".join(old), " or ".join(new)) for key, (old, new) in seen.items() if list(old) != list(new)}
