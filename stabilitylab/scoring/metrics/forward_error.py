"""How far x is from the reference: in digits, as a norm, in units in the last place."""

from statistics import median
from typing import Any

import numpy as np

from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.accuracy import correct_digits, digits_cap, digits_of_error, exact, mp
from stabilitylab.scoring.metrics import NoScore, Score, metric


def _each(solution: Solution, ref: Reference) -> tuple[float, ...]:
    assert solution.x is not None
    return correct_digits(solution.x, ref.x, ref.scales)


@metric(
    "digits.min",
    says="correct digits, worst coefficient",
    unit="digits",
    better="higher",
    of="coefficients",
    source="McCullough (1998)",
)
def digits_min(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The fewest correct digits over the coefficients."""
    return min(_each(solution, ref))


@metric(
    "digits.median",
    says="correct digits, median coefficient",
    unit="digits",
    better="higher",
    of="coefficients",
    source="McCullough (1998)",
)
def digits_median(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """The median of the correct digits over the coefficients."""
    return float(median(_each(solution, ref)))


@metric("digits.normwise", says="correct digits, normwise", unit="digits", better="higher", of="coefficients")
def digits_normwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """-log10(|x - ref|_2 / |ref|_2), floored and capped; an error of a small coefficient hardly shows in it."""
    error = error_normwise(problem, solution, ref)
    return error if isinstance(error, NoScore) else digits_of_error(error, digits_cap(problem.format))


@metric("error.normwise", says="relative error, normwise", unit="", better="lower", of="coefficients")
def error_normwise(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|x - ref|_2 / |ref|_2."""
    return _relative_error(solution, ref, [1] * len(ref.x))


@metric("error.scaled", says="relative error, column-scaled", unit="", better="lower", of="coefficients")
def error_scaled(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|D (x - ref)|_2 / |D ref|_2, D = diag |a_j|: meaningful when the features have different units."""
    return _relative_error(solution, ref, [1 / s if s else 1 for s in ref.scales])


def _relative_error(solution: Solution, ref: Reference, weights: list[Any]) -> Score:
    assert solution.x is not None
    size = mp.norm([mp.mpf(w) * mp.mpf(r) for w, r in zip(weights, ref.x, strict=True)])
    if size == 0:
        return NoScore("the reference is exactly 0")
    error = mp.norm([mp.mpf(w) * (exact(x) - mp.mpf(r)) for w, x, r in zip(weights, solution.x, ref.x, strict=True)])
    return float(error / size)


@metric(
    "ulps.max",
    says="largest error in ulps",
    unit="ulp",
    better="lower",
    of="coefficients",
    source="Higham (2002), section 2.1",
)
def ulps_max(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """max |x_i - ref_i| / ulp(ref_i), in the format of x; 1/2 is correctly rounded."""
    assert solution.x is not None
    info = np.finfo(solution.x.dtype)
    worst = mp.mpf(0)
    for x, r in zip(solution.x, ref.x, strict=True):
        if r == 0:
            if x != 0:
                return NoScore("a coefficient is exactly 0, which has no ulp")
            continue
        # Subnormal numbers all have the gap of the smallest normal one.
        exponent = max(mp.frexp(mp.mpf(r))[1] - 1, int(info.minexp)) - int(info.nmant)
        worst = max(worst, abs(exact(x) - mp.mpf(r)) / mp.ldexp(1, exponent))
    return float(worst)
