"""The exact least-squares solution in Python integers, independent of every solver that it tests.

It shares no code with them: no NumPy arithmetic, no FLINT, no mpmath, and nothing of this package.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

Integers = list[int]


@dataclass(frozen=True, eq=False)
class ExactRegression:
    """min sum_i w_i (b - A x)_i², exactly: x (n,), the figures of `CertifiedFit` as Fractions, squares for roots.

    inverse (n,): diag((A'WA)^-1), () unless asked for. rows: those of weight above 0. constant: whether a column of A
    holds one value, not 0, in all of them, about whose mean the total is.
    """

    x: tuple[Fraction, ...]
    rss: Fraction
    total: Fraction
    inverse: tuple[Fraction, ...]
    rows: int
    constant: bool

    @property
    def degrees_of_freedom(self) -> int:
        """rows - n."""
        return self.rows - len(self.x)

    @cached_property
    def variances(self) -> tuple[Fraction, ...] | None:
        """rss / (rows - n) diag((A'WA)^-1) (n,); None without degrees of freedom."""
        if not self.degrees_of_freedom:
            return None
        return tuple(self.rss * v / self.degrees_of_freedom for v in self.inverse)

    @property
    def r_squared(self) -> Fraction | None:
        """1 - rss / total; None when the total is 0."""
        return 1 - self.rss / self.total if self.total else None

    @property
    def f_statistic(self) -> Fraction | None:
        """((total - rss) / p) / (rss / (rows - n)), p = n less 1 with a constant; None where one is 0."""
        p = len(self.x) - self.constant
        if not self.degrees_of_freedom or not p or not self.rss:
            return None
        return (self.total - self.rss) * self.degrees_of_freedom / (p * self.rss)


def exact_solution(A: Any, b: Any) -> tuple[Fraction, ...] | None:
    """x (n,) with A'A x = A'b exactly, for float64 A (m, n), b (m,); None when A is exactly rank deficient."""
    found = exact_regression(A.T.tolist(), b.tolist(), inverse=False)
    return None if found is None else found.x


def exact_regression(
    columns: Sequence[Sequence[Any]], b: Sequence[Any], weights: Sequence[Any] | None = None, *, inverse: bool = True
) -> ExactRegression | None:
    """The regression of b (m,) on n columns (m,) of exact numbers or decimal text; None when A is rank deficient.

    Cost m n^2 + n^3 / 3 products of integers, which grow to about n times the bits of A'A; twice that with inverse.
    Source: Bareiss, Math. Comp. 22 (1968) 565-578, section 2 (fraction-free elimination).
    """
    w, w_scale = _integers([1] * len(b) if weights is None else weights)
    counted = [i for i, v in enumerate(w) if v]
    parts = [_integers([column[i] for i in counted]) for column in (*columns, b)]
    vectors, scales = [v for v, _ in parts], [s for _, s in parts]
    right, scale = vectors.pop(), scales.pop()
    w = [w[i] for i in counted]
    if any(v != 1 for v in w):
        weighted = [[u * v for u, v in zip(w, p, strict=True)] for p in (*vectors, right)]
    else:
        weighted = [*vectors, right]
    # 1. The normal equations of the integer columns N_j = A_j / s_j, the right-hand side last.
    n = len(vectors)
    M = [[_dot(p, q) for q in weighted] for p in vectors]
    if inverse:
        M = [[*row, *(int(i == j) for j in range(n))] for i, row in enumerate(M)]
    c = [row[n] for row in M]
    # 2. Elimination without pivoting: a Gram matrix has a zero pivot only where a column depends on those before it.
    previous = 1
    for k in range(n):
        pivot, row = M[k][k], M[k]
        if pivot == 0:
            return None
        for i in range(k + 1, n):
            factor, below = M[i][k], M[i]
            for j in range(k + 1, len(row)):
                below[j] = (below[j] * pivot - factor * row[j]) // previous
        previous = pivot
    # 3. Back substitution for the numerators over det(N'WN), which divide without remainder by Cramer's rule.
    det = previous
    y = _back(M, n, det, range(n))
    x = tuple(Fraction(v, det) * scale / s for v, s in zip(y, scales, strict=True))
    unit = scale**2 * w_scale
    bb = _dot(right, weighted[n])
    rss = Fraction(bb * det - _dot(c, y), det) * unit
    ones = next((j for j, p in enumerate(vectors) if p and p[0] and all(v == p[0] for v in p)), None)
    about = Fraction(sum(weighted[n]) ** 2, sum(w)) if ones is not None else Fraction(0)
    diagonal: tuple[Fraction, ...] = ()
    if inverse:
        entries = (_back(M, n + 1 + j, det, range(j, n))[j] for j in range(n))
        diagonal = tuple(Fraction(v, det) / (s**2 * w_scale) for v, s in zip(entries, scales, strict=True))
    return ExactRegression(x, rss, (bb - about) * unit, diagonal, len(w), ones is not None)


def _back(M: Sequence[Sequence[int]], right: int, det: int, wanted: range) -> Integers:
    """Entries `wanted` (the last ones) of det U^-1 times column `right`, U the upper triangle of M."""
    n = len(M)
    numerators = [0] * n
    for i in reversed(wanted):
        known = sum(M[i][j] * numerators[j] for j in range(i + 1, n))
        numerators[i] = (det * M[i][right] - known) // M[i][i]
    return numerators


def _integers(values: Iterable[Any]) -> tuple[Integers, Fraction]:
    """Integers N and a scale s with values == N s exactly."""
    ratios = [(Fraction(v) if isinstance(v, str) else v).as_integer_ratio() for v in values]
    common = lcm(*{denominator for _, denominator in ratios})
    integers = [numerator * (common // denominator) for numerator, denominator in ratios]
    zeros = min(((v & -v).bit_length() - 1 for v in integers if v), default=0)
    return [v >> zeros for v in integers], Fraction(1 << zeros, common)


def _dot(p: Sequence[int], q: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(p, q, strict=True))
