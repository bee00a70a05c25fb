"""The exact solution in a smaller space: what is left to solve when a rank cut-off has dropped directions."""

from collections.abc import Iterator
from fractions import Fraction

import flint
import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.types import Solution, Status
from stabilitylab.exact.solve.interval import quotient
from stabilitylab.exact.statistics import Evidence
from stabilitylab.replay import Enclosed, Vector

WIDEST = 60  # coefficients up to which it is solved
NEARER = 3  # times that an answer must be nearer to the solution in the space than to that in all of R^n
DROPPED = (Status.RANK_REDUCED, Status.DROPPED)  # how a call ends whose answer shows that directions were dropped


def bases(A: Array, weights: Array | None, solution: Solution, *, intercept: bool) -> Iterator[Array]:
    """B (n, r) float64, whose columns span a space that a route of this rank may have solved in; nothing otherwise.

    Of an answer with NA: the coordinates that are left. Else the r leading right singular vectors of A D, D as below,
    and with an intercept also of the other columns centred at their means, D dividing those, beside the intercept.
    D divides by nothing, by the 2-norms of the columns, by their standard deviations, or by powers of two near 1-norms.
    Source: Golub and Van Loan (2013), section 5.5; `scoring.smaller_space` confirms that directions were dropped.
    """
    fit, n = solution.fit, A.shape[1]
    if fit is None or solution.status not in DROPPED or n > WIDEST:
        return
    if fit.dropped:
        yield np.delete(np.eye(n), fit.dropped, axis=1)
        return
    if fit.rank is None or not 1 <= fit.rank < n:
        return
    A = np.asarray(A, dtype=np.float64)
    roots = np.ones(len(A)) if weights is None else np.sqrt(weights)
    with one_blas_thread(), np.errstate(all="ignore"):
        if intercept:
            X = (A[:, 1:] - np.average(A[:, 1:], axis=0, weights=roots**2)) * roots[:, None]
            for V in _leading(X, fit.rank - 1):
                yield np.block([[np.ones((1, 1)), np.zeros((1, fit.rank - 1))], [np.zeros((n - 1, 1)), V]])
        yield from _leading(A * roots[:, None], fit.rank)


def _leading(A: Array, rank: int) -> Iterator[Array]:
    """D V_r (n, r), V_r the leading right singular vectors of A D, for each D."""
    sums = np.abs(A).sum(axis=0)
    powers = np.exp2(np.ceil(np.log2(np.where(sums > 0, sums, 1.0))))
    deviations = np.std(A, axis=0)
    for norms in (np.ones(A.shape[1]), column_norms(A), np.where(deviations > 0, deviations, 1.0), powers):
        scaled = A / norms
        if np.isfinite(scaled).all():
            yield np.linalg.svd(scaled, full_matrices=False)[2][:rank].T / norms[:, None]


def solution_in(evidence: Evidence, B: Array) -> Vector | None:
    """The x = B z that minimises |b - A x|, exactly, B (n, r) as its floats stand; None where A B has no full rank.

    From the exact A'A and A'b: B'A'A B z = B'A'b in rationals, by FLINT.
    """
    normal = evidence.normal
    n, r = B.shape
    *units, unit_b = normal.units
    basis = [[Fraction(v) for v in row] for row in B.tolist()]
    scaled = flint.fmpq_mat(n, r, [_q(v * unit) for row, unit in zip(basis, units, strict=True) for v in row])
    C = flint.fmpq_mat(n, n, [flint.fmpq(v) for row in normal.C for v in row])
    right = flint.fmpq_mat(n, 1, [_q(v * unit_b) for v in normal.c])
    turned = scaled.transpose()
    try:
        z = (turned * C * scaled).solve(turned * right)
    except ZeroDivisionError:
        return None
    x = flint.fmpq_mat(n, r, [_q(v) for row in basis for v in row]) * z
    return tuple(Enclosed(Fraction(int(v.p), int(v.q))) for v in x.entries())


def distance(to: Vector, x: Array, norms: Array) -> float:
    """|D (x - to)| in units of the columns, D = diag(norms), x (n,); infinite where that overflows."""
    apart = [Fraction(float(v)) - one.middle for v, one in zip(x, to, strict=True)]
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(norms * np.array([quotient(v.numerator, v.denominator) for v in apart])))


def _q(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)
