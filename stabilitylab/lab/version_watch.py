"""Measures the routes of libraries on a set of problems, in the installed version or another, and compares two."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import joblib

from stabilitylab import bench, libraries, problems
from stabilitylab.bench.causes import with_cause
from stabilitylab.bench.isolation import NO_CHANGE
from stabilitylab.bench.pool import LostTask, in_processes
from stabilitylab.core.errors import MissingLibraryError
from stabilitylab.core.library import Library
from stabilitylab.core.types import BLAS, Measurement, Solution, Status, Truth
from stabilitylab.data.problem import Problem
from stabilitylab.lab import environments
from stabilitylab.lab.compare import Change, Comparison
from stabilitylab.lab.environments import Notify, Requirement
from stabilitylab.report import grid
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.rows import Rows
from stabilitylab.scoring.score import score_solution

SCORES = ("digits.min", "digits.supported")
THRESHOLD = 1.0  # digits; a smaller difference is no change

Seen = Callable[[str, int, int], None]  # called with the title of a finished library, the number finished, and of all


@dataclass(frozen=True)
class Bench:
    """The problems that routes are measured on, and the truth that their answers are scored against."""

    problems: tuple[str, ...]
    truth: Truth

    def rows(self, library: Library, *, python: str | None = None, version: str = "") -> tuple[Measurement, ...]:
        """The row of every route of a library on every problem it takes, with its title and version as conditions.

        python, version: another interpreter, and the version of the library that it has and that is to answer.
        """
        conditions = {"library": library.title, "version": version or library.version()}
        return tuple(answer(*asked, self.truth, conditions, python=python) for asked in self._asked(library))

    def lost(self, library: Library) -> tuple[Measurement, ...]:
        """The rows of a library whose routes ended the process that measured them: status DIED, no scores."""
        conditions = {"library": library.title, "version": library.version()}
        died = Solution(None, Status.DIED, note="the process ended while the route ran")
        return tuple(
            score_solution(*asked, died, truth=self.truth, wanted=SCORES, conditions=conditions)
            for asked in self._asked(library)
        )

    def _asked(self, library: Library) -> Iterator[tuple[bench.Route, Problem]]:
        for problem in [problems.get(name)() for name in self.problems]:
            for entry in libraries.catalog:
                if entry.label.library is library and not bench.unsuited(entry.label, problem):
                    yield entry, problem


def answer(
    entry: bench.Route,
    problem: Problem,
    truth: Truth,
    conditions: Mapping[str, Any],
    *,
    python: str | None = None,
    environment: Mapping[str, str] = NO_CHANGE,
) -> Measurement:
    """The row of a route on a problem under these conditions, such as the library's version; a fact names its BLAS.

    python: another interpreter, whose version of the library answers. environment: as for `bench.answered`.
    """
    solution = bench.solve(entry, problem, python=python, environment=environment)
    if python is not None:  # what a label claims is claimed of the version that is here
        entry = replace(entry, label=replace(entry.label, law=None, cutoff=None, cutoff_says=""))
    row = score_solution(entry, problem, solution, truth=truth, wanted=SCORES, conditions=conditions)
    if python is None:
        row = with_cause(row, entry, problem, solution)
    library = entry.label.library
    if library is None:
        return row
    blas = bench.loaded_blas(library, python=python, environment=environment)
    return replace(row, facts={**row.facts, BLAS: blas})


# --- several libraries, each in a process


Task = tuple[str, Bench]  # the name of a library, and the problems to measure it on


def measured(chosen: Sequence[Library], on: Bench, seen: Seen) -> Rows:
    """The rows of several libraries, problem by problem; those that run in this process first, then the others."""
    named = {one.name: one for one in chosen}
    rows = [row for one in chosen if not one.isolated for row in on.rows(one)]
    tasks: deque[Task] = deque((one.name, on) for one in chosen if one.isolated)
    done, jobs = len(chosen) - len(tasks), min(joblib.cpu_count(), len(tasks) or 1)
    for (name, part), result in in_processes(_work, tasks, jobs=jobs, split=_parts, limit=lambda task: inf):
        rows += part.lost(named[name]) if isinstance(result, LostTask) else result
        done += part == on
        seen(named[name].title, done, len(chosen))
    return Rows(tuple(sorted(rows, key=lambda row: on.problems.index(row.problem))))


def _work(task: Task) -> tuple[Measurement, ...]:
    name, on = task
    return on.rows(next(one for one in libraries.each() if one.name == name))


def _parts(task: Task) -> Sequence[Task]:
    name, on = task
    return [(name, Bench((problem,), on.truth)) for problem in on.problems]


# --- one library in two versions


@dataclass(frozen=True)
class Step:
    """The comparison of a library's older version with a later one. beside: the NumPy and SciPy that both ran with."""

    title: str
    before: str
    after: str
    comparison: Comparison
    beside: str

    @property
    def table(self) -> Table:
        """The cells that changed; error messages, notes and warnings are footnotes."""
        body = tuple(
            (Cell(c.after.solver), Cell(c.after.problem), _told(c.before), _told(c.after))
            for c in self.comparison.changed
        )
        return Table(
            f"What changed in {self.title}: correct digits of the worst coefficient",
            ("route", "problem", self.before, self.after),
            (False, False, True, True),
            body,
            (self.beside,),
        )

    @property
    def summary(self) -> str:
        """How many cells changed, and how many of them for the worse."""
        changed, same, worse = len(self.comparison.changed), self.comparison.same, len(self.comparison.worse)
        versions = f"{self.title} {self.before} -> {self.after}"
        return f"{versions}: {changed} changed, {same} the same; {worse} lost digits or their answer"

    @property
    def record(self) -> dict[str, Any]:
        """The comparison as a JSON-able dictionary."""
        return {
            "library": self.title,
            "before": self.before,
            "after": self.after,
            "beside": self.beside,
            "changed": [{"before": c.before.to_dict(), "after": c.after.to_dict()} for c in self.comparison.changed],
            "same": self.comparison.same,
            "worse": len(self.comparison.worse),
        }


