"""A problem of n + 1 rows with the same means and products of columns as one of many rows.

For exact sums G = [A b]'W[A b] and the weight w of all rows let R'R = G / w, R upper triangular (Cholesky). Any k rows
sqrt(k) Q R with orthonormal columns of Q (k, n + 1) have the moments G / w, and so the same coefficients, condition
numbers, variance proportions, inflation factors and R². With an intercept in front the first column of Q is taken as
constant, so that it is a column of ones here too.
"""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.diagnosis.by_blocks.exact_sums import Summed
from stabilitylab.exact.gram.normal_equations import NormalEquations

DIGITS = 120  # carried: what is left of a column that is dependent to 50 digits still has 20 of its square
NOTHING = Decimal(10) ** -100  # of a squared norm: what is left of it is 0 but for rounding


def equivalent_rows(found: Summed, *, intercept: bool) -> Array:
    """[A b] (n + 1, n + 1) in float64, each entry rounded once, with the moments of all rows.

    Source: Golub and Van Loan (2013), sections 4.2 (Cholesky) and 5.1 (Householder).
    """
    with localcontext(Context(prec=DIGITS, Emax=10**9, Emin=-(10**9))):
        R = _triangle(_moments(found.sums.normal_equations(), found.weight))
        k = len(R)
        root = Decimal(k).sqrt()
        # Q = I - 2 v v' / v'v maps e_1 to a vector of k^-1/2, so that sqrt(k) times its first column is ones.
        v = [1 - 1 / root, *[-1 / root] * (k - 1)] if intercept and k > 1 else [Decimal(0)] * k
        size = sum(entry * entry for entry in v)
        rows = [[root * entry for entry in row] for row in R]
        if size:
            shares = [2 * sum(v[i] * rows[i][j] for i in range(k)) / size for j in range(k)]
            rows = [[rows[i][j] - v[i] * shares[j] for j in range(k)] for i in range(k)]
        return np.array([[float(entry) for entry in row] for row in rows])


def _moments(normal: NormalEquations, weight: Fraction) -> list[list[Decimal]]:
    """G / w (n + 1, n + 1) to DIGITS digits."""
    n, units = normal.n, normal.units
    whole = [[*normal.C[i], normal.c[i]] for i in range(n)] + [[*normal.c, normal.bb]]
    factor = normal.weight_unit / weight
    return [[_decimal(whole[i][j] * units[i] * units[j] * factor) for j in range(n + 1)] for i in range(n + 1)]


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _triangle(G: list[list[Decimal]]) -> list[list[Decimal]]:
    """R (k, k), upper triangular with R'R = G; a row of zeros where a column depends on those before it."""
    k = len(G)
    R = [[Decimal(0)] * k for _ in range(k)]
    for i in range(k):
        left = G[i][i] - sum(R[h][i] * R[h][i] for h in range(i))
        if left <= NOTHING * G[i][i]:
            continue
        R[i][i] = left.sqrt()
        for j in range(i + 1, k):
            R[i][j] = (G[i][j] - sum(R[h][i] * R[h][j] for h in range(i))) / R[i][i]
    return R
