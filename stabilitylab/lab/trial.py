"""The units of work of an experiment: one solve of its grid, or one probe; batches of them; the keys of their rows."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from stabilitylab import bench, libraries, problems
from stabilitylab.bench.causes import with_cause_noted
from stabilitylab.bench.pool import watchdog
from stabilitylab.core import environment
from stabilitylab.core.catalog import origin
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.types import BLAS, SCHEMA, Measurement, Solution, Status
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.problem import Problem
from stabilitylab.lab.experiment import Experiment, ExperimentError, Loaded, Probe, Size, load
from stabilitylab.problems import Case
from stabilitylab.scoring.score import score_solution

BATCH = 64  # trials that a worker process takes at a time, and that are measured again if it is killed

RowsOfTrial: TypeAlias = tuple[Measurement | None, ...]


class Trial(Protocol):
    """A unit of work with a known number of rows; two with the same repr have the same rows."""

    @property
    def shared(self) -> Any:
        """A key: successive trials with equal keys share data that take long to build, and go into the same batch."""

    def names(self, experiment: Experiment) -> tuple[str, ...]:
        """A name for each of its rows, different from the others; part of the row's key."""

    def measured(self, experiment: Experiment) -> RowsOfTrial:
        """Its rows; None for a row that does not apply."""

    def lost(self, experiment: Experiment, status: Status, note: str) -> RowsOfTrial:
        """Its rows where the process was killed or died: without scores, with this status and note."""


@dataclass(frozen=True)
class Solve:
    """A route on a variant of a problem in a format: a row for each truth, None when the route does not take it."""

    case: Case
    format: str
    solver: str
    variant: Variant

    @property
    def shared(self) -> Any:
        """The problem in its format, whose certified references take long to compute."""
        return self.case, self.format

    def names(self, experiment: Experiment) -> tuple[str, ...]:
        """The truths it is scored against."""
        return experiment.truths_of(self.variant)

    def measured(self, experiment: Experiment) -> RowsOfTrial:
        """Solve once, and score the solution against each truth."""
        problem = self._problem()
        entry = bench.route(self.solver)
        if bench.unsuited(entry.label, problem):
            return (None,) * len(self.names(experiment))
        return self._scored(experiment, problem, bench.solve(entry, problem, self.variant))

    def lost(self, experiment: Experiment, status: Status, note: str) -> RowsOfTrial:
        """Rows without an answer."""
        return self._scored(experiment, self._problem(), Solution(None, status, note=note))

    def _problem(self) -> Problem:
        problem = self.case.build()
        return problem if problem.format.name == self.format else problem.rounded_to(self.format)

    def _scored(self, experiment: Experiment, problem: Problem, solution: Solution) -> RowsOfTrial:
        entry = bench.route(self.solver)
        rows = tuple(
            score_solution(
                entry,
                problem,
                solution,
                truth=truth,
                variant=self.variant,
                wanted=experiment.metrics_of(self.variant),
                parameters=dict(self.case.parameters),
            )
            for truth in experiment.truths_of(self.variant)
        )
        if not experiment.causes or self.variant != PUBLISHED:
            return rows
        return tuple(with_cause_noted(row, entry, problem, solution) for row in rows)


@dataclass(frozen=True)
class Probing:
    """A probe (see `Probe`), measured by a function of the experiment: a row for each of its solvers."""

    probe: Probe

    @property
    def shared(self) -> Any:
        """The probe itself, so that each probe is a batch and its rows are stored as soon as it is measured."""
        return self.probe

    def names(self, experiment: Experiment) -> tuple[str, ...]:
        """The names of its solvers."""
        return self.probe.solvers

    def measured(self, experiment: Experiment) -> RowsOfTrial:
        """The rows of `experiment.measure`. Raises ExperimentError unless they are one for each solver, in order."""
        with one_blas_thread():
            rows = tuple(experiment.measure(self.probe))
        if tuple(row.solver for row in rows) != self.probe.solvers:
            came = ", ".join(row.solver for row in rows) or "none"
            wanted = ", ".join(self.probe.solvers)
            raise ExperimentError(f"measure must give the rows of {wanted}, for {self.probe.problem}; got {came}")
        return rows

    def lost(self, experiment: Experiment, status: Status, note: str) -> RowsOfTrial:
        """Rows without a score."""
        return tuple(self.probe.row(solver, {}, status=status, note=note) for solver in self.probe.solvers)


