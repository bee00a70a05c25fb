"""An experiment as a declaration: a question, a grid or probes, what to show, and findings that are checked.

An experiment file is a module with a docstring, whose first line asks the question, and an `EXPERIMENT`. Its file name
is the finding, and its name.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Literal, Protocol, TypeAlias

from stabilitylab import bench, problems
from stabilitylab.core.catalog import import_failure
from stabilitylab.core.errors import StabilityLabError, UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import Measurement, Status, Truth
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.lab.finding import Finding, Remedy
from stabilitylab.lab.library_page import Section
from stabilitylab.problems import Case
from stabilitylab.report.cells import Table
from stabilitylab.report.plot import Spec
from stabilitylab.report.rows import Rows
from stabilitylab.scoring import metrics

Size: TypeAlias = Literal["quick", "full"]
QUICK_COPIES = 2  # of each kind of variant: a worst of two is found and written as one of eight is


class ExperimentError(StabilityLabError):
    """A file is no experiment; the message says what it lacks."""


class Tabulation(Protocol):
    """What makes a table of rows: `Pivot`, `Listing`, or a class of the experiment's own with this method."""

    def table(self, rows: Rows) -> Table:
        """The table of these rows."""


@dataclass(frozen=True)
class Probe:
    """What an experiment measures itself, where a grid of problems and routes does not say it: a row for each solver.

    problem and parameters say on what, conditions under what else, such as a library's version; everything is plain
    text and numbers, since a probe is sent to a worker and its repr is its identity.
    """

    problem: str
    solvers: tuple[str, ...]
    parameters: tuple[tuple[str, float | int | str], ...] = ()
    conditions: tuple[tuple[str, float | int | str], ...] = ()

    def __getitem__(self, name: str) -> float | int | str:
        """A parameter or condition by name. Raises KeyError."""
        return dict((*self.parameters, *self.conditions))[name]

    def row(
        self,
        solver: str,
        scores: Mapping[str, float | None],
        *,
        status: Status = Status.SOLVED,
        note: str = "",
        truth: str = "",
        facts: Mapping[str, float | int | str] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Measurement:
        """One of its rows. facts: words and settings found out, which are no scores.

        note: what came with the numbers, or why there are none. truth: "" where none is asked for.
        """
        silent = {name: note or status.value for name, score in scores.items() if score is None}
        return Measurement(
            problem=self.problem,
            parameters=dict(self.parameters),
            solver=solver,
            format="float64",
            works_in="float64",
            truth=truth,
            status=status.name,
            note=note,
            warnings=warnings,
            rank=None,
            x=None,
            scores=dict(scores),
            reasons=silent,
            conditions=dict(self.conditions),
            facts=dict(facts or {}),
        )


def _no_probes(size: Size) -> tuple[Probe, ...]:
    return ()


def _no_measure(probe: Probe) -> tuple[Measurement, ...]:
    raise ExperimentError(f"rows yields the probe {probe.problem!r}, and nothing measures it: give measure too")


@dataclass(frozen=True)
class Experiment:
    """A grid of problems, routes, formats and variants, and probes of its own, with what is made of their rows.

    problems, quick: the recipes at full and at quick size (quick defaults to all). solvers: route names or patterns
    ("normal.*"); routes that do not take a problem are passed over. metrics: the scores of the published order;
    variant_metrics: those of variants, scored on variant_truth. causes: whether a published row of few digits is asked
    for what cost them, which then is its fact "cause" (see `bench.causes`). permuted, scaled: how many variants of each
    kind at full size.
    rows(size): the probes that come after the grid; it may take a count as well, for `counted`. measure(probe): its
    rows, one for each solver of the probe, in that order.
    remedies: what to do instead. symptoms: what a person sees who has this trouble, each in a few words ("my slope is
    1e-6"). appendix: tables too large for the chapter, which get a page of their own.
    sections: what it adds to the pages of the libraries.
    chapter: its place in the order of chapters; equal numbers are sorted by name. cost "bench": it measures times, so
    that it runs only when named, after the others, alone and in one process. limit: seconds that one route or probe may
    take.
    """

    problems: tuple[Case, ...] = ()
    solvers: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    quick: tuple[Case, ...] = ()
    metrics: tuple[str, ...] = ("digits.min",)
    truths: tuple[Truth, ...] = ("matrix",)
    formats: tuple[str, ...] = ("float64",)
    permuted: int = 0
    scaled: int = 0
    variant_truth: Truth = "decimal"
    variant_metrics: tuple[str, ...] = ("digits.min", "digits.supported")
    causes: bool = False
    rows: Callable[..., Iterable[Probe]] = _no_probes
    measure: Callable[[Probe], Sequence[Measurement]] = _no_measure
    tables: tuple[Tabulation, ...] = ()
    figures: tuple[Spec, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    symptoms: tuple[str, ...] = ()
    appendix: tuple[Tabulation, ...] = ()
    sections: tuple[Section, ...] = ()
    chapter: int = 100
    cost: Literal["run", "bench"] = "run"
    limit: float = 60.0

    def cases(self, size: Size) -> tuple[Case, ...]:
        """The problems of a size."""
        return self.quick or self.problems if size == "quick" else self.problems

    def routes(self) -> tuple[bench.Route, ...]:
        """The routes the patterns name whose library is here, in the order of the patterns.

        Raises UnknownNameError where a pattern names none.
        """
        return tuple(route for route in self._named_routes() if route.label.available)

    def absent(self) -> tuple[Library, ...]:
        """The libraries of routes that the patterns name and that cannot run here, sorted by name."""
        needed = {route.label.library for route in self._named_routes() if not route.label.available}
        return tuple(sorted(filter(None, needed), key=lambda library: library.name))

    def _named_routes(self) -> tuple[bench.Route, ...]:
        known = {route.label.name: route for route in bench.routes()}
        routes: dict[str, bench.Route] = {}
        for pattern in self.solvers:
            named = [pattern] if pattern in known else [name for name in known if fnmatchcase(name, pattern)]
            if not named:
                bench.lacks(pattern)  # raises, unless the file that brings it could not be imported
            routes |= {name: known[name] for name in named}
        return tuple(routes.values())

    def variants(self, size: Size) -> tuple[Variant, ...]:
        """The published order, then exactly equivalent variants: at quick size at most QUICK_COPIES of each kind."""
        most = QUICK_COPIES if size == "quick" else max(self.permuted, self.scaled)
        return (
            PUBLISHED,
            *(Variant("permuted", k) for k in range(1, min(self.permuted, most) + 1)),
            *(Variant("scaled", k) for k in range(1, min(self.scaled, most) + 1)),
        )

    def truths_of(self, variant: Variant) -> tuple[Truth, ...]:
        """The truths a variant is scored against."""
        return self.truths if variant == PUBLISHED else (self.variant_truth,)

    def metrics_of(self, variant: Variant) -> tuple[str, ...]:
        """The scores taken of a variant. Raises UnknownNameError for a name that is no metric."""
        wanted = self.metrics if variant == PUBLISHED else self.variant_metrics
        for name in wanted:
            metrics.entry(name)
        return wanted


@dataclass(frozen=True)
class Loaded:
    """An experiment with its name (the file's) and its text (the docstring)."""

    name: str
    path: Path
    question: str
    text: str
    experiment: Experiment


def load(path: Path) -> Loaded:
    """The experiment of a file. Raises ExperimentError when the file is none."""
    module = _module(path)
    experiment = getattr(module, "EXPERIMENT", None)
    if not isinstance(experiment, Experiment):
        raise ExperimentError(f"{path.name} has no EXPERIMENT = Experiment(...): add one, or move the file elsewhere")
    question, _, text = (module.__doc__ or "").strip().partition("\n")
    if not question:
        raise ExperimentError(f"{path.name} has no docstring: its first line asks the question")
    return Loaded(path.stem, path, question, text.strip(), experiment)


def counted(one: Loaded, count: int) -> Loaded:
    """The experiment with `count` problems drawn in place of its own number.

    Raises ExperimentError when it draws none: when its `rows` takes no argument `count`.
    """
    rows = one.experiment.rows
    if "count" not in inspect.signature(rows).parameters:
        raise ExperimentError(f"{one.name} draws no problems: leave --count out, or name a campaign")
    return replace(one, experiment=replace(one.experiment, rows=partial(rows, count=count)))


def _module(path: Path) -> ModuleType:
    name = f"stabilitylab_experiment_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.exists():
        raise ExperimentError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickling and dataclasses look a module up by its name
    try:
        spec.loader.exec_module(module)
    except StabilityLabError:
        raise
    except (Exception, SystemExit) as error:
        raise ExperimentError(f"{path.name} cannot be loaded: {import_failure(error)}") from error
    return module


def find(folder: Path) -> tuple[Path, ...]:
    """The experiment files of a folder, sorted. Raises ExperimentError, with the way out, when there are none."""
    files = tuple(sorted(p for p in folder.glob("*.py") if not p.name.startswith("_")))
    if not files:
        raise ExperimentError(
            f"no experiments in {folder}: run inside a checkout of stabilitylab, or name your own folder with --from"
        )
    return files


@dataclass(frozen=True)
class Selection:
    """Experiments in the order of their chapters; broken: the files that hold none that can run, by name, with why.

    A reason begins with the name of the file.
    """

    experiments: tuple[Loaded, ...]
    broken: Mapping[str, str]

    @property
    def said(self) -> list[str]:
        """A line for each file that is broken."""
        return [f"left out: {why}" for why in self.broken.values()]


def load_all(files: Iterable[Path]) -> Selection:
    """The experiments of these files; a file that holds none that can run is no reason to go without the others."""
    found: list[Loaded] = []
    broken: dict[str, str] = {}
    for path in files:
        try:
            found.append(_runnable(load(path)))
        except StabilityLabError as error:
            broken[path.name] = str(error) if str(error).startswith(path.name) else f"{path.name}: {error}"
    return Selection(tuple(sorted(found, key=_place)), broken)


def select(folder: Path, names: Sequence[str]) -> Selection:
    """The experiments of a folder that are named, by name or by a piece that fits only one; the cheap ones if none is.

    Raises UnknownNameError, with similar names or all; ExperimentError where no file holds an experiment, or one that
    is named does not; and for one that is named UnknownNameError of `Experiment.routes`, of a problem or a metric.
    """
    files = find(folder)
    if names:
        named = [_runnable(load(_named(files, name))) for name in dict.fromkeys(names)]
        return Selection(tuple(sorted({one.path: one for one in named}.values(), key=_place)), {})
    selection = load_all(files)
    if not selection.experiments:
        raise ExperimentError(f"no experiment in {folder} can be run: {'; '.join(selection.broken.values())}")
    cheap = tuple(one for one in selection.experiments if one.experiment.cost == "run")
    return Selection(cheap, selection.broken)


def _place(one: Loaded) -> tuple[int, str]:
    return one.experiment.chapter, one.name


def _runnable(one: Loaded) -> Loaded:
    """The experiment itself, every name in which is one. Raises UnknownNameError."""
    experiment = one.experiment
    experiment.routes()
    for case in (*experiment.problems, *experiment.quick):
        problems.entry(case.family)
    for name in (*experiment.metrics, *experiment.variant_metrics):
        metrics.entry(name)
    return one


def _named(files: Sequence[Path], name: str) -> Path:
    wanted = name.removesuffix(".py")
    exact = [p for p in files if p.stem == wanted]
    near = exact or [p for p in files if wanted in p.stem]
    if len(near) == 1:
        return near[0]
    if near:
        raise UnknownNameError(f"{name!r} names several experiments: {', '.join(p.stem for p in near)}")
    hint = did_you_mean(wanted, [p.stem for p in files], plural="experiments")
    raise UnknownNameError(f"{name!r} names no experiment: {hint}")
