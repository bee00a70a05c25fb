"""One solve of an experiment's grid, and what a worker does with a batch of them."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from stabilitylab import bench, problems
from stabilitylab.copies import Copy
from stabilitylab.core import SCHEMA, Measurement, Solution, Status
from stabilitylab.experiment import Experiment, Loaded, Size, load
from stabilitylab.problems import Case
from stabilitylab.regression import Problem, Truth
from stabilitylab.scoring import score
from stabilitylab.workers import watchdog

BATCH = 64  # trials a worker takes at a time: what a kill can cost

RowsOfTrial: TypeAlias = tuple[Measurement | None, ...]


@dataclass(frozen=True)
class Trial:
    """One solve: a route on a copy of a problem in a format. It yields a row for each truth."""

    case: Case
    dtype: str
    solver: str
    copy: Copy

    def keys(self, truths: Sequence[Truth], made_by: str) -> tuple[str, ...]:
        """For each truth the SHA-256 of all its row depends on; a recipe stands for the bits this code makes of it."""
        return tuple(hashlib.sha256(repr((SCHEMA, self, truth, made_by)).encode()).hexdigest() for truth in truths)


@dataclass(frozen=True)
class Batch:
    """Trials of one problem, measured in one go by a worker that loads the experiment itself."""

    path: Path
    trials: tuple[Trial, ...]
    limit: float

    def parts(self) -> tuple["Batch", ...]:
        """One batch per trial."""
        return tuple(replace(self, trials=(trial,)) for trial in self.trials)


def trials(experiment: Experiment, size: Size) -> Iterator[Trial]:
    """The grid: problems, formats, routes, copies, in that order."""
    for case in experiment.cases(size):
        for dtype in experiment.dtypes:
            for entry in experiment.routes():
                for copy in experiment.copies():
                    yield Trial(case, dtype, entry.label.name, copy)


def batches(path: Path, trials: Sequence[Trial], limit: float) -> Iterator[Batch]:
    """The trials of each problem together, since building it and its references is what they share."""
    for _, same in itertools.groupby(trials, key=lambda trial: (trial.case, trial.dtype)):
        together = tuple(same)
        for start in range(0, len(together), BATCH):
            yield Batch(path, together[start : start + BATCH], limit)


def own_source(one: Loaded, size: Size) -> str:
    """SHA-256 of the experiment's file where it brings solvers or problems of its own, which its rows depend on."""
    families = {case.family for case in one.experiment.cases(size)}
    functions = [*(entry.function for entry in one.experiment.routes()), *map(problems.get, families)]
    if all(function.__module__.startswith("stabilitylab.") for function in functions):
        return ""
    return hashlib.sha256(one.path.read_bytes()).hexdigest()


def loaded(path: Path) -> Loaded:
    """`load`, once for each process and version of the file."""
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _loaded(path: Path, version: int) -> Loaded:
    return load(path)


def measured(batch: Batch, *, watched: bool) -> tuple[RowsOfTrial, ...]:
    """The rows of each trial of a batch; watched: a trial that takes too long ends this process."""
    experiment = loaded(batch.path).experiment
    rows = []
    for trial in batch.trials:
        with watchdog(batch.limit) if watched else nullcontext():
            rows.append(measure(experiment, trial))
    return tuple(rows)


def measure(experiment: Experiment, trial: Trial) -> RowsOfTrial:
    """One row for each truth the trial is scored against; None for each when the route does not take the problem."""
    problem = _problem(trial)
    entry = bench.route(trial.solver)
    truths = experiment.truths_of(trial.copy)
    if bench.unsuited(entry.label, problem):
        return (None,) * len(truths)
    solution = bench.solve(entry, problem, trial.copy)
    return _scored(experiment, trial, problem, solution)


def lost(batch: Batch, timed_out: bool) -> RowsOfTrial:
    """The rows of a trial whose route never came back."""
    (trial,) = batch.trials
    status = Status.TIMED_OUT if timed_out else Status.DIED
    note = f"stopped after {batch.limit:g} s" if timed_out else "the process ended while the route ran"
    return _scored(loaded(batch.path).experiment, trial, _problem(trial), Solution(None, status, note=note))


def _problem(trial: Trial) -> Problem:
    problem = trial.case.build()
    return problem if problem.dtype == trial.dtype else problem.rounded_to(trial.dtype)


def _scored(experiment: Experiment, trial: Trial, problem: Problem, solution: Solution) -> RowsOfTrial:
    return tuple(
        score(
            bench.route(trial.solver),
            problem,
            solution,
            truth=truth,
            copy=trial.copy,
            wanted=experiment.metrics_of(trial.copy),
            parameters=dict(trial.case.parameters),
        )
        for truth in experiment.truths_of(trial.copy)
    )
