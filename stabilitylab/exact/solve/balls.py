"""Small normal equations solved in FLINT's ball arithmetic, in which every number is a middle and a proven radius.

Source: Johansson, IEEE Trans. Computers 66 (2017) 1281-1292.
"""

from collections.abc import Iterator, Sequence
from math import ceil, log2
from typing import Any

import flint

from stabilitylab.core.arithmetic.flint_precision import FLINT_PRECISION
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.interval import Interval
from stabilitylab.exact.solve.rational import in_flint, solve_exactly

LARGEST = 64  # unknowns up to which balls cost less than a staged inverse factor
LARGEST_ILL = 110  # unknowns up to which they do where cond(C) is so large that a factor takes more than two stages
FEW = 30  # unknowns up to which an estimate of cond(C) costs more than it saves
UNKNOWN_CONDITION = 104  # bits of cond(C) that are allowed for without an estimate: cond(A) up to 4e15
ROUTE = "exact Gram matrix, FLINT balls"


def are_cheapest(normal: NormalEquations) -> bool:
    """Whether C y = c costs less in ball arithmetic than by a staged inverse factor; measured, not derived."""
    return normal.n <= LARGEST or (normal.n <= LARGEST_ILL and normal.condition is None)


def solve_by_balls(normal: NormalEquations, narrow_enough: NarrowEnough, digits: int) -> EnclosedSolution | None:
    """The solution y (n,) of C y = c, each entry `narrow_enough`, which takes about `digits` decimal digits.

    None when A is exactly rank deficient, which is asked where an elimination does not end. Precision is doubled once;
    what is too wide then is a tie between two doubles, a zero, or worse conditioned than was guessed, and is solved in
    exact rationals.
    """
    C, c = in_flint(normal)
    for balls in _solutions(C, c, digits, _bits_lost(normal)):
        if balls is None:
            if len(independent_columns(normal)) < normal.n:
                return None
            continue
        solution = _enclosed(balls.entries())
        if solution.is_narrow(narrow_enough):
            return solution
    return solve_exactly(normal)


def solve_and_invert(
    normal: NormalEquations, narrow_enough: NarrowEnough, digits: int
) -> tuple[EnclosedSolution, list[Interval]] | None:
    """y (n,) of C y = c, each entry `narrow_enough`, and diag(C^-1) to a relative width of 10**-digits.

    Both from one elimination; None when twice the usual precision is not enough for both.
    """
    n = normal.n
    C, c = in_flint(normal)
    right = flint.fmpz_mat(n, n + 1)
    tightness = 10**digits
    for j in range(n):
        right[j, j], right[j, n] = 1, c[j, 0]

    def relatively(j: int, middle: int, radius: int, denominator: int) -> bool:
        return bool(2 * radius * tightness <= middle)

    for balls in _solutions(C, right, digits, _bits_lost(normal)):
        if balls is None:
            continue
        solution = _enclosed([balls[j, n] for j in range(n)])
        diagonal = _enclosed([balls[j, j] for j in range(n)])
        if solution.is_narrow(narrow_enough) and diagonal.is_narrow(relatively):
            return solution, diagonal.intervals
    return None


def diagonal_of_inverse(normal: NormalEquations, digits: int) -> list[Interval] | None:
    """diag(C^-1) (n,) to a relative width of 10**-digits; None where twice the usual precision is not enough."""
    both = solve_and_invert(normal, lambda *_: True, digits)
    return None if both is None else both[1]


def times(normal: NormalEquations, y: Sequence[int]) -> list[int]:
    """C y (n,) in integers, for y (n,)."""
    C, _ = in_flint(normal)
    return [int(v) for v in (C * flint.fmpz_mat(len(y), 1, list(y))).entries()]


def _bits_lost(normal: NormalEquations) -> int:
    """About how many bits elimination in balls loses: those of cond(C), and two or more for each unknown.

    Fitted to measurements, and no bound: where it is too small, the radii are too large, and elimination is repeated.
    """
    condition = UNKNOWN_CONDITION if normal.n <= FEW or normal.condition is None else normal.condition
    return condition + min(9 * normal.n // 4, 4 * condition) + 10


def _solutions(C: Any, right: Any, digits: int, lost: int) -> Iterator[Any]:
    """C^-1 right in balls, by elimination at two precisions; None where a pivot cannot be told from 0."""
    bits = ceil(digits * log2(10)) + lost
    for precision in (bits, 2 * bits):
        try:
            with FLINT_PRECISION, flint.ctx.workprec(precision):
                balls = flint.arb_mat(C).solve(flint.arb_mat(right), algorithm="lu")
        except ZeroDivisionError:
            balls = None
        yield balls


def _enclosed(balls: list[Any]) -> EnclosedSolution:
    """Balls as integers over one power of two."""
    middles = [ball.mid().man_exp() for ball in balls]
    radii = [ball.rad().man_exp() for ball in balls]
    unit = max(0, *(-int(e) for _, e in middles), *(-int(e) for _, e in radii))
    middle, radius = (tuple(int(m) << (unit + int(e)) for m, e in parts) for parts in (middles, radii))
    return EnclosedSolution(middle, radius, 1 << unit, ROUTE)
