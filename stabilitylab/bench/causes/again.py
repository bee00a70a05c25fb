"""The same route once more, on columns that were scaled by powers of two."""

from functools import lru_cache

import numpy as np

from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.bench.run import Route, solve, unsuited
from stabilitylab.core.arithmetic.norms import column_norms, unit_exponent
from stabilitylab.data.call_form import call_form
from stabilitylab.data.problem import Design, Problem


def on_scaled_columns(inquiry: Inquiry, *, response: bool = False) -> float | None:
    """Correct digits of the suspect's route on columns of norms in [1/2, 1); None where it cannot be asked so.

    The column of an intercept stays: the others are scaled to its norm. Scaling back is exact. response: b is scaled
    too. What is gained must not hang on where the powers of two are rounded, or chance has gained it: the fewer digits
    of norms in [1/2, 1) and in [1, 2).
    """
    entry = inquiry.suspect.entry
    if entry is None or call_form(entry.label.call_form).makes_powers:
        return None
    after = np.inf
    for shift in (0, 1):
        x = _solved(entry, inquiry.problem, response, inquiry.weights, shift)
        if x is None or not np.isfinite(x).all():
            return None
        after = min(after, inquiry.digits(np.asarray(x)))
        if not inquiry.gains(after):
            return None
    return after if _answers_alike(entry, inquiry) else None


def _answers_alike(entry: Route, inquiry: Inquiry) -> bool:
    """Whether the route, asked once more, has as few digits as the suspect: it may be another version of it."""
    solution = solve(entry, inquiry.problem, weights=inquiry.weights)
    if solution.x is None or not solution.status.answered:
        return inquiry.x is None
    return inquiry.x is not None and inquiry.digits(solution.x) <= (inquiry.before or 0.0) + 1


@lru_cache(maxsize=64)
def _solved(
    entry: Route, problem: Problem, response: bool, weights: tuple[float, ...] | None, shift: int
) -> tuple[float, ...] | None:
    A = np.asarray(problem.A)
    ones = problem.design.intercept
    exponents = np.frexp(column_norms(A))[1] - shift
    if ones:
        exponents = exponents - exponents[0]
        exponents[1:] -= shift
    b = np.asarray(problem.b)
    power = unit_exponent(b) if response else 0
    with np.errstate(all="ignore"):
        scaled, b = np.ldexp(A, -exponents), np.ldexp(b, -power)
    if not (np.isfinite(scaled).all() and np.isfinite(b).all()):
        return None
    data = {f"a{j}": scaled[:, j] for j in range(ones, A.shape[1])}
    design = Design.columns(intercept=True) if ones else Design.matrix()
    twin = Problem(f"{problem.name}, scaled", {**data, "y": b}, design, problem.source, format=problem.format)
    if unsuited(entry.label, twin):  # a penalty in rows of its own is none any more
        return None
    solution = solve(entry, twin, weights=weights)
    if solution.x is None or not solution.status.answered:
        return None
    return tuple(np.ldexp(np.asarray(solution.x, dtype=np.float64), power - exponents).tolist())
