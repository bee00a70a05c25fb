"""Whether a route is as backward stable as it says, on everything that can be asked."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from stabilitylab import problems
from stabilitylab.bench import unsuited
from stabilitylab.conformance.backward import backward_error, column_scaled, exact_backward_error
from stabilitylab.conformance.examinee import Examinee, is_finite
from stabilitylab.conformance.questions import question
from stabilitylab.conformance.systems import unit_roundoff, with_penalty
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.problem import Problem


@question(source="Waldén, Karlson and Sun (1995); Higham (2002), section 20.7")
def is_as_backward_stable_as_it_says(route: Examinee) -> None:
    """Optimal backward error at most 4 sqrt(m n) u on every full-rank problem, columns scaled for the columnwise claim.

    The tags normwise-backward-stable and columnwise-backward-stable. 4 because an SVD of a 2 by 2 matrix needs 3 u;
    sqrt(m n) because rounding errors of m n operations add up like independent ones. Answers of reduced rank are
    answers to another problem and not judged; nor are refusals.
    """
    claims = sorted(route.label.tags & {"normwise-backward-stable", "columnwise-backward-stable"})
    route.applies(bool(claims), "the label does not claim backward stability")
    for name, A, b, intercept in _full_rank(route):
        fit = route.answer(A, b, intercept=intercept).fit
        x = None if fit is None else np.asarray(fit.x, dtype=np.float64)
        if fit is None or x is None or (fit.rank is not None and fit.rank < len(x)):
            continue
        route.require(is_finite(x), f"{name}: returned {x}")
        bound = 4 * np.sqrt(A.size) * unit_roundoff("float64")
        for claim in claims:
            error = _smallest_backward_error(A, b, x, columnwise=claim.startswith("column"), enough=bound / 4)
            route.require(error <= bound, f"{name}: {claim} is false, {error:.1e} against {bound:.1e}")


def _full_rank(route: Examinee) -> Iterator[tuple[str, Array, Array, bool]]:
    """(name, A, b, intercept) of every full-rank problem that the route can be given, and of our own."""
    if route.label.penalised:
        for name, A, b in _own():
            with_ones = np.column_stack([np.ones(len(b)), A])
            yield f"{name}, penalty 2**-40", *with_penalty(A, b, 2.0**-20), False
            yield f"{name}, intercept and penalty 1", *with_penalty(with_ones, b, 1.0, intercept=True), True
    if route.kind in ("matrix", "columns"):
        yield from ((name, A, b, False) for name, A, b in _own())
    for name, problem in full_rank_problems():
        if unsuited(route.label, problem) is None:
            yield name, problem.A, problem.b, problem.design.intercept


@lru_cache
def full_rank_problems() -> tuple[tuple[str, Problem], ...]:
    """The problems of the catalogue that have a full-rank matrix, and a right side other than 0."""
    made = ((entry.label.name, entry.function()) for entry in problems.catalog)
    return tuple((name, one) for name, one in made if "deficient" not in one.tags and np.any(one.b))


@lru_cache
def _own() -> tuple[tuple[str, Array, Array], ...]:
    """(name, A, b) over condition numbers, sizes of the residual, and units of the columns."""
    rng = np.random.default_rng(31)
    made = []
    for cond in (1e1, 1e5, 1e10, 1e14):
        for noise in (0.0, 1e-6, 1.0):
            m, n = 40, 6
            U, V = (np.linalg.qr(rng.normal(size=(k, n)))[0] for k in (m, n))
            A = (U * np.logspace(0, -np.log10(cond), n)) @ V.T
            b = A @ rng.normal(size=n) + noise * rng.normal(size=m)
            made.append((f"random, cond {cond:.0e}, noise {noise:.0e}", A, b))
            made.append((f"scaled columns, cond {cond:.0e}, noise {noise:.0e}", A * 10.0 ** rng.integers(-8, 9, n), b))
    t = np.linspace(1, 2, 30)
    made.append(("powers of [1, 2]", np.vander(t, 9, increasing=True), np.cos(t)))
    return tuple(made)


def _smallest_backward_error(A: Array, b: Array, x: Array, *, columnwise: bool, enough: float) -> float:
    """The estimate in float64 where it is at most `enough`, else the exact one."""
    unit = 2.0 ** -np.floor(np.log2(np.max(np.abs(A))))
    A, x = A * unit, x / unit
    if columnwise:
        A, x = column_scaled(A, x)
    estimate = backward_error(A, b, x)
    return estimate if estimate <= enough else exact_backward_error(A, b, x)
