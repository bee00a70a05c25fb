"""Small normal equations solved in ball arithmetic: every number carries a proven radius. By FLINT."""

from threading import Lock
from typing import Any

from stabilitylab.exact.interval import Interval
from stabilitylab.exact.normal import NormalEquations
from stabilitylab.exact.rational import flint, in_flint, independent_columns, solve_exactly
from stabilitylab.exact.solved import Resolved, Solved

LARGEST = 30  # unknowns up to which balls are cheaper than the staged factor, at any condition number
ROUTE = "exact Gram matrix, FLINT balls"
# FLINT's precision is one setting for the whole process. A ball is right at any precision; the lock keeps it ours.
_precision = Lock()


def solve_by_balls(normal: NormalEquations, resolved: Resolved) -> Solved | None:
    """y of C y = c, known as well as asked for; None when A is exactly rank deficient.

    Precision is doubled once; what is not resolved then is a tie, a 0 or worse conditioned, and solved in rationals.
    Source: Johansson, IEEE Trans. Computers 66 (2017) 1281-1292.
    """
    n = normal.n
    C, c = in_flint(normal)
    # From 10 n bits on FLINT eliminates in balls directly, which is the fastest it can do.
    bits = max(320, 10 * n + 20)
    for precision in (bits, 2 * bits):
        try:
            with _precision, flint.ctx.workprec(precision):
                balls = flint.arb_mat(C).solve(flint.arb_mat(c)).entries()
        except ZeroDivisionError:
            continue
        middle, radius, unit = _in_integers(balls)
        if all(resolved(j, middle[j], radius[j], 1 << unit) for j in range(n)):
            return Solved(tuple(middle), tuple(radius), 1 << unit, ROUTE)
    if len(independent_columns(normal)) < n:
        return None
    return solve_exactly(normal)


def _in_integers(balls: list[Any]) -> tuple[list[int], list[int], int]:
    """Middles and radii as integers in units of 2**-unit."""
    middles = [ball.mid().man_exp() for ball in balls]
    radii = [ball.rad().man_exp() for ball in balls]
    unit = max(0, *(-int(e) for _, e in middles), *(-int(e) for _, e in radii))
    return (
        [int(m) << (unit + int(e)) for m, e in middles],
        [int(r) << (unit + int(e)) for r, e in radii],
        unit,
    )


def diagonal_of_inverse(normal: NormalEquations, digits: int) -> list[Interval] | None:
    """diag(C^-1) to a relative width below 10**-digits; None where four times the usual precision is not enough."""
    n = normal.n
    C, _ = in_flint(normal)
    bits = max(320, 10 * n + 20, 4 * digits + 110)
    for precision in (bits, 2 * bits, 4 * bits):
        try:
            with _precision, flint.ctx.workprec(precision):
                inverse = flint.arb_mat(C).inv()
        except ZeroDivisionError:
            continue
        middle, radius, unit = _in_integers([inverse[j, j] for j in range(n)])
        if all(2 * r * 10**digits <= m for m, r in zip(middle, radius, strict=True)):
            return [Interval(m - r, m + r, 1 << unit) for m, r in zip(middle, radius, strict=True)]
    return None
