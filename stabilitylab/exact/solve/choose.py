"""The choice between the three methods that solve exact normal equations: balls, a staged factor, exact rationals."""

from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.limbs import TERMS
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve.balls import solve_by_balls
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.inverse_factor import GOOD, SERIES, InverseFactor, inverse_factor
from stabilitylab.exact.solve.rational import is_affordable, solve_exactly
from stabilitylab.exact.solve.refine import refined

ROUTE = "exact Gram matrix, staged inverse factor"
DOUBLE = 17  # decimal digits after which the nearest double is mostly decided
NEARLY_SINGULAR = 45  # bits of cond(C) in float64, in which a singular C has about 50, or none
TURN = 1000  # bits of y after which exact rationals, where they can be had, cost less than more of them


def solve(
    normal: NormalEquations, narrow_enough: NarrowEnough, digits: int = DOUBLE, start: InverseFactor | None = None
) -> EnclosedSolution | None:
    """y (n,) of C y = c, enclosed so that every entry is `narrow_enough`; None when A is exactly rank deficient.

    digits: about how many decimal digits that takes. start: an inverse factor that was found for C before.
    1. Ball arithmetic where it costs least (`balls.are_cheapest`), which is up to 64 unknowns. 2. Otherwise the rank is
    decided first where C may be singular (`dependence`), and then a staged inverse factor and refinement with exact
    residuals solve it. 3. Exact rationals where neither is narrow enough.
    Raises NotCertifiedError where none of them decides in reasonable time, rather than give a doubtful digit.
    """
    if normal.n == 0:
        return EnclosedSolution((), (), 1, "no columns")
    if balls.are_cheapest(normal):
        return solve_by_balls(normal, narrow_enough, digits)
    if start is None and _is_doubtful(normal) and len(independent_columns(normal)) < normal.n:
        return None
    if normal.n <= TERMS:
        with blas_threads(2 * normal.n**3, normal.n**2):
            factor = inverse_factor(normal, GOOD if digits <= DOUBLE else SERIES, start)
            # alpha < 1 proves full rank.
            most = TURN if is_affordable(normal.diagonal) else None
            solved = None if factor is None else refined(normal, factor, narrow_enough, ROUTE, most)
        if solved is not None:
            return solved
        if factor is None and len(independent_columns(normal)) < normal.n:
            return None
    return solve_exactly(normal)


def _is_doubtful(normal: NormalEquations) -> bool:
    """Whether C is so ill conditioned that an elimination modulo a prime is worth its time before a factor."""
    return normal.condition is None or normal.condition >= NEARLY_SINGULAR


def solve_every_way(normal: NormalEquations, narrow_enough: NarrowEnough) -> list[EnclosedSolution]:
    """y of C y = c, C nonsingular, by each of the three methods that serves; for comparisons."""
    factor = inverse_factor(normal)
    solutions = [
        solve_by_balls(normal, narrow_enough, DOUBLE),
        refined(normal, factor, narrow_enough, ROUTE) if factor is not None else None,
        solve_exactly(normal),
    ]
    return [solution for solution in solutions if solution is not None]