def _told(row: Measurement) -> Cell:
    """The digits of a row with its marks; its note and warnings are footnotes."""
    made = grid.cell([row], "digits.min")
    return replace(made, details=tuple(filter(None, (*made.details, row.note, *row.warnings))))


def steps(wanted: Sequence[Requirement], on: Bench, notify: Notify) -> Iterator[Step]:
    """Each version wanted beside the one that is here, the older first; notify is told what takes a while.

    Raises MissingLibraryError where none is here, VersionError where versions have no order, and what
    `environments.interpreter` raises.
    """
    for library in [one.library for one in wanted]:
        if library.missing:
            raise MissingLibraryError(f"no {library.title} is here to compare with: {library.missing}")
    for one in wanted:
        library, here = one.library, one.library.version()
        python = environments.interpreter(one, notify)
        there = on.rows(library, python=python, version=one.version), one.version
        sides = sorted([there, (on.rows(library), here)], key=lambda side: environments.release_order(side[1]))
        (old, before), (new, after) = sides
        yield Step(library.title, before, after, compared(old, new), _beside(python, library))


def compared(old: Sequence[Measurement], new: Sequence[Measurement]) -> Comparison:
    """Two results with the same cells in the same order: the cells whose digits, status, note or warnings differ."""
    pairs = zip(old, new, strict=True)
    changes = [Change((b.problem, b.solver, b.format, b.truth, b.variant), a, b) for a, b in pairs]
    changed = [c for c in changes if abs(c.lost) >= THRESHOLD or _words(c.before) != _words(c.after)]
    changed.sort(key=lambda change: -change.lost)
    return Comparison(tuple(changed), len(changes) - len(changed), (), (), {}, THRESHOLD)


def _words(row: Measurement) -> tuple[Any, ...]:
    return row.status, row.note, row.warnings


def _beside(python: str, library: Library) -> str:
    """A sentence that names NumPy and SciPy here and in the other interpreter, without the library compared."""
    said = []
    for one in libraries.each():
        if one.distribution in environments.PINNED and one is not library:
            here, there = one.version(), environments.version_in(python, one, library)
            said.append(f"{one.title} {here}" + ("" if here == there else f" here, {there} there"))
    return f"Beside {' and '.join(said)}."
