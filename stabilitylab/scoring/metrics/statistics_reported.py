"""What a regression reports besides x: standard errors, R², the norm of the residual."""

import numpy as np

from stabilitylab.core.arithmetic.formats import as_floats
from stabilitylab.core.arithmetic.norms import norm
from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.accuracy import correct_digits
from stabilitylab.scoring.metrics import NoScore, Score, metric
from stabilitylab.scoring.metrics.data_allow import no_standard_errors


@metric("digits.standard_errors", says="correct digits, standard errors", unit="digits", better="higher")
def digits_standard_errors(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The fewest correct digits over the standard errors the route reports."""
    errors = solution.fit.standard_errors if solution.fit else None
    if errors is None:
        return NoScore("the route reports no standard errors")
    if ref.standard_errors is None:
        return no_standard_errors(ref)
    if not all(ref.standard_errors):
        return NoScore("the fit is exact: every standard error is 0")
    return min(correct_digits(np.asarray(errors), ref.standard_errors, ref.scales))


@metric("digits.r_squared", says="correct digits, R²", unit="digits", better="higher")
def digits_r_squared(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The correct digits of the R² the route reports."""
    r_squared = solution.fit.r_squared if solution.fit else None
    if r_squared is None or not ref.r_squared:
        return NoScore("the route reports no R²" if r_squared is None else "R² is 0 or undefined")
    return correct_digits(np.array([r_squared], dtype=np.float64), (ref.r_squared,), (1,))[0]


@metric("digits.residual_norm", says="correct digits, residual norm", unit="digits", better="higher")
def digits_residual_norm(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The correct digits of |b - A x|, formed in the format of the problem.

    They say little about x: |b - A x|² = |r|² + |A (x - ref)|², so that an error of x counts only by its square.
    """
    assert solution.x is not None
    if not ref.residual_norm:
        return NoScore("the fit is exact: the residual norm is 0")
    size = norm(as_floats(problem.b) - as_floats(problem.A) @ as_floats(solution.x))
    return correct_digits(np.array([size], dtype=np.float64), (ref.residual_norm,), (1,))[0]
