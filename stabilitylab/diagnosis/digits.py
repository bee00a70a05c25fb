"""Correct digits of coefficients and figures against a certified fit."""

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite, log10, sqrt

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact import CertifiedFit
from stabilitylab.exact.solve.interval import quotient
from stabilitylab.scoring.accuracy import digits_cap

ENOUGH = 30  # digits of the exact coefficients to which answers are compared; a double has 16


def digits_of(x: npt.ArrayLike, fit: CertifiedFit) -> Array:
    """-log10(|x_j - x*_j| / |x*_j|) (n,), x* the exact coefficients of a fit, within [0, 15.95] for float64.

    x (n,): of one format, which caps the digits; a number that is not finite, or is None, has none. Where x*_j is
    exactly 0, the error counts against |b| / |a_j|, its natural size. Source: McCullough, Amer. Statist. 52 (1998).
    """
    values = np.asarray(x, dtype=None if isinstance(x, np.ndarray) else np.float64)
    cap = digits_cap(values.dtype)
    exact = [interval.middle for interval in fit.evidence.coefficients(ENOUGH)]
    sizes = [abs(v) or _natural(fit, j) for j, v in enumerate(exact)]
    return np.array([_digits(v, e, s, cap) for v, e, s in zip(values.tolist(), exact, sizes, strict=True)])


def digits_of_exact(x: Sequence[Fraction], fit: CertifiedFit) -> Array:
    """The same for rationals (n,), which no format has rounded; capped as float64 is."""
    exact = [interval.middle for interval in fit.evidence.coefficients(ENOUGH)]
    sizes = [abs(v) or _natural(fit, j) for j, v in enumerate(exact)]
    cap = digits_cap("float64")
    return np.array([_digits(v, e, s, cap) for v, e, s in zip(x, exact, sizes, strict=True)])


def digits_of_figure(value: float | None, certified: float | None) -> float | None:
    """-log10 of the relative error of a figure whose certified value is the nearest double; None where one is missing.

    One digit is no more than half a unit of the last place of the certified value: it caps what can be told at 15.95.
    """
    if value is None or certified is None:
        return None
    if not (isfinite(value) and isfinite(certified)):
        return 0.0
    if certified == 0:
        return digits_cap("float64") if value == 0 else 0.0
    return _digits(value, Fraction(certified), abs(Fraction(certified)), digits_cap("float64"))


def worst(digits: Sequence[float] | Array) -> float:
    """The digits of the worst coefficient."""
    return float(np.min(np.asarray(digits)))


def _natural(fit: CertifiedFit, j: int) -> Fraction:
    """|b| / |a_j|, to about 50 bits."""
    square = fit.evidence.sizes[j].middle
    root = sqrt(quotient(square.numerator, square.denominator)) if square else 0.0
    return Fraction(root) if isfinite(root) else Fraction(0)


def _digits(value: float | Fraction | None, exact: Fraction, size: Fraction, cap: float) -> float:
    if value is None or not isfinite(value):
        return 0.0
    error = abs(Fraction(value) - exact)
    if not error:
        return cap
    if not size or error >= size:
        return 0.0
    ratio = error / size
    return min(cap, abs(log10(ratio))) if ratio > Fraction(1, 10**300) else cap
