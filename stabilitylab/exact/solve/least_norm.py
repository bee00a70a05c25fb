"""The solution of least norm of an exactly rank-deficient problem: enclosed as one of full rank is, or exact."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import gcd, lcm, prod
from typing import Any, TypeAlias

import flint
import numpy as np

from stabilitylab.exact.gram.limbs import WIDTH, limbs_of_integers
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.choose import DOUBLE, solve
from stabilitylab.exact.solve.enclosed import EnclosedSolution, NarrowEnough
from stabilitylab.exact.solve.rational import columns_in_flint, solution, work

EXACT = "exact Gram matrix, exact rationals of least norm"
ENCLOSED = "exact Gram matrix, enclosure of least norm"
CHEAP = 3e6  # products of machine words, some 50 ms, up to which rationals are computed straight away
MOST_BITS = 64 * WIDTH  # of a number from which planes of limbs would fill the memory
DIGITS = (DOUBLE, 40, 80, 160)  # decimal digits of v, tried in turn
# From a bound on the denominator of the entries of y: which enclosures of them are narrow enough.
Criterion: TypeAlias = Callable[[int], NarrowEnough]


def least_norm(
    normal: NormalEquations, independent: Sequence[int], criterion: Criterion | None = None
) -> EnclosedSolution:
    """y (n,), C y = c, of the minimiser x of |b - A x| with the least |x|; independent: the columns K of A that are.

    x_j is y_j times normal.ratios[j]. Enclosed narrowly enough for the criterion; exact without one.
    The minimiser of least norm is the one in the range of A' = range of G = A'A, which the columns K of G span:
    x = G_K w with (G_K)'G_K w = (A'b)_K. With G_ij = C_ij u_i u_j in integers C and units u, and W = diag(u²), that is
    y = W C_K v for the solution v of M v = c_K, M = (C_K)'W C_K, which is positive definite. By Cramer's rule, y_j is
    an integer over det M, for W in integers, and det M is at most the product of the diagonal of M.
    Raises NotCertifiedError.
    Source: Ben-Israel and Greville, Generalized Inverses (2003), chapter 1.
    """
    spanning, M, right = _system(normal, tuple(independent))
    if criterion is not None and work([int(M[k, k]) for k in range(M.nrows())]) > CHEAP and _bits(M, right) < MOST_BITS:
        narrow_enough = criterion(denominator_bound(normal, independent))
        system, factor = _normal_equations(M, right, normal.rows), None
        for digits in DIGITS:
            v = solve(system, _of_the_whole(system, digits), digits, factor)
            assert v is not None, "M is positive definite"
            factor = v.factor
            y = _applied(spanning, v)
            if y.is_narrow(narrow_enough):
                return y
    numerators, denominator = solution(M, right)
    values = [int(v) for v in (spanning * flint.fmpz_mat(len(numerators), 1, numerators)).entries()]
    common = gcd(denominator, *values)
    return EnclosedSolution(tuple(v // common for v in values), (0,) * normal.n, denominator // common, EXACT)


def denominator_bound(normal: NormalEquations, independent: Sequence[int]) -> int:
    """A bound on the common denominator of the entries of `least_norm`: the product of the diagonal of M."""
    _, M, _ = _system(normal, tuple(independent))
    return prod(int(M[k, k]) for k in range(M.nrows()))


@lru_cache(maxsize=1)
def _system(normal: NormalEquations, K: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """W C_K (n, r), M (r, r) and c_K (r, 1) in FLINT's integers, W without common factors; those of the last call."""
    n = normal.n
    columns, right = columns_in_flint(normal, K)
    if normal.scales is None:
        least = min(normal.exponents[:n].tolist())
        whole = [1 << 2 * (e - least) for e in normal.exponents[:n].tolist()]
    else:
        squares = [unit**2 for unit in normal.units[:n]]
        common = lcm(*(s.denominator for s in squares))
        whole = [int(s * common) for s in squares]
    factor = gcd(*whole)
    spanning = columns
    if any(w != factor for w in whole):
        weights = [w // factor for w in whole]
        spanning = flint.fmpz_mat(n, len(K), [columns[i, k] * weights[i] for i in range(n) for k in range(len(K))])
    return spanning, columns.transpose() * spanning, right


def _bits(M: Any, right: Any) -> int:
    """Those of the longest entry: of M, which is positive definite, on its diagonal."""
    return max(int(v).bit_length() for v in (*(M[k, k] for k in range(M.nrows())), *right.entries()))


def _normal_equations(M: Any, right: Any, rows: int) -> NormalEquations:
    """M v = right as normal equations of a problem of full rank."""
    r = M.nrows()
    i, j = np.triu_indices(r)
    values = np.empty(len(i) + r, dtype=object)
    upper = [int(M[row, column]) for row, column in zip(i.tolist(), j.tolist(), strict=True)]
    values[:] = [*upper, *map(int, right.entries())]
    limbs = limbs_of_integers(values, -(-(max(v.bit_length() for v in values) + 2) // WIDTH))
    levels = np.zeros((len(limbs), r + 1, r + 1), dtype=np.int64)
    for level, limb in zip(levels, limbs, strict=True):
        level[i, j], level[:r, r] = limb[: len(i)], limb[len(i) :]
    return NormalEquations(levels, np.zeros(r + 1, dtype=np.int64), rows)


def _of_the_whole(system: NormalEquations, digits: int) -> NarrowEnough:
    """Narrow enough for about `digits` digits of y as a whole: the part of v_j, of size |v_j| sqrt(M_jj), is known to
    10**-digits of |y|, in the norm |y|² = y'W^-1 y = v'M v, which is at least c_k²/M_kk for every k.

    v_j itself may be 0, or any number of digits smaller than the others.
    """
    pairs = zip(system.c, system.diagonal, strict=True)
    over, under = max(((c * c, d) for c, d in pairs), key=lambda pair: pair[0] / pair[1])
    tightness = 100**digits * under

    def narrow_enough(j: int, middle: int, radius: int, denominator: int) -> bool:
        return bool(radius**2 * system.diagonal[j] * tightness <= over * denominator**2)

    return narrow_enough


def _applied(spanning: Any, v: EnclosedSolution) -> EnclosedSolution:
    """W C_K v, enclosed: its radii are those of v times |W C_K|."""
    n, r = spanning.nrows(), spanning.ncols()
    middle = (spanning * flint.fmpz_mat(r, 1, list(v.middle))).entries()
    sizes = flint.fmpz_mat(n, r, [abs(entry) for entry in spanning.entries()])
    radius = (sizes * flint.fmpz_mat(r, 1, list(v.radius))).entries()
    return EnclosedSolution(tuple(map(int, middle)), tuple(map(int, radius)), v.denominator, ENCLOSED)