@dataclass(frozen=True)
class Batch:
    """Trials for one worker process, which loads the experiment from `path`; limit: seconds for each trial."""

    path: Path
    trials: tuple[Trial, ...]
    limit: float

    def parts(self) -> tuple["Batch", ...]:
        """One batch per trial."""
        return tuple(replace(self, trials=(trial,)) for trial in self.trials)


def trials(experiment: Experiment, size: Size) -> Iterator[Trial]:
    """The grid: problems, formats, routes, variants, in that order; then the probes."""
    routes, variants = experiment.routes(), experiment.variants(size)
    for case in experiment.cases(size):
        for format in experiment.formats:
            for entry in routes:
                for variant in variants:
                    yield Solve(case, format, entry.label.name, variant)
    yield from map(Probing, experiment.rows(size))


def row_keys(trial: Trial, experiment: Experiment, made_by: str) -> tuple[str, ...]:
    """For each row the SHA-256 of all it depends on; a recipe stands for the bits this code makes of it.

    made_by: what `depends_on` says of the experiment.
    """
    names = trial.names(experiment)
    return tuple(hashlib.sha256(repr((SCHEMA, trial, name, made_by)).encode()).hexdigest() for name in names)


def depends_on(one: Loaded, size: Size) -> str:
    """What every row of an experiment depends on besides its trial: code, versions, environment, scores taken."""
    experiment = one.experiment
    routes = experiment.routes()
    libraries = {route.label.library for route in routes}
    parts = (
        environment.source_hash(),
        own_source(one, size),
        environment.digest(),
        sorted((library.title, library.version()) for library in libraries if library),
        [origin(route.function) for route in routes],  # of routes that other distributions bring
        experiment.metrics,
        experiment.variant_metrics,
        experiment.causes,
    )
    return repr(parts)


def batches(path: Path, trials: Sequence[Trial], limit: float) -> Iterator[Batch]:
    """The trials in batches of at most BATCH, each of trials with the same `shared`: a problem and its references."""
    for _, same in itertools.groupby(trials, key=lambda trial: trial.shared):
        together = tuple(same)
        for start in range(0, len(together), BATCH):
            yield Batch(path, together[start : start + BATCH], limit)


def own_source(one: Loaded, size: Size) -> str:
    """SHA-256 of the experiment's file where that defines a solver, a problem or `measure`; "" where it does not.

    `environment.source_hash` covers the package alone.
    """
    families = {case.family for case in one.experiment.cases(size)}
    routes = (entry.function for entry in one.experiment.routes())
    functions = [*routes, *map(problems.get, families), one.experiment.measure]
    if all(function.__module__.startswith("stabilitylab.") for function in functions):
        return ""
    return hashlib.sha256(one.path.read_bytes()).hexdigest()


def loaded(path: Path) -> Loaded:
    """`load`, cached in this process until the file's time of modification changes."""
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _loaded(path: Path, version: int) -> Loaded:
    return load(path)


def measured(batch: Batch, *, watched: bool) -> tuple[RowsOfTrial, ...]:
    """The rows of each trial of a batch; watched: this process is ended when a trial exceeds the batch's limit."""
    experiment = loaded(batch.path).experiment
    rows = []
    for trial in batch.trials:
        with watchdog(batch.limit) if watched else nullcontext():
            rows.append(trial.measured(experiment))
    return tuple(tuple(row and with_blas(row) for row in of_trial) for of_trial in rows)


def with_blas(row: Measurement) -> Measurement:
    """A row of a library that is here with the fact "blas", what it computed with (see `bench.loaded_blas`).

    Other rows, and those that have the fact, come back unchanged.
    """
    library = libraries.of_route(row.solver)
    if library is None or library.missing or BLAS in row.facts:
        return row
    return replace(row, facts={**row.facts, BLAS: bench.loaded_blas(library)})


def lost(batch: Batch, timed_out: bool) -> RowsOfTrial:
    """The rows of the only trial of a batch whose process was ended at the limit (timed_out), or died."""
    (trial,) = batch.trials
    status = Status.TIMED_OUT if timed_out else Status.DIED
    note = f"stopped after {batch.limit:g} s" if timed_out else "the process ended while the route ran"
    return trial.lost(loaded(batch.path).experiment, status, note)
