"""The exact rational solution and the exact rank of integer normal equations, by FLINT: for every conditioning."""

from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import Any

import flint
import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.limbs import PACKED, packed
from stabilitylab.exact.gram.normal_equations import Integers, NormalEquations
from stabilitylab.exact.solve.enclosed import EnclosedSolution

ROUTE = "exact Gram matrix, exact rationals (FLINT)"


@lru_cache(maxsize=1)
def in_flint(normal: NormalEquations) -> tuple[Any, Any]:
    """C (n, n) and c (n, 1) as integer matrices of FLINT; those of the last call are kept."""
    n = normal.n
    i, j, square, right = _places(n)
    base = flint.fmpz(1 << PACKED)
    # FLINT reads small integers far faster than long ones, and polynomials faster than matrices.
    entries = flint.fmpz_poly()
    for limb in packed(normal.levels[:, i, j]):
        entries = entries * base + flint.fmpz_poly(limb.tolist())
    values = entries.coeffs()
    values.extend([0] * (len(i) - len(values)))
    return flint.fmpz_mat(n, n, [values[k] for k in square]), flint.fmpz_mat(n, 1, [values[k] for k in right])


@lru_cache(maxsize=64)
def _places(n: int) -> tuple[Array, Array, list[int], list[int]]:
    """Rows and columns of the upper triangle of [A b]'[A b], and where in it the entries of A'A and A'b are."""
    i, j = np.triu_indices(n + 1)
    at = np.zeros((n + 1, n + 1), dtype=np.int64)
    at[i, j] = at[j, i] = np.arange(len(i))
    return i, j, at[:n, :n].ravel().tolist(), at[:n, n].tolist()


def solve_exactly(normal: NormalEquations) -> EnclosedSolution:
    """y (n,) of C y = c exactly, as integers over one denominator, C nonsingular."""
    numerators, denominator = solution(normal.C, normal.c)
    return EnclosedSolution(tuple(numerators), (0,) * normal.n, denominator, ROUTE)


def solution(C: list[Integers], c: Integers) -> tuple[Integers, int]:
    """C^-1 c (n,) as integers over a positive denominator, in lowest terms, for C (n, n) positive definite, c (n,)."""
    n = len(c)
    if n == 0:
        return [], 1
    over, under = flint.fmpz_mat(C).solve(flint.fmpz_mat(n, 1, c)).numer_denom()
    numerators, denominator = [int(v) for v in over.entries()], int(under)
    common = gcd(denominator, *numerators) * (1 if denominator > 0 else -1)
    return [v // common for v in numerators], denominator // common


def independent_columns(normal: NormalEquations) -> tuple[int, ...]:
    """The columns of A that do not depend on those before them, in ascending order; their number is the rank, exactly.

    They are the pivots of C, which has the same null space as A.
    """
    n = normal.n
    # Full rank modulo a prime is full rank; anything less is decided in integers.
    prime = (1 << 61) - 1
    if flint.nmod_mat(n, n, [v % prime for row in normal.C for v in row], prime).rank() == n:
        return tuple(range(n))
    reduced, _, rank = flint.fmpz_mat(normal.C).rref()
    return tuple(next(j for j in range(n) if reduced[i, j] != 0) for i in range(rank))


def dependent_columns(normal: NormalEquations) -> dict[int, dict[int, Fraction]]:
    """For each column of A that depends on those before it: the independent ones among these, each with its factor.

    a_j = sum_i f_i a_i, exactly, over the rows of weight above 0: from the reduced row echelon form R of C, which has
    the row space of A. C is in the units u of the columns, so that f_i = R_ij u_j / u_i.
    """
    reduced, under, rank = flint.fmpz_mat(normal.C).rref()
    n, denominator = normal.n, int(under)
    pivots = [next(j for j in range(n) if reduced[i, j] != 0) for i in range(rank)]
    found: dict[int, dict[int, Fraction]] = {}
    for j in (j for j in range(n) if j not in pivots):
        entries = {p: Fraction(int(reduced[i, j]), denominator) for i, p in enumerate(pivots) if reduced[i, j] != 0}
        found[j] = {p: entry * normal.units[j] / normal.units[p] for p, entry in entries.items()}
    return found
