"""Correct rounding from a float64 inverse factor and residuals in extended precision, without the exact A'A.

It costs less than the exact A'A while the condition number is small, or A nearly square: one product A'A or A X in
float64, and a few passes over A. The proof is that in the docstring of `float64.enclosure`, at x in double-double.
Source: Björck, BIT 7 (1967) 257-278, for the iteration; Rump, SIMAX 33 (2012) 130-148, for the bound.
"""

from fractions import Fraction
from math import ceil, log2

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.exact.float64.fine_gradient import WIDTH, fine_gradient
from stabilitylab.exact.float64.gradient import two_sum
from stabilitylab.exact.float64.preconditioner import (
    ScaledProblem,
    alpha_from_gram,
    alpha_from_product,
    alpha_from_sliced_product,
    inverse,
    row_norms,
)
from stabilitylab.exact.float64.rounding_bounds import U, block_rows, gamma, norm_bound, transposed_times, triangle
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.selftest import require_true_float64_blas
from stabilitylab.exact.proof.certificate import Certificate, Factor

ROUTE = "float64 inverse factor, residuals in extended precision"
SMALLEST = 31  # unknowns from which the calls of Python that this method takes cost less than it saves
PASSES = 12  # over A, at most
MOST_SLICES = 6  # of 21 bits that A is split into, at most
FEW = 64  # unknowns up to which a second pass over A costs more than the exact A'A does
TALL = 200  # rows for each column from which the exact A'A of short integers costs more than what comes after it
SAMPLE = 8  # rows for each column from which the condition number is guessed


def worth_a_try(m: int, n: int) -> bool:
    """Whether this method can cost less than the exact A'A, by the shape of A (m, n); measured, not derived."""
    return m >= n >= SMALLEST


def solved_by_residual(A: Array, b: Array) -> Certificate | None:
    """The certificate of min |b - A x|, A (m, n) float64 and finite; None unless all of x is proven to its last bit.

    1. X from a Cholesky factor of fl(A'A) when alpha follows from A'A; for A nearly square also from QR, with alpha
       from A X. 2. x <- x + X X'A'(b - A x) in double-double, until the bound of the last step decides every rounding.
    """
    m, n = A.shape
    require_true_float64_blas()
    square = m < 8 * n
    with (
        blas_threads(2 * n * n * min(m, block_rows(A)), m * n),
        np.errstate(all="ignore"),
    ):  # what overflows here fails the comparisons, which ask for what must hold
        if not square and (_has_short_numbers(A) or not _looks_well_conditioned(A)):
            return None
        try:
            data = ScaledProblem.of(A, b)
        except RankDeficientError:
            return None
        factored = _factor(data, square)
        if factored is None:
            return None
        X, x, alpha = factored
        # A step in plain float64 is cheap, and often saves a pass.
        x = x + X @ (X.T @ transposed_times(data.A, data.b - data.A @ x))
        return _refined(data, X, x, alpha)


