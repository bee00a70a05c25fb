"""The exact least-squares solution of float64 data in Python integers, independent of every solver that it tests.

It shares no code with them: no NumPy arithmetic, no FLINT, no mpmath, and nothing of this package.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Integers = list[int]


def exact_solution(A: Any, b: Any) -> tuple[Fraction, ...] | None:
    """x (n,) with A'A x = A'b exactly, for float64 A (m, n), b (m,); None when A is exactly rank deficient.

    Cost m n^2 + n^3 / 3 products of integers, which grow to about n times the bits of A'A.
    Source: Bareiss, Math. Comp. 22 (1968) 565-578, section 2 (fraction-free elimination).
    """
    columns, scales = zip(*(_integers(A[:, j]) for j in range(A.shape[1])), strict=True)
    right, scale = _integers(b)
    # 1. The normal equations of the integer columns N_j = A_j / s_j, the right-hand side last.
    M = [[_dot(p, q) for q in (*columns, right)] for p in columns]
    n = len(M)
    # 2. Elimination without pivoting: a Gram matrix has a zero pivot only where a column depends on those before it.
    previous = 1
    for k in range(n):
        pivot, row = M[k][k], M[k]
        if pivot == 0:
            return None
        for i in range(k + 1, n):
            factor, below = M[i][k], M[i]
            for j in range(k + 1, n + 1):
                below[j] = (below[j] * pivot - factor * row[j]) // previous
        previous = pivot
    # 3. Back substitution for the numerators over det(N'N), which divide without remainder by Cramer's rule.
    det = previous
    numerators = [0] * n
    for i in reversed(range(n)):
        known = sum(M[i][j] * numerators[j] for j in range(i + 1, n))
        numerators[i] = (det * M[i][n] - known) // M[i][i]
    return tuple(Fraction(v, det) * scale / s for v, s in zip(numerators, scales, strict=True))


def _integers(values: Any) -> tuple[Integers, Fraction]:
    """Integers N and a power of two s with values == N s exactly."""
    ratios = [float(value).as_integer_ratio() for value in values]
    common = max(denominator for _, denominator in ratios)
    integers = [numerator * (common // denominator) for numerator, denominator in ratios]
    zeros = min(((v & -v).bit_length() - 1 for v in integers if v), default=0)
    return [v >> zeros for v in integers], Fraction(1 << zeros, common)


def _dot(p: Sequence[int], q: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(p, q, strict=True))
