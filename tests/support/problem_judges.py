"""The problems that are put on trial, and exact judges of integer matrices that share no code with the package."""

from fractions import Fraction

import mpmath

from stabilitylab import problems
from stabilitylab.problems import case
from stabilitylab.problems.synthetic import PROFILES

DEFAULTS = [case(name) for name in problems.names()]
VARIANTS = [
    *(case("synthetic.randsvd", profile=profile, cond=cond) for profile in PROFILES for cond in (1.0, 1e3, 1e15)),
    *(case("synthetic.randsvd", n=30, cond=1e16, profile=profile) for profile in PROFILES),
    case("synthetic.randsvd", cond=1e12, residual=1.0, column_spread=4.0),
    case("synthetic.randsvd", m=6, n=6, cond=1e5),
    case("synthetic.randsvd", m=300, n=2, residual=1e-6, column_spread=0.5),
    case("classic.vandermonde", m=50, n=12, low=-1, high=1),
    case("classic.vandermonde", m=5, n=5, low=0.1, high=0.7),
    *(case("classic.hilbert", n=n) for n in (2, 7, 20)),
    case("classic.lauchli", n=2, eps=1e-12),
    case("classic.lauchli", n=7, eps=10.0),
    *(case("classic.wilkinson_growth", n=n) for n in (3, 10, 45)),
    *(case("classic.small_pivot", eps=eps) for eps in (0.5, 1e-4, 1e-20)),
    case("classic.gaussian", n=1),
    case("classic.diagonally_dominant", n=1),
    case("classic.spd", n=2, cond=1.0),
    *(case("classic.spd", n=10, cond=1e14, seed=seed) for seed in range(5)),
    case("real.timestamps_s", m=4),
    case("real.timestamps_ns", m=1200),
    case("real.years", degree=1),
    case("real.years", degree=4),
    case("real.income_and_rate", m=4, seed=5),
    case("real.one_hot", groups=2, m=3),
    case("real.one_hot", groups=9, m=50, seed=1),
]


def called(recipe):
    return f"{recipe.family}{dict(recipe.parameters) or ''}"


def gram(A):
    """A'A of a matrix of Python integers."""
    columns = [[int(v) for v in A[:, j]] for j in range(A.shape[1])]
    return [[sum(map(int.__mul__, a, b)) for b in columns] for a in columns]


def minors(A):
    """The leading principal minors of a square integer matrix until one is 0, by fraction-free elimination."""
    A, previous, found = [list(row) for row in A], 1, []
    for k in range(len(A)):
        found.append(A[k][k])
        if A[k][k] == 0:
            break
        for i in range(k + 1, len(A)):
            for j in range(k + 1, len(A)):
                A[i][j] = (A[i][j] * A[k][k] - A[i][k] * A[k][j]) // previous
        previous = A[k][k]
    return found


def rank(A):
    """The exact rank of an integer matrix: the columns that add something to the Gram matrix of those before."""
    kept = []
    for j in range(A.shape[1]):
        trial = [*kept, j]
        if minors(gram(A[:, trial]))[-1] != 0:
            kept = trial
    return len(kept)


def full_rank(A):
    """Whether the columns of an integer matrix are linearly independent, exactly."""
    return minors(gram(A))[-1] != 0


def condition(A, scales, dps=120):
    """The 2-norm condition number and the singular values of A diag(scales), from the exact Gram matrix."""
    context = mpmath.MPContext()
    context.dps = dps
    G = gram(A)
    exact = [[Fraction(g) * s * t for g, t in zip(row, scales, strict=True)] for row, s in zip(G, scales, strict=True)]
    eigenvalues = context.eigsy(
        context.matrix([[context.mpf(v.numerator) / v.denominator for v in row] for row in exact]), eigvals_only=True
    )
    values = sorted((context.sqrt(v) for v in eigenvalues), reverse=True)
    return values[0] / values[-1], values


def stored_condition(problem):
    system = problem.exact("matrix")
    return float(condition(system.A, system.column_scales)[0])