def _has_short_numbers(A: Array) -> bool:
    """Whether A is tall and most of its columns are integers of at most 20 bits times a power of two.

    Then the exact A'A costs less. Judged from a sample of rows.
    """
    m, n = A.shape
    if m < TALL * n:
        return False
    rows = A[:: m // 64]
    t = np.ldexp(rows, 20 - np.frexp(np.abs(rows).max(axis=0))[1])
    return float((t == np.rint(t)).all(axis=0).mean()) > 0.6


def _looks_well_conditioned(A: Array) -> bool:
    """Whether a sample of rows is so well conditioned that this method is likely to succeed; no proof rests on it."""
    m, n = A.shape
    if m < 2 * SAMPLE * n:
        return True
    rows = A[:: m // (SAMPLE * n)]
    norms = np.linalg.norm(rows, axis=0)
    if not norms.all():
        return False
    X = inverse(lapack.dpotrf(rows.T @ rows))
    return X is not None and float(np.linalg.norm(norms[:, None] * X)) < (4e3 if n <= FEW else 2e4)


def _factor(data: ScaledProblem, square: bool) -> tuple[Array, Array, float] | None:
    X = inverse(lapack.dpotrf(data.G))
    if X is not None:
        alpha, likely = alpha_from_gram(data, X)
        if alpha <= 2.0**-6:
            return X, X @ (X.T @ data.c), alpha
        if not square:
            return None
        if likely < 2.0**-6 and (alpha := alpha_from_product(data, X)) < 2.0**-5:
            return X, X @ (X.T @ data.c), alpha
    if not square:
        return None
    n = len(data.c)
    R = triangle(np.column_stack([data.A, data.b]))
    X = inverse((R[:n, :n], 0))
    if X is None:
        return None
    for bound in (alpha_from_product, alpha_from_sliced_product):
        alpha = bound(data, X)
        if alpha < 2.0**-5:
            return X, X @ R[:n, n], alpha
    return None


def _refined(data: ScaledProblem, X: Array, start: Array, alpha: float) -> Certificate | None:
    n = len(start)
    largest = np.maximum(data.A.max(axis=0), -data.A.min(axis=0))
    exponents = np.frexp(largest)[1].astype(np.int64)
    rows = row_norms(X) * data.up
    high, low, slices, before = start, np.zeros(n), 2, np.inf
    for _ in range(PASSES):
        at_x = fine_gradient(data.A, data.b, (high, low), data.norms, exponents, slices)
        g = X.T @ at_x.h
        size = norm_bound(g)
        # What the slices leave out, and what float64 does to X'h and X g.
        coarse = norm_bound(np.abs(X).T @ at_x.error) * data.up / (1 - alpha) + at_x.eps / np.sqrt(1 - alpha)
        rounded = norm_bound(np.abs(X).T @ np.abs(at_x.h)) * gamma(n + 1) * data.up / (1 - alpha) + gamma(n + 1) * size
        left = alpha / (1 - alpha) * size + rounded
        rest = low + X @ g
        high, low = two_sum(high, rest)
        # The rounding of high + low, and what a checker sees of it through X^-1.
        moved = 4 * U * alpha * float(data.norms @ np.abs(rest))
        share = (1 + alpha) / (1 - alpha)
        radius = (rows * (left + coarse + moved) * share + 2 * U * np.abs(rest)) * data.up
        if _decided(high, low, radius):
            return _certificate(data, X, high, low, radius, alpha)
        # The next step is expected to find `left`, and to leave this share of it: as many slices as resolve that, or
        # as make the radius a small part of what separates doubles.
        goal = max(left / size * left / 8, float(np.min(np.abs(high) / rows)) * 2.0**-68)
        more = ceil(log2(coarse / goal) / WIDTH) if np.inf > coarse > goal > 0 else 0
        if not size < before / 4 and (not more or slices == MOST_SLICES):
            return None
        slices, before = min(slices + more, MOST_SLICES), size
    return None


def _decided(high: Array, low: Array, radius: Array) -> bool:
    """Whether every high is the double nearest to all numbers within the radius of high + low."""
    up, down = np.nextafter(low + radius, np.inf), np.nextafter(low - radius, -np.inf)
    return bool(((high + up == high) & (high + down == high)).all())


def _certificate(
    data: ScaledProblem, X: Array, high: Array, low: Array, radius: Array, alpha: float
) -> Certificate | None:
    powers = data.b_exponent - data.exponents
    nearest = np.ldexp(high, powers)
    if not ((np.abs(nearest) >= np.finfo(float).tiny) & np.isfinite(nearest)).all():
        return None
    entries = [(Fraction(h) + Fraction(e), Fraction(r)) for h, e, r in zip(high, low, radius, strict=True)]
    common = max(max(x.denominator, r.denominator) for x, r in entries)
    return Certificate(
        route=ROUTE,
        middle=tuple(int(x * common) for x, _ in entries),
        spread=tuple(int(r * common) for _, r in entries),
        denominator=common,
        ratios=tuple((1 << p, 1) if p >= 0 else (1, 1 << -p) for p in powers.tolist()),
        nearest=tuple(nearest.tolist()),
        rank=len(high),
        factor=Factor(
            X[None],
            np.zeros((1, len(high)), dtype=np.int64),
            tuple(Fraction(1, 1 << e) if e >= 0 else Fraction(1 << -e) for e in data.exponents.tolist()),
            alpha,
        ),
    )
