"""The solution of least norm of an exactly rank-deficient problem, in rationals."""

from collections.abc import Sequence
from math import lcm

from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.enclosed import EnclosedSolution
from stabilitylab.exact.solve.rational import solution

LEAST_NORM = "exact Gram matrix, exact rationals of least norm"


def least_norm(normal: NormalEquations, independent: Sequence[int]) -> EnclosedSolution:
    """The minimiser x of |b - A x| with the least |x|, exactly, K: independent columns of A.

    The minimiser of least norm is the one in the range of A' = range of G = A'A, which the columns K of G span:
    x = G_K w with (G_K)'G_K w = (A'b)_K. With G_ij = C_ij u_i u_j in integers C and units u, v_k = u_k w_k:
    sum_l (sum_i C_ki u_i² C_il) v_l = u_b c_k and x_i = u_i sum_k C_ik v_k.
    Source: Ben-Israel and Greville, Generalized Inverses (2003), chapter 1.
    """
    n, C, units = normal.n, normal.C, normal.units
    squares = [unit**2 for unit in units[:n]]
    common = lcm(*(s.denominator for s in squares))
    weights = [int(s * common) for s in squares]
    M = [[sum(C[k][i] * weights[i] * C[i][j] for i in range(n)) for j in independent] for k in independent]
    v, denominator = solution(M, [normal.c[k] for k in independent])
    sums = [sum(C[i][k] * value for k, value in zip(independent, v, strict=True)) for i in range(n)]
    x = [unit * value * units[n] * common / denominator for unit, value in zip(units, sums, strict=False)]
    over = lcm(*(value.denominator for value in x))
    return EnclosedSolution(tuple(int(value * over) for value in x), (0,) * n, over, LEAST_NORM)
