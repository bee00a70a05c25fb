"""Every optimiser and every iterative method as a solver: a function of (A, b), with a budget of steps and a rate.

Made from their catalogues, so that each sits the exam and stands in tables under its own name.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, format_of
from stabilitylab.core.arithmetic.norms import norm
from stabilitylab.core.catalog import Entry
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.objective import LeastSquares
from stabilitylab.core.types import Fit
from stabilitylab.solvers import descent, get, iterative, solver
from stabilitylab.solvers.descent import Iterate, OptimiserLabel
from stabilitylab.solvers.descent.schedules import constant
from stabilitylab.solvers.descent.stopping import ended
from stabilitylab.solvers.iterative import MethodLabel
from stabilitylab.solvers.scalars import GENERIC, finite_system, require_finite

BUDGET = 300  # steps of an optimiser
EVERY = 10  # steps between two judgements of it: each costs about as much as a step
TOLERANCE = 4  # units of u: below, A'r of the exact solution rounded to the format is no smaller

FAILS = {
    "agrees_with_the_exact_solution": f"{BUDGET} steps end it before it has arrived",
    "cuts_off_where_it_says": "a direction 1e17 times shorter than the others needs more than 1e34 steps",
}

Start = Callable[[Array, Array, Array], Iterator[Iterate]]


def default_rate(entry: Entry[OptimiserLabel], A: Array) -> float:
    """The usual rate of an optimiser, or 1/|A|_F²: at most 1/L for |A x - b|²/2, and known without eigenvalues.

    Raises Breakdown where it is 0 or infinite in float64.
    """
    if entry.label.usual_rate is not None:
        return entry.label.usual_rate
    size = norm(np.asarray(A, dtype=np.float64).ravel())
    with np.errstate(all="ignore"):
        lr = float(1 / size / size) if size > 0 else 1.0
    if not 0 < lr < np.inf:
        raise Breakdown(f"the rate 1/|A|² is {lr:.2g}: scale the columns of A")
    return lr


class _Route:
    """A method as a function of (A, b): from 0, in the format of A, to the tolerance 4 u or the end of its budget."""

    def __init__(self, entry: Entry[Any], start: Start, budget: Callable[[int], int], every: int, summary: str) -> None:
        self.name, self.start, self.budget, self.every = entry.label.name, start, budget, every
        self.__name__ = self.__qualname__ = entry.function.__name__
        self.__module__ = __name__
        self.__doc__ = f"{summary}\n\n{entry.summary}\nSource: {entry.label.source}."

    @np.errstate(all="ignore")
    def __call__(self, A: Array, b: Array) -> Fit:
        system = finite_system(A, b)
        A, b = system[:, :-1], system[:, -1]
        x = 0 * A[0]
        tolerance, budget = TOLERANCE * format_of(A).unit_roundoff, self.budget(len(x))
        done = ended(self.start(A, b, x), A, b, x, tolerance=tolerance, budget=budget, every=self.every)
        require_finite(done.x, "x")
        return Fit(done.x, iterations=done.steps, note=str(done), stopped_early=done.early)

    def __reduce__(self) -> tuple[Callable[[str], Any], tuple[str]]:
        return _named, (self.name,)  # as a function goes to another process: by its name


def _named(name: str) -> Any:
    return get(name)


def _optimiser_route(entry: Entry[OptimiserLabel]) -> None:
    """Register an optimiser as the solver of its name."""

    def start(A: Array, b: Array, x: Array) -> Iterator[Iterate]:
        steps: Iterator[Iterate] = entry.function(LeastSquares(A, b).gradient, x, lr=constant(default_rate(entry, A)))
        return steps

    usual = entry.label.usual_rate
    rate = "1/|A|_F², no more than 1/L" if usual is None else f"its usual rate {usual:g}"
    summary = (
        f"x (n,) after at most {BUDGET} steps of {entry.label.name} from 0 on |A x - b|²/2, A (m, n), at {rate}; the "
        f"Fit says whether the budget ended it."
    )
    solver(
        entry.label.name,
        source=entry.label.source,
        tags=("no-rank-test",),
        scalars=("float64",),
        iterative=True,
        fails=FAILS,
    )(_Route(entry, start, lambda n: BUDGET, EVERY, summary))


def _method_route(entry: Entry[MethodLabel]) -> None:
    """Register an iterative method as the solver of its name."""
    label = entry.label
    summary = "x (n,) minimising |b - A x|, A (m, n), from 0; the Fit says what ended it, and after how many steps."
    made = _Route(entry, entry.function, label.steps, 1, summary)
    solver(label.name, source=label.source, iterative=True, **{"scalars": GENERIC, **dict(label.claims)})(made)


for _entry in descent.catalog:
    _optimiser_route(_entry)
for _method in iterative.catalog:
    _method_route(_method)
