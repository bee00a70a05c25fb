"""Runs experiments: cells that are missing are measured in worker processes, and every finished row is kept at once."""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from stabilitylab import bench, environment
from stabilitylab.copies import Copy
from stabilitylab.core import Measurement, Solution, Status
from stabilitylab.experiment import Experiment, Loaded, Size, load
from stabilitylab.problems import Case
from stabilitylab.regression import Problem, Truth
from stabilitylab.report import Chapter, write_chapter
from stabilitylab.results import Journal, Rows, write
from stabilitylab.workers import Lost, in_processes, watchdog

SCHEMA = 1  # of rows; raised when the meaning of a field changes
BATCH = 64  # cells a worker takes at a time: what a kill can cost

RowsOfCell: TypeAlias = tuple[Measurement | None, ...]


@dataclass(frozen=True)
class Cell:
    """One solve: a route on a copy of a problem in a format. It yields a row for each truth."""

    case: Case
    dtype: str
    solver: str
    copy: Copy

    def keys(self, truths: Sequence[Truth], made_by: str) -> tuple[str, ...]:
        """For each truth the SHA-256 of all its row depends on; a recipe stands for the bits this code makes of it."""
        return tuple(hashlib.sha256(repr((SCHEMA, self, truth, made_by)).encode()).hexdigest() for truth in truths)


@dataclass(frozen=True)
class Task:
    """Cells of one problem, measured in one go by a worker that loads the experiment itself."""

    path: Path
    cells: tuple[Cell, ...]
    limit: float

    def parts(self) -> tuple["Task", ...]:
        """One task per cell."""
        return tuple(replace(self, cells=(cell,)) for cell in self.cells)


@dataclass(frozen=True)
class Outcome:
    """What a run of one experiment came to: its chapter, its rows, and how many cells were measured and resumed."""

    chapter: Chapter
    rows: Rows
    measured: int
    resumed: int


Progress = Callable[[str, int, int], None]


def _silent(name: str, done: int, total: int) -> None:
    """No progress shown."""


def run_experiment(
    loaded: Loaded, *, size: Size, jobs: int, out: Path, progress: Progress = _silent, limit: float | None = None
) -> Outcome:
    """Measure what the journal lacks, then write rows, tables and figures to out; interrupted, it resumes.

    progress(name, cells done, cells in all) is called as rows come. limit replaces the experiment's seconds per cell.
    With jobs = 1 everything runs in this process, and a route that hangs or crashes takes the run with it.
    """
    experiment, folder = loaded.experiment, out / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / f"{loaded.name}.{size}.journal.jsonl")
    made_by = repr((environment.source_hash(), environment.digest(), experiment.metrics, experiment.copy_metrics))
    keys = {cell: cell.keys(experiment.truths_of(cell.copy), made_by) for cell in _cells(experiment, size)}
    missing = [cell for cell, wanted in keys.items() if not all(key in journal.rows for key in wanted)]
    done = resumed = len(keys) - len(missing)
    progress(loaded.name, done, len(keys))
    for task, measured in _measured(_tasks(loaded.path, missing, limit or experiment.limit), jobs):
        journal.append(
            (key, row)
            for cell, rows in zip(task.cells, measured, strict=True)
            for key, row in zip(keys[cell], rows, strict=True)
        )
        done += len(task.cells)
        progress(loaded.name, done, len(keys))
    found = (journal.rows[key] for wanted in keys.values() for key in wanted)
    rows = Rows(tuple(row for row in found if row is not None))
    journal.prune({key for wanted in keys.values() for key in wanted})
    write(rows, folder / f"{loaded.name}.{size}.rows.jsonl")
    return Outcome(write_chapter(loaded, rows, out), rows, len(missing), resumed)


def _cells(experiment: Experiment, size: Size) -> Iterator[Cell]:
    for case in experiment.cases(size):
        for dtype in experiment.dtypes:
            for entry in experiment.routes():
                for copy in experiment.copies():
                    yield Cell(case, dtype, entry.label.name, copy)


def _tasks(path: Path, cells: Sequence[Cell], limit: float) -> Iterator[Task]:
    """The cells of each problem together, since building it and its references is what they share."""
    for _, same in itertools.groupby(cells, key=lambda cell: (cell.case, cell.dtype)):
        together = tuple(same)
        for start in range(0, len(together), BATCH):
            yield Task(path, together[start : start + BATCH], limit)


def _measured(tasks: Iterator[Task], jobs: int) -> Iterator[tuple[Task, Sequence[RowsOfCell]]]:
    if jobs == 1:
        for task in tasks:
            yield task, tuple(measure(_loaded(task.path).experiment, cell) for cell in task.cells)
        return
    queue = tuple(tasks)
    limit = queue[0].limit if queue else 0.0
    for task, result in in_processes(work, queue, jobs=jobs, split=Task.parts, limit=limit) if queue else ():
        yield task, (lost(task, result.timed_out),) if isinstance(result, Lost) else result


@lru_cache(maxsize=16)
def _loaded(path: Path) -> Loaded:
    return load(path)


def work(task: Task) -> tuple[RowsOfCell, ...]:
    """The rows of each cell of a task: what a worker process does."""
    experiment = _loaded(task.path).experiment
    rows = []
    for cell in task.cells:
        with watchdog(task.limit):
            rows.append(measure(experiment, cell))
    return tuple(rows)


def measure(experiment: Experiment, cell: Cell) -> RowsOfCell:
    """One row for each truth the cell is scored against; None for each when the route does not take the problem."""
    problem = _problem(cell)
    entry = bench.route(cell.solver)
    truths = experiment.truths_of(cell.copy)
    if bench.unsuited(entry.label, problem):
        return (None,) * len(truths)
    solution = bench.solve(entry, problem, cell.copy)
    return _scored(experiment, cell, problem, solution)


def lost(task: Task, timed_out: bool) -> RowsOfCell:
    """The rows of a cell whose route never came back."""
    (cell,) = task.cells
    status = Status.TIMED_OUT if timed_out else Status.DIED
    note = f"stopped after {task.limit:g} s" if timed_out else "the process ended while the route ran"
    return _scored(_loaded(task.path).experiment, cell, _problem(cell), Solution(None, status, note=note))


def _problem(cell: Cell) -> Problem:
    problem = cell.case.build()
    return problem if problem.dtype == cell.dtype else problem.rounded_to(cell.dtype)


def _scored(experiment: Experiment, cell: Cell, problem: Problem, solution: Solution) -> RowsOfCell:
    return tuple(
        bench.score(
            bench.route(cell.solver),
            problem,
            solution,
            truth=truth,
            copy=cell.copy,
            wanted=experiment.metrics_of(cell.copy),
            parameters=dict(cell.case.parameters),
        )
        for truth in experiment.truths_of(cell.copy)
    )
