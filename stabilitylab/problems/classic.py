"""Test matrices of the textbooks; each docstring says which algorithm fails on the matrix, and where."""

import math
from fractions import Fraction

import numpy as np

from stabilitylab.core.errors import InputError
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.problems import problem
from stabilitylab.problems.labelling import labelled
from stabilitylab.problems.synthetic import haar, singular_values


@problem("classic.vandermonde", source="Gautschi, Numer. Math. 23 (1975) 337-347; Higham (2002), section 22.1")
def vandermonde(m: int = 51, n: int = 8, low: float = 0.0, high: float = 1.0) -> Problem:
    """The powers 0..n-1 of m equispaced nodes on [low, high], y their sum: every coefficient of the decimal truth is 1.

    The nodes are decimals (of 15 places where the step is no shorter decimal) and y is exact, so the decimal data are
    fitted without a residual; as stored in float64 they are not. On [0, 1] cond grows about 5.6-fold per column, on
    [-1, 1] 2.4-fold. Raises InputError unless 2 <= n <= m and low < high.
    """
    if not 2 <= n <= m or not low < high:
        raise InputError(f"expected 2 <= n <= m and low < high; got n = {n}, m = {m}, low = {low}, high = {high}")
    first, last = Fraction(str(low)), Fraction(str(high))
    places = 15
    nodes = [round((first + (last - first) * i / (m - 1)) * 10**places) for i in range(m)]
    while places and not any(N % 10 for N in nodes):
        nodes, places = [N // 10 for N in nodes], places - 1
    # x = N 10**-p makes x**k = N**k 10**(p (n-1-k)) in units of 10**-(p (n-1)).
    y = [sum(N**k * 10 ** (places * (n - 1 - k)) for k in range(n)) for N in nodes]
    data = {"y": Decimals(tuple(y), -places * (n - 1)), "x": Decimals(tuple(nodes), -places)}
    label = labelled("classic.vandermonde", m=m, n=n, low=low, high=high)
    tags = {"full-rank", "intercept", "consistent"} | ({"square"} if m == n else set())
    return Problem(label.name, data, Design.polynomial(n - 1), label.source, frozenset(tags), planted=(1.0,) * n)


@problem("classic.hilbert", source="Hilbert, Acta Math. 18 (1894) 155-159; Higham (2002), section 28.1")
def hilbert(n: int = 10) -> Problem:
    """L / (i + j - 1), square, with L = lcm(1..2n-1): Hilbert's matrix in integers, which float64 holds to n = 20.

    Floats hold no 1/3: fl(H_13) has four times the condition number of H_13, so without L it is another problem. b is
    the integer A x for x = 1, -1, 1, ..., and cond = |H| |H^-1| from the inverse's closed form.
    Raises InputError unless 2 <= n <= 20.
    """
    if not 2 <= n <= 20:
        raise InputError(f"the integers of Hilbert's matrix fit float64 for 2 <= n <= 20; got n = {n}")
    L = math.lcm(*range(1, 2 * n))
    H = [[L // (i + j + 1) for j in range(n)] for i in range(n)]
    x = [(-1) ** j for j in range(n)]
    data = {f"a{j}": Decimals(tuple(row[j] for row in H)) for j in range(n)}
    data["y"] = Decimals(tuple(sum(h * s for h, s in zip(row, x, strict=True)) for row in H))
    # The largest singular value of a float matrix is right to a few u, whatever its condition number.
    inverse = np.array([[float(_hilbert_inverse(n, i, j)) for j in range(n)] for i in range(n)])
    cond = np.linalg.norm(np.array(H, dtype=float) / L, 2) * np.linalg.norm(inverse, 2)
    label = labelled("classic.hilbert", n=n)
    return Problem(
        label.name,
        data,
        Design.matrix(),
        label.source,
        frozenset({"full-rank", "square", "consistent", "integer", "spd"}),
        cond=float(cond),
        planted=tuple(map(float, x)),
    )


def _hilbert_inverse(n: int, i: int, j: int) -> int:
    """Entry (i, j), from 0, of the inverse of Hilbert's matrix: an integer (Higham 2002, section 28.1)."""
    binomials = math.comb(n + i, n - j - 1) * math.comb(n + j, n - i - 1) * math.comb(i + j, i) ** 2
    return (1 - 2 * ((i + j) % 2)) * (i + j + 1) * binomials


@problem("classic.lauchli", source="Läuchli, Numer. Math. 3 (1961) 226-240; Higham (2002), section 20.4")
def lauchli(n: int = 4, eps: float = 1e-8) -> Problem:
    """[1'; eps I] (n+1, n), b = A 1: cond is sqrt(n + eps**2) / eps.

    A'A = 1 1' + eps**2 I, and 1 + eps**2 rounds to 1 below eps = 1.05e-8: the Gram matrix is then exactly singular,
    while A itself is known to its last bit. Raises InputError unless n >= 2 and eps > 0.
    """
    if n < 2 or not eps > 0:
        raise InputError(f"expected n >= 2 and eps > 0; got n = {n}, eps = {eps:g}")
    A = np.vstack([np.ones((1, n)), eps * np.eye(n)])
    b = np.array([float(n)] + [eps] * n)
    label = labelled("classic.lauchli", n=n, eps=eps)
    cond = math.sqrt(n + eps**2) / eps
    tags = frozenset({"full-rank", "consistent"})
    return Problem.from_matrix(label.name, A, b, source=label.source, tags=tags, cond=cond, planted=(1.0,) * n)


@problem("classic.wilkinson_growth", source="Wilkinson, J. ACM 8 (1961) 281-330; Higham (2002), section 9.4")
def wilkinson_growth(n: int = 30, seed: int = 0) -> Problem:
    """1 on the diagonal, -1 below, 1 in the last column, square; b normal: pivots grow to 2**(n-1), cond is 0.45 n.

    Partial pivoting exchanges no rows and loses 0.3 n digits of a well-conditioned problem. An integer b would be
    solved without rounding, for the growth is by powers of two. Raises InputError unless n >= 3.
    """
    if n < 3:
        raise InputError(f"expected n >= 3; got n = {n}")
    A = np.eye(n) - np.tril(np.ones((n, n)), -1)
    A[:, -1] = 1
    b = np.random.default_rng(seed).standard_normal(n)
    label = labelled("classic.wilkinson_growth", n=n, seed=seed)
    tags = frozenset({"full-rank", "square", "consistent", "intercept"})
    return Problem.from_matrix(label.name, A, b, source=label.source, tags=tags, cond=0.45 * n)


@problem("classic.small_pivot", source="Forsythe and Moler (1967); Higham (2002), section 1.12.1")
def small_pivot(eps: float = 1e-8) -> Problem:
    """[[eps, 1], [1, 1]], b = (1, 2): elimination without pivoting divides by eps and loses log10(1/eps) digits.

    cond = |lambda_1 / lambda_2|, 2.618 for small eps: nothing but the order of the rows is wrong.
    Raises InputError unless 0 < eps < 1.
    """
    if not 0 < eps < 1:
        raise InputError(f"expected 0 < eps < 1; got eps = {eps:g}")
    A, b = np.array([[eps, 1.0], [1.0, 1.0]]), np.array([1.0, 2.0])
    root = math.hypot(1 - eps, 2)
    cond = (root + (1 + eps)) / (root - (1 + eps))
    label = labelled("classic.small_pivot", eps=eps)
    tags = frozenset({"full-rank", "square", "consistent", "intercept"})
    return Problem.from_matrix(label.name, A, b, source=label.source, tags=tags, cond=cond)


@problem("classic.gaussian", source="Trefethen and Schreiber, SIAM J. Matrix Anal. Appl. 11 (1990) 335-360")
def gaussian(n: int = 30, seed: int = 0) -> Problem:
    """Independent standard normal A (n, n), b (n,): elimination without pivoting has growth factors in the hundreds.

    Raises InputError unless n >= 1.
    """
    if n < 1:
        raise InputError(f"expected n >= 1; got n = {n}")
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((n, n)), rng.standard_normal(n)
    label = labelled("classic.gaussian", n=n, seed=seed)
    tags = frozenset({"full-rank", "square", "consistent"})
    return Problem.from_matrix(label.name, A, b, source=label.source, tags=tags)


@problem("classic.diagonally_dominant", source="Higham (2002), Theorem 9.9")
def diagonally_dominant(n: int = 30, seed: int = 0) -> Problem:
    """Off the diagonal uniform on [-1, 1], on it the sum of the row's magnitudes plus 1; b normal.

    Elimination needs no pivoting here: the growth is at most 2. Raises InputError unless n >= 1.
    """
    if n < 1:
        raise InputError(f"expected n >= 1; got n = {n}")
    rng = np.random.default_rng(seed)
    A = rng.uniform(-1, 1, (n, n))
    np.fill_diagonal(A, 0)
    np.fill_diagonal(A, np.abs(A).sum(axis=1) + 1)
    label = labelled("classic.diagonally_dominant", n=n, seed=seed)
    tags = frozenset({"full-rank", "square", "consistent", "diagonally-dominant"})
    return Problem.from_matrix(label.name, A, rng.standard_normal(n), source=label.source, tags=tags)


@problem("classic.spd", source="Higham (2002), section 28.3")
def spd(n: int = 30, cond: float = 1e6, seed: int = 0) -> Problem:
    """Q diag(s) Q', Q Haar and s geometric from 1 to 1/cond: symmetric positive definite, square; b normal.

    Symmetric to the last bit. Raises InputError for n < 2, and for cond beyond 1e14, where the rounding of A may cost
    the smallest eigenvalue its sign.
    """
    if cond > 1e14:
        raise InputError(f"a rounded matrix stays positive definite up to cond = 1e14; got {cond:g}")
    s = singular_values(n, cond, "geometric")
    rng = np.random.default_rng(seed)
    Q = haar(rng, n, n)
    B = (Q * s) @ Q.T
    A, b = (B + B.T) / 2, rng.standard_normal(n)
    label = labelled("classic.spd", n=n, cond=cond, seed=seed)
    tags = frozenset({"full-rank", "square", "consistent", "spd"})
    return Problem.from_matrix(label.name, A, b, source=label.source, tags=tags, cond=float(cond))
