"""The exact normal equations solved to proven accuracy, by whichever way is cheapest and, in the end, by any."""

from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.limbs import TERMS
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve.balls import solve_by_balls
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.inverse_factor import GOOD, SERIES, InverseFactor, inverse_factor
from stabilitylab.exact.solve.rational import independent_columns, solve_exactly
from stabilitylab.exact.solve.refine import refined

ROUTE = "exact Gram matrix, staged inverse factor"
DOUBLE = 17  # digits that tell doubles apart, most often
LARGEST_EXACT = 400  # unknowns up to which exact rationals end in minutes


def solve(
    normal: NormalEquations, narrow_enough: NarrowEnough, digits: int = DOUBLE, start: InverseFactor | None = None
) -> EnclosedSolution | None:
    """y of C y = c, every entry known as well as asked for, with its proof; None when A is exactly rank deficient.

    digits: about how many that takes.
    Raises NotCertifiedError rather than give a doubtful digit.
    """
    if normal.n == 0:
        return EnclosedSolution((), (), 1, "no columns")
    if balls.are_cheapest(normal):
        return solve_by_balls(normal, narrow_enough, digits)
    if normal.n <= TERMS:
        factor = inverse_factor(normal, GOOD if digits <= DOUBLE else SERIES, start)
        # alpha < 1 proves full rank.
        if factor is not None:
            solved = refined(normal, factor, narrow_enough, ROUTE)
            if solved is not None:
                return solved
        elif normal.n <= LARGEST_EXACT and len(independent_columns(normal)) < normal.n:
            return None
    if normal.n > LARGEST_EXACT:
        raise NotCertifiedError(
            f"no proof was found for {normal.n} unknowns: A is singular or nearly so, and exact rationals would take "
            f"too long: drop columns that depend on others, or scale and centre them"
        )
    return solve_exactly(normal)


def solve_every_way(normal: NormalEquations, narrow_enough: NarrowEnough) -> list[EnclosedSolution]:
    """y of C y = c, C nonsingular, by each way there is."""
    factor = inverse_factor(normal)
    ways = [
        solve_by_balls(normal, narrow_enough, DOUBLE),
        refined(normal, factor, narrow_enough, ROUTE) if factor is not None else None,
        solve_exactly(normal),
    ]
    return [found for found in ways if found is not None]
