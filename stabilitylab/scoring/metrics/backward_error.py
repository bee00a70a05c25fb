"""How small a change of the data makes x exact, in units of u: whether it was a good algorithm."""

from collections.abc import Callable

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT64, Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.accuracy import karlson_walden, optimal_backward_error
from stabilitylab.scoring.metrics import NoScore, Score, metric


def _in_units_of_u(error: Callable[[Array, Array, Array], float], problem: Problem, solution: Solution) -> Score:
    if problem.format.precision > FLOAT64.precision:
        return NoScore("evaluated in float64, whose noise hides the round-off of a wider format")
    A, b, x = (np.asarray(v, dtype=np.float64) for v in (problem.A, problem.b, solution.x))
    return error(A, b, x) / problem.format.unit_roundoff


@metric(
    "backward_error.optimal",
    says="backward error",
    unit="u",
    better="lower",
    source="Waldén, Karlson and Sun (1995)",
)
def backward_error_optimal(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`optimal_backward_error` on the stored matrix, in units of u: near 1 for a backward stable algorithm."""
    return _in_units_of_u(optimal_backward_error, problem, solution)


@metric(
    "backward_error.estimate",
    says="backward error, estimated",
    unit="u",
    better="lower",
    source="Grcar, Saunders and Su (2007)",
)
def backward_error_estimate(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`karlson_walden` on the stored matrix, in units of u."""
    return _in_units_of_u(karlson_walden, problem, solution)


@metric("backward_error.columnwise", says="column-wise backward error", unit="u", better="lower")
def backward_error_columnwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """`optimal_backward_error` with the columns of A scaled to norm 1, in u: what Householder QR is stable for."""

    def scaled(A: Array, b: Array, x: Array) -> float:
        norms = column_norms(A)
        return optimal_backward_error(A / norms, b, x * norms)

    return _in_units_of_u(scaled, problem, solution)
