"""One route on one problem: finds the route, arranges its arguments, calls it, classifies and scores the answer."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from stabilitylab import libraries, solvers
from stabilitylab.bench.call import Answer, answer_of
from stabilitylab.bench.isolation import LIMITS, NO_CHANGE, Limits, isolated_answer
from stabilitylab.core.arithmetic.formats import NATIVE, is_finite
from stabilitylab.core.catalog import Entry, RouteLabel, unknown_name
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.core.types import Measurement, Solution, Status, Truth
from stabilitylab.data.call_form import call_form
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.kinds import is_model, name_of_model
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.score import require_names, score_solution, status_of_rank

Route = Entry[RouteLabel]


def routes() -> tuple[Route, ...]:
    """Every solver and library route, sorted by name; those whose library is missing too."""
    return tuple(sorted([*solvers.catalog, *libraries.catalog], key=lambda r: r.label.name))


def route(name: str) -> Route:
    """The solver or library route of that name. Raises UnknownNameError."""
    for catalog in (solvers.catalog, libraries.catalog):
        if name in catalog:
            return catalog.entry(name)
    known = [r.label.name for r in routes()]
    lost = {**solvers.catalog.broken, **libraries.catalog.broken}
    raise UnknownNameError(unknown_name("solver or library route", name, known, lost, plural="routes"))


def lacks(name: str) -> str:
    """What the route of that name needs and is not here, with the way to get it; "" where it can run.

    Its file may be what is not here, where it could not be imported. Raises UnknownNameError for any other name.
    """
    files = {**solvers.catalog.could_hold(name), **libraries.catalog.could_hold(name)}
    if files and all(name not in catalog for catalog in (solvers.catalog, libraries.catalog)):
        return "; ".join(f"{module} could not be imported: {why}" for module, why in files.items())
    return route(name).label.lacks


def unsuited(label: RouteLabel, problem: Problem) -> str | None:
    """Why the route does not take this kind of problem; None when it does."""
    if not label.accepts(problem.format):
        return f"works on {', '.join(label.scalars)}"
    m, n = problem.shape
    if "square" in label.tags and m != n:
        return "takes square systems only"
    if label.takes is not None and not label.takes(problem.design):
        return f"takes {label.takes_says} only"
    form = call_form(label.call_form)
    return None if form.accepts(problem) else f"takes {form.takes or f'a {form.name}'} only"


def solve(
    entry: Route,
    problem: Problem,
    variant: Variant = PUBLISHED,
    *,
    weights: Sequence[float] | None = None,
    sparse: bool = False,
    python: str | None = None,
    environment: Mapping[str, str] = NO_CHANGE,
) -> Solution:
    """The Solution of a route on a problem, failures included; the route gets fresh copies of the arrays.

    weights, sparse: as for `CallForm.arguments`. python, environment: as for `answered`.
    """
    call = call_form(entry.label.call_form).arguments(problem, variant, weights=weights, sparse=sparse)
    answer = answered(entry, call.arguments, python=python, environment=environment)
    fit, warnings = answer.fit, answer.warnings
    if fit is None:
        return Solution(None, how_failed(entry.label, answer), None, answer.note, warnings, answer.seconds)
    n = problem.shape[1]
    if np.shape(fit.x) != (n,) or np.asarray(fit.x).dtype.kind not in ("f", problem.format.dtype.kind):
        note = f"returned {np.asarray(fit.x).dtype} of shape {np.shape(fit.x)}"
        return Solution(None, Status.RAISED, fit, note, warnings, answer.seconds)
    x = call.back(fit)
    if not is_finite(x).all():
        place = int(np.flatnonzero(~is_finite(x))[0])
        return Solution(x, Status.NOT_FINITE, fit, f"x[{place}] is {x[place]}", warnings, answer.seconds)
    status, note = Status.SOLVED, fit.note
    if fit.dropped:
        names = [problem.feature_names[call.columns[j]] for j in fit.dropped]
        status, note = Status.DROPPED, f"NA for {', '.join(names)}"
    elif fit.rank is not None and fit.rank < n:
        # Told by what was solved: in a variant the columns, and with them the directions, are others.
        solved, label = np.asarray(fit.x), entry.label
        status = status_of_rank(call.A, call.b, solved, fit.rank, works_in=label.works_in, drops=label.may_drop)
    elif fit.stopped_early:
        status = Status.STOPPED_EARLY
    elif warnings:
        status = Status.WARNED
    return Solution(x, status, fit, note, warnings, answer.seconds)


def answered(
    entry: Route,
    arguments: tuple[Any, ...],
    *,
    python: str | None = None,
    limits: Limits = LIMITS,
    watched: bool = False,
    environment: Mapping[str, str] = NO_CHANGE,
) -> Answer:
    """What the route says to these arguments: in this process, or in that of its library where that is isolated.

    python: another interpreter, whose version of the library is to answer. limits: of a process that is not this one.
    watched: as for `answer_of`. environment: variables for a process of its own, in which the library then answers.
    """
    library = entry.label.library
    if library is not None and (python is not None or environment):
        return isolated_answer(
            library,
            entry.function,
            arguments,
            python=python or sys.executable,
            limits=limits,
            watched=watched,
            environment=environment,
        )
    if library is not None and library.missing:
        return Answer(None, Status.UNUSABLE, f"{entry.label.name} cannot run here: {library.missing}")
    if library is not None and library.isolated:
        return isolated_answer(library, entry.function, arguments, limits=limits, watched=watched)
    return answer_of(entry.function, arguments, watched=watched)


def how_failed(label: RouteLabel, answer: Answer) -> Status:
    """How a call ended that brought nothing back: a route that says it refuses does so by whatever error it has."""
    failed = answer.failed or Status.RAISED
    return Status.REFUSED if failed is Status.RAISED and label.deficient_answer == "refuses" else failed


def measure(
    solver: str | Callable[..., Any],
    problem: Problem,
    *,
    truth: Truth = "matrix",
    variant: Variant = PUBLISHED,
    metrics: Sequence[str] | None = None,
    causes: bool = True,
) -> Measurement:
    """Solve once and score against one truth; every metric of the catalogue unless some are named.

    causes: whether a row of few digits is asked for what cost them (see `bench.causes`), which may solve once more.
    solver: a catalogue name, or a function of (A, b). Raises InputError for a solver that is neither and when the route
    does not take this kind of problem, UnknownNameError for an unknown route or metric, and the errors of `reference`
    when the problem is at fault; what the solver does wrong is in the row.
    """
    if not isinstance(problem, Problem):
        raise InputError(f"problem must be a Problem; got {type(problem).__name__}: Problem.from_matrix('mine', A, b)")
    if not callable(solver) and not isinstance(solver, str) and not is_model(solver):
        raise InputError(
            f"solver must be a catalogue name or a function of (A, b); got {type(solver).__name__}: "
            f"measure('numpy.lstsq', problem), or measure(lambda A, b: ..., problem)"
        )
    if is_model(solver):
        raise InputError(
            f"solver is a model ({name_of_model(solver)}), not a function of (A, b): for one that has been fitted, "
            "sl.score(its coefficients, problem); to fit one here, which has no intercept of its own, "
            "measure(lambda A, b: model.fit(A, b).coef_, problem)"
        )
    require_names(metrics)
    entry = route(solver) if isinstance(solver, str) else as_route(solver)
    reason = unsuited(entry.label, problem)
    if reason:
        raise InputError(f"{entry.label.name} {reason}; {problem.name} is {problem.design}, {problem.format}")
    solution = solve(entry, problem, variant)
    row = score_solution(entry, problem, solution, truth=truth, variant=variant, wanted=metrics)
    if not causes:
        return row
    from stabilitylab.bench.causes import with_cause  # its tests solve, by this module

    return with_cause(row, entry, problem, solution, variant=variant)


def as_route(function: Callable[..., Any]) -> Route:
    """A function of (A, b) as a route whose label claims nothing."""
    name = getattr(function, "__name__", type(function).__name__)
    return Entry(
        label=RouteLabel(name=name, source="", scalars=(*(known.dtype.name for known in NATIVE), "object")),
        function=function,
    )
