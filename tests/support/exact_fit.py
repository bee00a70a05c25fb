"""Everything a regression has to say, in exact fractions: the oracle of the reference, with no line of the package."""

from dataclasses import dataclass
from fractions import Fraction

import mpmath
import numpy as np
from flint import fmpq, fmpq_mat

from stabilitylab.conformance.rational import exact, exact_array, least_squares, null_space, reduced

MP = mpmath.MPContext()
MP.dps = 130


@dataclass(frozen=True)
class ExactFit:
    """x, |b - A x|², the squared standard errors (None when m == n) and R² (None when there is nothing to explain)."""

    x: list
    rss: Fraction
    variances: list | None
    r_squared: Fraction | None


def exact_fit(A, b, centred=None):
    """The fit of A (m, n) of full rank and b (m,), floats or fractions; centred: by default if a column is constant."""
    A, b = fractions(A), fractions(b)
    m, n = A.shape
    x = least_squares(A, b)
    rss = sum((v * v for v in b - A @ np.array(x, dtype=object)), Fraction(0))
    variances = None
    if m > n:
        C = (A.T @ A).tolist()
        inverse, _ = reduced([[*row, *(Fraction(i == j) for j in range(n))] for i, row in enumerate(C)])
        variances = [rss / (m - n) * inverse[i][n + i] for i in range(n)]
    return ExactFit(x, rss, variances, r_squared(A, b, rss, centred))


def r_squared(A, b, rss, centred=None):
    """1 - rss / total, about the mean when a column of A is constant and not 0."""
    if centred is None:
        centred = any(a[0] != 0 and all(v == a[0] for v in a) for a in A.T)
    mean = sum(b) / len(b) if centred else 0
    total = sum((v - mean) ** 2 for v in b)
    return 1 - rss / total if total else None


def flint_solution(A, b):
    """x (n,) by FLINT's own exact rational solver on the Gram matrix."""
    A, b = fractions(A), fractions(b)
    rational = lambda v: fmpq(v.numerator, v.denominator)  # noqa: E731
    M = fmpq_mat(*A.shape, [rational(v) for v in A.ravel()])
    right = fmpq_mat(len(b), 1, [rational(v) for v in b])
    x = (M.transpose() * M).solve(M.transpose() * right)
    return [Fraction(int(v.p), int(v.q)) for v in x.entries()]


def minimum_norm_solution(A, b):
    """The minimiser with no part in the null space of A, from a basic one: x - N (N'N)^-1 N'x."""
    A, b = fractions(A), fractions(b)
    _, kept = reduced(A.tolist())
    x = np.array([Fraction(0)] * A.shape[1], dtype=object)
    x[kept] = least_squares(A[:, kept], b)
    N = np.array(null_space(A), dtype=object).T
    return list(x - N @ np.array(least_squares(N, x), dtype=object))


def fractions(values):
    """An object array of fractions, from floats, integers or fractions."""
    values = np.asarray(values)
    if values.dtype != object:
        return exact_array(values)
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [Fraction(v) for v in values.ravel()]
    return out


def relative_error(number, value):
    """|number - value| / |value| for an mpmath number and a fraction; 0 when both are 0, 1 when only value is."""
    if value == 0:
        return 0.0 if exact(number) == 0 else 1.0
    return abs(exact(number) / value - 1)


def root_error(number, square):
    """The relative error of an mpmath number as the square root of a fraction."""
    if square == 0:
        return 0.0 if exact(number) == 0 else 1.0
    root = MP.sqrt(MP.mpf(square.numerator) / square.denominator)
    return exact(abs(MP.mpf(number) / root - 1))


def assert_certified(ref, fit, digits=50):
    """Every number of the reference has its digits."""
    tolerance = Fraction(1, 10**digits)
    assert len(ref.x) == len(fit.x)
    assert all(relative_error(v, x) <= tolerance for v, x in zip(ref.x, fit.x, strict=True))
    assert root_error(ref.residual_norm, fit.rss) <= tolerance
    assert (ref.standard_errors is None) == (fit.variances is None)
    if fit.variances is not None:
        assert all(root_error(v, s) <= tolerance for v, s in zip(ref.standard_errors, fit.variances, strict=True))
    assert (ref.r_squared is None) == (fit.r_squared is None)
    if fit.r_squared is not None:
        assert relative_error(ref.r_squared, fit.r_squared) <= tolerance
