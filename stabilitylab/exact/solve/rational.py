"""The exact rational solution of integer normal equations, by FLINT: for every conditioning."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, prod
from typing import Any

import flint
import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.limbs import PACKED, packed
from stabilitylab.exact.gram.normal_equations import Integers, NormalEquations
from stabilitylab.exact.solve.enclosed import EnclosedSolution
from stabilitylab.exact.solve.lifting import lifted

ROUTE = "exact Gram matrix, exact rationals (FLINT)"
WORD = 64  # bits
TOO_LONG = (
    "exact rationals for {n} unknowns would take too long: drop columns that depend on others, or nearly so, or scale "
    "and centre them"
)
MOST_WORK = 3e9  # products of machine words, which take about a minute


@lru_cache(maxsize=2)
def in_flint(normal: NormalEquations) -> tuple[Any, Any]:
    """C (n, n) and c (n, 1) as integer matrices of FLINT; those of the last two calls are kept."""
    n = normal.n
    i, j, square, right = _places(n)
    values = _entries(normal, i, j)
    return flint.fmpz_mat(n, n, [values[k] for k in square]), flint.fmpz_mat(n, 1, [values[k] for k in right])


def columns_in_flint(normal: NormalEquations, columns: Sequence[int]) -> tuple[Any, Any]:
    """Some columns K of C (n, k) and c_K (k, 1) as integer matrices of FLINT."""
    n, k = normal.n, len(columns)
    if 2 * k > n:
        C, c = in_flint(normal)
        return taken(C, range(n), columns), taken(c, columns, (0,))
    i, j = np.repeat(np.arange(n), k), np.tile(np.array(columns, dtype=np.int64), n)
    values = _entries(normal, np.minimum(i, j), np.maximum(i, j))
    right = _entries(normal, np.array(columns, dtype=np.int64), np.full(k, n))
    return flint.fmpz_mat(n, k, values), flint.fmpz_mat(k, 1, right)


def _entries(normal: NormalEquations, i: Array, j: Array) -> list[Any]:
    """Entries (i, j), i <= j, of [A b]'[A b] in FLINT's integers."""
    base = flint.fmpz(1 << PACKED)
    # FLINT reads small integers far faster than long ones, and polynomials faster than matrices.
    entries = flint.fmpz_poly()
    for limb in packed(normal.levels[:, i, j]):
        entries = entries * base + flint.fmpz_poly(limb.tolist())
    values: list[Any] = entries.coeffs()
    return values + [0] * (len(i) - len(values))


@lru_cache(maxsize=64)
def _places(n: int) -> tuple[Array, Array, list[int], list[int]]:
    """Rows and columns of the upper triangle of [A b]'[A b], and where in it the entries of A'A and A'b are."""
    i, j = np.triu_indices(n + 1)
    at = np.zeros((n + 1, n + 1), dtype=np.int64)
    at[i, j] = at[j, i] = np.arange(len(i))
    return i, j, at[:n, :n].ravel().tolist(), at[:n, n].tolist()


def solve_exactly(normal: NormalEquations) -> EnclosedSolution:
    """y (n,) of C y = c exactly, as integers over one denominator, C nonsingular. Raises NotCertifiedError."""
    numerators, denominator = solution(*in_flint(normal))
    return EnclosedSolution(tuple(numerators), (0,) * normal.n, denominator, ROUTE)


def solution(C: Any, c: Any) -> tuple[Integers, int]:
    """C^-1 c (n,) as integers over a positive denominator, in lowest terms, for C (n, n) positive definite, c (n, 1).

    Where it could take long, it is looked for as long as `lifting.lifted` does, which is enough where it has fewer
    digits than it could have. Raises NotCertifiedError where that is not found.
    """
    if C.nrows() == 0:
        return [], 1
    C, power = without_twos(C)
    diagonal = [int(C[j, j]) for j in range(C.nrows())]
    if is_affordable(diagonal):
        over, under = C.solve(c).numer_denom()
        numerators, denominator = [int(v) for v in over.entries()], int(under)
    else:
        found = lifted(C, c, max(prod(diagonal), *(abs(int(v)) for v in c.entries())))
        if found is None:
            raise NotCertifiedError(TOO_LONG.format(n=C.nrows()))
        numerators, denominator = found
    denominator <<= power
    common = gcd(denominator, *numerators) * (1 if denominator > 0 else -1)
    return [v // common for v in numerators], denominator // common


def exact_inverse_diagonal(normal: NormalEquations) -> list[Fraction]:
    """diag(C^-1) (n,), C nonsingular. Raises NotCertifiedError as `solution` does."""
    C, power = without_twos(in_flint(normal)[0])
    if normal.n * work([int(C[j, j]) for j in range(normal.n)]) > MOST_WORK:
        raise NotCertifiedError(TOO_LONG.format(n=normal.n))
    inverse = C.inv()
    entries = (inverse[j, j] for j in range(normal.n))
    return [Fraction(int(entry.p), int(entry.q) << power) for entry in entries]


def work(diagonal: Sequence[int]) -> int:
    """About how many products of machine words an exact solution with C takes, when its digits are as many as can be.

    diagonal: of C. By Dixon's method: n**2 products with words of C for each word of numerator and denominator, which
    are below the product of the diagonal (Hadamard's inequality).
    """
    bits = [v.bit_length() for v in diagonal]
    return len(bits) ** 2 * (max(bits, default=0) // WORD + 1) * 2 * sum(bits) // WORD


def is_affordable(diagonal: Sequence[int]) -> bool:
    """Whether an exact solution takes a minute at most."""
    return work(diagonal) <= MOST_WORK


def without_twos(M: Any) -> tuple[Any, int]:
    """M 2**-p and p, for the largest p with which every entry is an integer: 0 for a matrix of zeros."""
    common = gcd(*M.entries())
    power = max(0, (common & -common).bit_length() - 1)
    return (flint.fmpz_mat(M.nrows(), M.ncols(), [v >> power for v in M.entries()]), power) if power else (M, 0)


def taken(M: Any, rows: Sequence[int], columns: Sequence[int]) -> Any:
    """Some rows and columns of a matrix of FLINT's integers."""
    return flint.fmpz_mat(len(rows), len(columns), [M[i, j] for i in rows for j in columns])
