"""The choice between the three methods that solve exact normal equations: balls, a staged factor, exact rationals."""

from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.limbs import TERMS
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve.balls import solve_by_balls
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.inverse_factor import GOOD, SERIES, InverseFactor, inverse_factor
from stabilitylab.exact.solve.rational import independent_columns, solve_exactly
from stabilitylab.exact.solve.refine import refined

ROUTE = "exact Gram matrix, staged inverse factor"
DOUBLE = 17  # decimal digits after which the nearest double is mostly decided
LARGEST_EXACT = 400  # unknowns up to which exact rationals take minutes, not hours


def solve(
    normal: NormalEquations, narrow_enough: NarrowEnough, digits: int = DOUBLE, start: InverseFactor | None = None
) -> EnclosedSolution | None:
    """y (n,) of C y = c, enclosed so that every entry is `narrow_enough`; None when A is exactly rank deficient.

    digits: about how many decimal digits that takes. start: an inverse factor that was found for C before.
    1. Ball arithmetic where it costs least (`balls.are_cheapest`), which is up to 64 unknowns. 2. Otherwise a staged
    inverse factor and refinement with exact residuals. 3. Exact rationals where neither is narrow enough.
    Raises NotCertifiedError for more than 400 unknowns that 2 does not solve, rather than give a doubtful digit.
    """
    if normal.n == 0:
        return EnclosedSolution((), (), 1, "no columns")
    if balls.are_cheapest(normal):
        return solve_by_balls(normal, narrow_enough, digits)
    if normal.n <= TERMS:
        with blas_threads(2 * normal.n**3, normal.n**2):
            factor = inverse_factor(normal, GOOD if digits <= DOUBLE else SERIES, start)
            # alpha < 1 proves full rank.
            solved = None if factor is None else refined(normal, factor, narrow_enough, ROUTE)
        if solved is not None:
            return solved
        if factor is None and normal.n <= LARGEST_EXACT and len(independent_columns(normal)) < normal.n:
            return None
    if normal.n > LARGEST_EXACT:
        raise NotCertifiedError(
            f"no proof was found for {normal.n} unknowns: columns depend on each other, or nearly so, and exact "
            f"rationals would take too long: drop columns that depend on others, or scale and centre them"
        )
    return solve_exactly(normal)


def solve_every_way(normal: NormalEquations, narrow_enough: NarrowEnough) -> list[EnclosedSolution]:
    """y of C y = c, C nonsingular, by each of the three methods that serves; for comparisons."""
    factor = inverse_factor(normal)
    solutions = [
        solve_by_balls(normal, narrow_enough, DOUBLE),
        refined(normal, factor, narrow_enough, ROUTE) if factor is not None else None,
        solve_exactly(normal),
    ]
    return [solution for solution in solutions if solution is not None]
