"""A second computation of the certified solution, in integers and mpmath, which shares no code with `exact`.

The doctor and the tests hold the exact engine against it. The proof needs no analysis of rounding: the Gram matrix
C = A'A and every quantity in the bound are exact integers; only the approximate inverse factor comes from mpmath, at a
precision chosen from the problem; any factor is allowed. Forming A'A squares the condition number; in exact arithmetic
that costs bits and no digits.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt, log2, prod
from typing import Any

import mpmath

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.data.problem import IntegerSystem

Integers = list[int]
IntegerMatrix = list[list[int]]


@dataclass(frozen=True)
class MpmathSolution:
    """Exact rationals whose relative error is below 10**-digits; a value that is exactly 0 is 0.

    x (n,), rss = |b - A x|², inverse_diagonal = diag((A'A)^-1), r_squared (None when the total sum of squares is 0).
    alpha: a proven bound on |I - X'A'A X|_F. bits: the mpmath precision in which the factor X was computed.
    """

    x: tuple[Fraction, ...]
    rss: Fraction
    inverse_diagonal: tuple[Fraction, ...]
    r_squared: Fraction | None
    alpha: float
    bits: int


def independent_columns(system: IntegerSystem) -> tuple[int, ...]:
    """The columns that are linearly independent of those before them, by fraction-free elimination on A'A.

    Their number is the exact rank: A'A and A have the same dependent columns. Source: Bareiss, Math. Comp. 22 (1968)
    565-578.
    """
    C = _gram(system.A)
    kept: list[int] = []
    previous = 1
    for k in range(len(C)):
        # In a Gram matrix a zero diagonal of the Schur complement means a zero row and column: column k is dependent.
        pivot = C[k][k]
        if pivot == 0:
            continue
        kept.append(k)
        for i in range(k + 1, len(C)):
            left = C[i][k]
            C[i] = [(pivot * C[i][j] - left * C[k][j]) // previous if j > k else 0 for j in range(len(C))]
        previous = pivot
    return tuple(kept)


def certified(system: IntegerSystem, digits: int) -> MpmathSolution | None:
    """x, |b - A x|**2, diag((A'A)^-1) and R² of min |b - A x|, each to `digits` proven digits; None when rank A < n.

    1. C = A'A, c = A'b exactly; columns scaled by powers of two to norms in (1/2, 1].
    2. X ~ R^-1 from a Cholesky factor C = R'R in mpmath; alpha = |I - X'CX|_F exactly. alpha < 1 proves rank n.
    3. Newton steps x += X X'd with the exact residual d = c - C x, until every quantity is resolved by the bound
       |x* - x|_i <= |(X g)_i| + |X_i| alpha/(1 - alpha) |g|, g = X'd: x* - x = X (X'CX)^-1 g.
    4. By Cramer's rule every x_i is an integer over det C, and det C <= prod C_jj (Hadamard): what is proven smaller
       than 1 over that product is exactly 0.
    Source: Rump, Acta Numerica 19 (2010) 287-449, for the principle; the form here is derived in this docstring.
    """
    problem = _IntegerProblem(system)
    bits = ceil((digits + 4) * log2(10)) + 2 * ceil(log2(problem.n + 1)) + 20
    rank_is_full = False
    # Ten times what suffices: the digits, and twice the bits of the condition number, which Hadamard's bound covers.
    limit = 10 * (bits + problem.hadamard_bits) + 10_000
    while bits <= limit:
        factor = _inverse_factor(problem, bits)
        if factor is not None:
            X, alpha = factor
            # alpha bounds the relative error of diag((A'A)^-1), so it must reach the digits asked for.
            if alpha * 10 ** (digits + 2) <= 1:
                return _sharpened(problem, X, alpha, bits, digits)
            excess = max(0, ceil(log2(alpha * 10 ** (digits + 3))))
            bits += min(max(64, excess), bits)
            continue
        # No positive pivot at this precision: decide exactly, once, before working harder.
        if not rank_is_full:
            if len(independent_columns(system)) < problem.n:
                return None
            rank_is_full = True
        bits *= 2
    raise NotCertifiedError(f"no factor of A'A was good enough with {limit} bits: this should not happen")


class _IntegerProblem:
    """The integer problem with columns scaled by powers of two: S = C 2^-(e_i + e_j) has a diagonal in (1/4, 1]."""

    def __init__(self, system: IntegerSystem) -> None:
        self.m, self.n = system.A.shape
        self.C = _gram(system.A)
        b = system.b.tolist()
        c = [_dot(column, b) for column in system.A.T.tolist()]
        self.bb = _dot(b, b)
        # m times the total sum of squares, centred when there is an intercept: an integer.
        self.total = self.m * self.bb - (sum(b) ** 2 if system.centred else 0)
        self.e = [(max(self.C[j][j], 1).bit_length() + 1) // 2 for j in range(self.n)]
        top = max(self.e, default=0)
        # Integer forms of the scaled problem: S = S_int 2^-2 top, D c = c_int 2^-top.
        self.top = top
        self.S = [[self.C[i][j] << (2 * top - self.e[i] - self.e[j]) for j in range(self.n)] for i in range(self.n)]
        self.Dc = [c[j] << (top - self.e[j]) for j in range(self.n)]
        self.determinant_bound = prod(max(self.C[j][j], 1) for j in range(self.n))
        self.hadamard_bits = self.determinant_bound.bit_length()


def _gram(A: Array) -> IntegerMatrix:
    columns = A.T.tolist()
    C = [[0] * len(columns) for _ in columns]
    for i, left in enumerate(columns):
        for j in range(i, len(columns)):
            C[i][j] = C[j][i] = _dot(left, columns[j])
    return C


def _inverse_factor(problem: _IntegerProblem, bits: int) -> tuple[IntegerMatrix, Fraction] | None:
    """Columns of X 2^bits, X ~ R^-1 upper triangular, S = R'R, with a proven alpha >= |I - X'SX|_F.

    None when Cholesky fails or alpha >= 1/4. Column j holds its j + 1 entries; sums over it stop with it.
    """
    mp = mpmath.MPContext()
    mp.prec = bits
    n, e = problem.n, problem.e
    R: list[list[Any]] = []  # column j of R, its j + 1 entries
    for j in range(n):
        column: list[Any] = []
        for i in range(j):
            s = mp.ldexp(mp.mpf(problem.C[i][j]), -e[i] - e[j])
            column.append((s - mp.fdot(zip(R[i], column, strict=False))) / R[i][i])
        pivot = mp.ldexp(mp.mpf(problem.C[j][j]), -2 * e[j]) - mp.fdot(zip(column, column, strict=True))
        if pivot <= 0:
            return None
        R.append([*column, mp.sqrt(pivot)])
    X: IntegerMatrix = []
    for j in range(n):
        # Back substitution for R y = unit vector j, from the last entry up.
        y: list[Any] = [1 / R[j][j]]
        for i in range(j - 1, -1, -1):
            row = [R[k][i] for k in range(j, i, -1)]
            y.append(-mp.fdot(zip(row, y, strict=True)) / R[i][i])
        X.append([int(mp.nint(mp.ldexp(v, bits))) for v in reversed(y)])
    one = 1 << (2 * bits + 2 * problem.top)
    squares = 0
    for j in range(n):
        SX = [_dot(row, X[j]) for row in problem.S[: j + 1]]
        for i in range(j + 1):
            entry = _dot(X[i], SX) - (one if i == j else 0)
            squares += entry**2 if i == j else 2 * entry**2
    alpha = Fraction(isqrt(squares) + 1, one)
    return (X, alpha) if 4 * alpha < 1 else None


def _dot(a: Integers, b: Integers) -> int:
    """The sum of a_i b_i over the length of the shorter one."""
    return sum(map(int.__mul__, a, b))


def _sharpened(problem: _IntegerProblem, X: IntegerMatrix, alpha: Fraction, bits: int, digits: int) -> MpmathSolution:
    """Newton steps until the bounds prove `digits` digits of every x_i, the residual sum of squares and R².

    All in integers: z = D^-1 x in units of 2^-q, its residual d in 2^-(2 top + q), the step in 2^-unit.
    """
    n, top, e = problem.n, problem.top, problem.e
    rows = [[X[k][i] for k in range(i, n)] for i in range(n)]  # row i of X, from its diagonal on
    row_norms = [isqrt(_dot(row, row)) + 1 for row in rows]
    tightness = 10 ** (digits + 1)
    # alpha/(1 - alpha) <= 2^-k, rounded up to a power of two.
    spread = alpha / (1 - alpha)
    k = spread.denominator.bit_length() - spread.numerator.bit_length() - 1
    q = bits
    z: Integers = [0] * n
    while True:
        d = [(problem.Dc[i] << (top + q)) - _dot(problem.S[i], z) for i in range(n)]
        g = [_dot(X[i], d) for i in range(n)]
        step = [_dot(rows[i], g[i:]) for i in range(n)]
        g_norm = isqrt(_dot(g, g)) + 1
        unit = 2 * bits + 2 * top + q
        bounds = [abs(step[i]) + (row_norms[i] * g_norm >> k) + 1 for i in range(n)]
        x = [
            _resolved(z[i] << (unit - q), bounds[i], tightness, unit + e[i], problem.determinant_bound)
            for i in range(n)
        ]
        # |b - A x|² = b'b - z'(D c + d), too large by |A(x* - x)|² <= |g|²/(1 - alpha) < 2 |g|².
        scale = 2 * top + 2 * q
        rss: int | None = 0
        excess = 0
        if problem.m > n:
            at_x = (problem.bb << scale) - _dot(z, [(c << (top + q)) + r for c, r in zip(problem.Dc, d, strict=True)])
            excess = (2 * g_norm**2 >> (2 * bits + 2 * top)) + 1
            rss = _resolved(at_x, excess, tightness, scale, problem.determinant_bound)
        if rss is not None and None not in x:
            explained = _resolved(
                (problem.total << scale) - problem.m * rss,
                problem.m * excess,
                tightness,
                scale,
                problem.determinant_bound,
            )
            if explained is not None:
                total = problem.total << scale
                return MpmathSolution(
                    tuple(Fraction(v or 0, 1 << (unit + e[i])) for i, v in enumerate(x)),
                    Fraction(rss, 1 << scale),
                    tuple(Fraction(_dot(row, row), 1 << (2 * bits + 2 * e[i])) for i, row in enumerate(rows)),
                    Fraction(explained, total) if total else None,
                    float(alpha),
                    bits,
                )
        # One step multiplies the error by alpha; carry enough bits below for it to count.
        gained = bits // 2
        z = [(z[i] << gained) + _shifted(step[i], unit - q - gained) for i in range(n)]
        q += gained


def _shifted(value: int, by: int) -> int:
    """value 2^-by, rounded to an integer."""
    return (value + (1 << (by - 1))) >> by if by > 0 else value << -by


def _resolved(value: int, bound: int, tightness: int, unit: int, determinant: int) -> int | None:
    """value where bound * tightness <= |value|; 0 where |value| + bound < 2^unit / determinant; None otherwise.

    value, bound: in units of 2^-unit. A multiple of 1/determinant below that is 0.
    """
    if bound * tightness <= abs(value):
        return value
    return 0 if (abs(value) + bound) * determinant < 1 << unit else None
