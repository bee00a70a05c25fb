"""Runs experiments: measures the rows that a journal lacks, in worker processes, and stores each batch at once."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from stabilitylab.bench.pool import LostTask, in_processes
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.lab.chapter import Chapter, write_chapter
from stabilitylab.lab.experiment import Loaded, Size
from stabilitylab.lab.trial import Batch, RowsOfTrial, batches, depends_on, loaded, lost, measured, row_keys, trials
from stabilitylab.report.rows import Journal, Rows, read, write


@dataclass(frozen=True)
class ExperimentRun:
    """The result of a run: chapter, rows, and how many trials were measured now and taken from the journal."""

    chapter: Chapter
    rows: Rows
    measured: int
    resumed: int


@dataclass(frozen=True)
class Rendering:
    """The task of writing a chapter from a file of rows; a task of its own, since drawing figures takes long."""

    path: Path
    rows: Path
    out: Path


Task: TypeAlias = Batch | Rendering
Result: TypeAlias = tuple[RowsOfTrial, ...] | Chapter
ProgressReport = Callable[[str, int, int], None]


def silent(name: str, done: int, total: int) -> None:
    """No progress shown."""


def run_experiment(
    one: Loaded, *, size: Size, jobs: int, out: Path, progress: ProgressReport = silent, limit: float | None = None
) -> ExperimentRun:
    """`run_experiments` with one experiment."""
    return next(iter(run_experiments([one], size=size, jobs=jobs, out=out, progress=progress, limit=limit)))


def run_experiments(
    chosen: Sequence[Loaded],
    *,
    size: Size,
    jobs: int,
    out: Path,
    progress: ProgressReport = silent,
    limit: float | None = None,
) -> Iterator[ExperimentRun]:
    """Measure the rows that the journals in `out` lack, and write rows, tables and figures there.

    A run that was interrupted resumes from its journals. Yields each experiment when it is finished. progress(name,
    trials done, trials in all) is called after each batch. limit: seconds per trial, in place of the experiments' own.
    With jobs = 1 everything runs in this process and there is no time limit: a route that hangs or crashes stops the
    run. Experiments of cost "bench" run after the others and in one process whatever jobs is, since they measure time.
    """
    runs = {one.path: _Run(one, size, out, limit) for one in chosen}
    for run in runs.values():
        run.report(progress)
    for cost, processes in (("run", jobs), ("bench", 1)):
        together = {path: run for path, run in runs.items() if run.one.experiment.cost == cost}
        work_off = _here if jobs == 1 else partial(_in_workers, jobs=processes)
        yield from _outcomes(together, work_off, progress)


def _outcomes(
    runs: Mapping[Path, "_Run"],
    work_off: Callable[[deque[Task]], Iterator[tuple[Task, Result]]],
    progress: ProgressReport,
) -> Iterator[ExperimentRun]:
    queue: deque[Task] = deque(batch for run in runs.values() for batch in run.batches)
    queue.extend(run.rendering() for run in runs.values() if not run.batches)
    for task, result in work_off(queue):
        run = runs[task.path]
        if isinstance(result, Chapter):
            yield ExperimentRun(result, run.rows(), len(run.missing), len(run.keys) - len(run.missing))
        elif isinstance(task, Batch):
            run.keep(task, result)
            run.report(progress)
            if run.complete:
                queue.appendleft(run.rendering())


class _Run:
    """The state of one experiment's run: the trials with the keys of their rows, and the journal of finished rows."""

    def __init__(self, one: Loaded, size: Size, out: Path, limit: float | None) -> None:
        experiment = one.experiment
        self.one, self.out = one, out
        self.file = out / "rows" / f"{one.name}.{size}.rows.jsonl"
        self.journal = Journal(out / "rows" / f"{one.name}.{size}.journal.jsonl")
        made_by = depends_on(one, size)
        self.keys = {trial: row_keys(trial, experiment, made_by) for trial in trials(experiment, size)}
        rows = self.journal.rows
        self.missing = [trial for trial, keys in self.keys.items() if not all(key in rows for key in keys)]
        self.batches = list(batches(one.path, self.missing, limit or experiment.limit))
        self.done = len(self.keys) - len(self.missing)

    @property
    def complete(self) -> bool:
        """Whether every trial has its rows."""
        return self.done == len(self.keys)

    def keep(self, batch: Batch, measured: Sequence[RowsOfTrial]) -> None:
        """Append the rows of a batch to the journal."""
        self.journal.append(
            (key, row)
            for trial, rows in zip(batch.trials, measured, strict=True)
            for key, row in zip(self.keys[trial], rows, strict=True)
        )
        self.done += len(batch.trials)

    def report(self, progress: ProgressReport) -> None:
        """Report how many trials are done."""
        progress(self.one.name, self.done, len(self.keys))

    def rows(self) -> Rows:
        """The rows in the order of the trials, without those that do not apply."""
        rows = (self.journal.rows[key] for keys in self.keys.values() for key in keys)
        return Rows(tuple(row for row in rows if row is not None))

    def rendering(self) -> Rendering:
        """Write the rows to a file, drop stale ones from the journal, and return the task that writes the chapter."""
        self.journal.prune({key for keys in self.keys.values() for key in keys})
        write(self.rows(), self.file)
        return Rendering(self.one.path, self.file, self.out)


def _here(queue: deque[Task]) -> Iterator[tuple[Task, Result]]:
    """(task, result) for each task, in this process; tasks may be added to the queue meanwhile."""
    while queue:
        task = queue.popleft()
        yield task, work(task, watched=False)


def _in_workers(queue: deque[Task], jobs: int) -> Iterator[tuple[Task, Result]]:
    """As `_here`, in worker processes and in the order in which the tasks finish."""
    for task, result in in_processes(work, queue, jobs=jobs, split=_parts, limit=_limit):
        if not isinstance(result, LostTask):
            yield task, result
        elif isinstance(task, Batch):
            yield task, (lost(task, result.timed_out),)
        else:
            raise StabilityLabError(f"the process that wrote the chapter of {task.path.name} died: try --jobs 1")


def work(task: Task, *, watched: bool = True) -> Result:
    """The result of a task. watched: under the time limit of the task, which ends the process (see `watchdog`)."""
    if isinstance(task, Batch):
        return measured(task, watched=watched)
    return write_chapter(loaded(task.path), read(task.rows), task.out)


def _parts(task: Task) -> Sequence[Task]:
    return task.parts() if isinstance(task, Batch) else (task,)


def _limit(task: Task) -> float:
    return task.limit if isinstance(task, Batch) else float("inf")
