"""One route on one problem: the only place where exceptions become data."""

import difflib
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stabilitylab import libraries, solvers
from stabilitylab.catalog import Entry, RouteLabel
from stabilitylab.copies import PUBLISHED, Copy
from stabilitylab.core import Fit, Measurement, Solution, Status
from stabilitylab.environment import one_blas_thread
from stabilitylab.errors import (
    Breakdown,
    InputError,
    MissingLibraryError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
    StabilityLabError,
    UnknownNameError,
)
from stabilitylab.regression import Problem, Truth
from stabilitylab.scoring import score

Route = Entry[RouteLabel]
REFUSALS = (
    Breakdown,
    np.linalg.LinAlgError,
    MissingLibraryError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
)


def routes() -> tuple[Route, ...]:
    """Every solver and library route, sorted by name; those whose library is missing too."""
    return tuple(sorted([*solvers.catalog, *libraries.catalog], key=lambda r: r.label.name))


def route(name: str) -> Route:
    """The solver or library route of that name. Raises UnknownNameError."""
    for catalog in (solvers.catalog, libraries.catalog):
        if name in catalog:
            return catalog.entry(name)
    known = [r.label.name for r in routes()]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"the routes are {', '.join(known)}"
    raise UnknownNameError(f"no solver or library route is named {name!r}: {hint}")


def unsuited(label: RouteLabel, problem: Problem) -> str | None:
    """Why the route does not take this kind of problem; None when it does."""
    if problem.dtype not in label.scalars:
        return f"works on {', '.join(label.scalars)}"
    m, n = problem.shape
    if "square" in label.tags and m != n:
        return "takes square systems only"
    if label.design == "matrix":
        return None
    if problem.design.kind != "polynomial" or (label.design == "line" and problem.design.degree != 1):
        return f"takes a {label.design} only"
    return None


def solve(entry: Route, problem: Problem, copy: Copy = PUBLISHED) -> Solution:
    """What the route answers, whatever happens: it gets fresh arrays, one BLAS thread, and ears for its warnings."""
    arranged = copy.apply(problem, entry.label.design)
    heard: list[warnings.WarningMessage] = []
    started = time.perf_counter()
    try:
        if not entry.label.available:
            libraries.get(entry.label.name)
        with one_blas_thread(), warnings.catch_warnings(record=True, action="always") as heard:
            started = time.perf_counter()
            result = entry.function(*arranged.arguments)
        seconds = time.perf_counter() - started
        fit = result if isinstance(result, Fit) else Fit(np.asarray(result))
    except REFUSALS as error:
        return Solution(None, Status.REFUSED, note=_said(error), warnings=_texts(heard), seconds=_since(started))
    except (Exception, SystemExit) as error:
        return Solution(None, Status.RAISED, note=_said(error), warnings=_texts(heard), seconds=_since(started))
    said = _texts(heard)
    n = problem.shape[1]
    if np.shape(fit.x) != (n,) or np.asarray(fit.x).dtype.kind != "f":
        shape, kind = np.shape(fit.x), np.asarray(fit.x).dtype
        return Solution(None, Status.RAISED, fit, f"returned {kind} of shape {shape}", said, seconds)
    x = arranged.back(fit)
    if not np.isfinite(x).all():
        place = int(np.flatnonzero(~np.isfinite(x))[0])
        return Solution(x, Status.NOT_FINITE, fit, f"x[{place}] is {x[place]}", said, seconds)
    status = Status.SOLVED
    if fit.rank is not None and fit.rank < n:
        status = Status.RANK_REDUCED
    elif said:
        status = Status.WARNED
    return Solution(x, status, fit, fit.note, said, seconds)


def run(
    solver: str | Callable[..., Any],
    problem: Problem,
    *,
    truth: Truth = "matrix",
    copy: Copy = PUBLISHED,
    metrics: Sequence[str] | None = None,
) -> Measurement:
    """Solve once and score against one truth; every metric of the catalogue unless some are named.

    solver: a catalogue name, or a function of (A, b). Raises InputError when the route does not take this kind of
    problem, and the errors of `reference` when the problem is at fault; what the solver does wrong is in the row.
    """
    if not isinstance(problem, Problem):
        raise InputError(f"problem must be a Problem; got {type(problem).__name__}: Problem.from_matrix('mine', A, b)")
    entry = route(solver) if isinstance(solver, str) else as_route(solver)
    reason = unsuited(entry.label, problem)
    if reason:
        raise InputError(f"{entry.label.name} {reason}; {problem.name} is {problem.design.kind}, {problem.dtype}")
    return score(entry, problem, solve(entry, problem, copy), truth=truth, copy=copy, wanted=metrics)


def as_route(function: Callable[..., Any]) -> Route:
    """A function of (A, b) as a route without claims."""
    name = getattr(function, "__name__", type(function).__name__)
    return Entry(
        label=RouteLabel(
            name=name,
            source="",
            scalars=tuple(np.dtype(kind).name for kind in (np.float16, np.float32, np.float64, np.longdouble)),
        ),
        function=function,
    )


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if not isinstance(error, StabilityLabError) else str(error)


def _texts(heard: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in heard))


def _since(started: float) -> float:
    return time.perf_counter() - started
