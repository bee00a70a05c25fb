"""The diagonal of (A'A)^-1, from which standard errors are computed, to any number of proven decimal digits."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, log10
from typing import TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.limbs import WIDTH, Levels, carried, integers
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve.interval import Interval, exactly
from stabilitylab.exact.solve.inverse_factor import SERIES, InverseFactor, inverse_factor, products
from stabilitylab.exact.solve.rational import exact_inverse_diagonal

# Decimal digits; None for exact rationals.
Accuracy: TypeAlias = int | None


def inverse_diagonal(normal: NormalEquations, accuracy: Accuracy, start: InverseFactor | None = None) -> list[Interval]:
    """diag(C^-1) (n,), C = A'A in integers and nonsingular, to a relative width of about 10**-accuracy.

    By ball arithmetic where that costs least, else from a series with an inverse factor, else in exact rationals.
    start: an inverse factor of C, which is used if it is good enough for the series.
    """
    if accuracy is not None:
        if balls.are_cheapest(normal):
            enclosed = balls.diagonal_of_inverse(normal, accuracy)
            if enclosed is not None:
                return enclosed
        factor = start if start is not None and start.alpha <= SERIES else inverse_factor(normal, SERIES)
        if factor is not None and factor.alpha <= SERIES:
            return _by_series(normal, factor, accuracy)
    return [exactly(entry) for entry in exact_inverse_diagonal(normal)]


def _by_series(normal: NormalEquations, factor: InverseFactor, accuracy: int) -> list[Interval]:
    """C^-1 = X (I - E)^-1 X', E = I - X'C X: the terms of I + E + E² + ... that count, in planes of limbs.

    The first planes of E and F are empty, |E| < 2**-36. With F = E + ... + E**k cut at plane w, every entry of F is
    wrong by at most 2 w n 2**(20 - 22 w), for a cut product lacks less than w n 2**(20 - 22 w) and |E| is small; so
    |(I - E)^-1 - I - F|_F <= error, as below. That moves entry i by at most |X_i|² error, and |X_i|² is at most twice
    the entry.
    """
    n, alpha = normal.n, factor.alpha
    terms = ceil((accuracy + 2) / -log10(alpha))
    count = ceil((32 + 2 * n.bit_length() + 3.33 * (accuracy + 2)) / WIDTH)
    E = _aligned(factor, count)
    F = E
    for _ in range(terms - 1):
        # The planes of E and F stand for 2**-22, 2**-44, ...: a product begins with the second.
        levels = [np.zeros((n, n), dtype=np.int64), *products(E, F, count - 1)]
        F = np.array(carried([level + plane.astype(np.int64) for level, plane in zip(levels, E, strict=True)]), float)
        assert len(F) == count, "|F| < 1/2 has no limb before the point"
    error = 2 * Fraction(alpha) ** (terms + 1) + Fraction(4 * count * n * n, 1 << (WIDTH * count - 20))
    X = _aligned_factor(factor)
    zeros = np.zeros((n, n), dtype=np.int64)
    Y = [zeros, *products(X, F)]
    for k, plane in enumerate(X):
        Y[k] = Y[k] + plane.astype(np.int64)
    power = 2 * WIDTH * int(factor.places.max())
    error = 2 * error
    bounds = Interval(error.denominator - error.numerator, error.denominator + error.numerator, error.denominator)
    return [entry * Fraction(2) ** power * bounds for entry in _row_products(Y, X)]


def _aligned(factor: InverseFactor, count: int) -> Array:
    """The limbs of E that stand for 2**-22, 2**-44, ..., in float64 (count, n, n)."""
    limbs = factor.error
    at = factor.top + factor.places[:, None] + factor.places[None, :]
    planes = np.zeros((count, *at.shape))
    for k in range(count):
        t = at + k + 1
        inside = (t >= 0) & (t < len(limbs))
        limb = np.take_along_axis(limbs, np.where(inside, t, 0)[None], axis=0)[0]
        planes[k] = np.where(inside, limb, 0)
    return planes


def _aligned_factor(factor: InverseFactor) -> Array:
    """The planes of limbs of X with all columns at the place of the highest."""
    L = len(factor.planes)
    lower = int(factor.places.max()) - factor.places
    planes = np.zeros((L + int(lower.max()), *factor.planes.shape[1:]))
    for j, drop in enumerate(lower):
        planes[drop : drop + L, :, j] = factor.planes[:, :, j]
    return planes


def _row_products(Y: Sequence[Levels], X: Array) -> list[Interval]:
    """sum_j Y_ij X_ij for each i, exactly, both in units of the place of X's first plane."""
    limbs = np.array(carried(list(Y)), dtype=np.float64)
    ahead = len(limbs) - len(Y)
    sums = np.zeros((len(limbs) + len(X) - 1, X.shape[1]), dtype=np.int64)
    for u, left in enumerate(limbs):
        for k, right in enumerate(X):
            sums[u + k] += (left * right).sum(axis=1).astype(np.int64)
    over = 1 << (WIDTH * (len(sums) - 1 - ahead))
    return [Interval(value, value, over) for value in integers(sums)]
