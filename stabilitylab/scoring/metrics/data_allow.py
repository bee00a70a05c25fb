"""What the data allow: the digits that survive the rounding of the data, and those that their noise leaves."""

from functools import lru_cache

import numpy as np

from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.accuracy import digits_cap, digits_of_error
from stabilitylab.scoring.metrics import NoScore, Score, metric
from stabilitylab.scoring.theory.condition import Conditioning, conditioning

DEFICIENT = "A is exactly rank deficient"
"""How a reason begins that is owed to A alone, whatever the answer."""


@lru_cache(maxsize=128)
def sensitivity(problem: Problem, ref: Reference) -> Conditioning:
    """The condition numbers of the stored matrix at its certified solution."""
    x = np.array([float(v) for v in ref.x])
    return conditioning(problem.A, problem.b, x, float(ref.residual_norm))


@metric("digits.supported", says="digits the data support", unit="digits", better="", of="data")
def digits_supported(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """Digits of the worst coefficient that survive a change of half an ulp in every stored entry of A and b.

    The exact first-order worst case, entry by entry; no algorithm that reads A and b can promise more.
    """
    if ref.policy != "full-rank":
        return NoScore(f"{DEFICIENT}: any change of the data changes the answer altogether")
    if not any(problem.b):
        return NoScore("b is 0, which has no relative change")
    sizes = np.array([float(abs(r)) if r else float(s) for r, s in zip(ref.x, ref.scales, strict=True)])
    u = problem.format.unit_roundoff
    return digits_of_error(
        float((u * sensitivity(problem, ref).componentwise / sizes).max()), digits_cap(problem.format)
    )


@metric("digits.statistical", says="digits the noise leaves", unit="digits", better="", of="data")
def digits_statistical(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """-log10(standard error / |coefficient|) of the worst coefficient: digits beyond that are noise in y anyway."""
    if ref.standard_errors is None:
        return no_standard_errors(ref)
    if not any(ref.standard_errors):
        return NoScore("the fit is exact: every standard error is 0")
    ratios = [float(se / abs(x)) if x else np.inf for se, x in zip(ref.standard_errors, ref.x, strict=True)]
    return digits_of_error(max(ratios), digits_cap(problem.format))


def no_standard_errors(ref: Reference) -> NoScore:
    """Why there are no standard errors."""
    deficient = ref.policy != "full-rank"
    return NoScore(f"{DEFICIENT}, so that coefficients have none" if deficient else "m = n leaves none")
