"""The minimum of a least-squares loss, known exactly: the ruler against which every step of a run is measured."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import mpmath
import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.core.types import Reference
from stabilitylab.exact.gram.inputs import exact_input, summed
from stabilitylab.scoring.accuracy import correct_digits
from stabilitylab.scoring.reference import reference

DIGITS = 60  # proven of each coefficient of the minimiser
# Differences from the minimiser, and the quadratic form of them; a private context, only read.
mp = mpmath.MPContext()
mp.prec = 400


@dataclass(frozen=True, eq=False)
class Minimum:
    """f(x) = (factor/2) |A x - b|², A (m, n) and b (m,) as stored, and where it is least.

    reference: the certified minimiser; of many, the one of least norm, and is_unique is False.
    """

    A: Array
    b: Array
    factor: Fraction
    reference: Reference
    is_unique: bool

    @property
    def x(self) -> tuple[Any, ...]:
        """The minimiser (n,), mpmath numbers with DIGITS proven digits."""
        return self.reference.x

    @cached_property
    def H(self) -> tuple[tuple[Any, ...], ...]:
        """The Hessian factor A'A (n, n), formed exactly and rounded to 400 bits."""
        normal = summed(exact_input(self.A, self.b))
        units = normal.units
        return tuple(
            tuple(_mpf(entry * units[i] * units[j] * self.factor) for j, entry in enumerate(row))
            for i, row in enumerate(normal.C)
        )

    def error(self, x: Array) -> Array:
        """x - x* (n,) of finite x, mpmath numbers in an object array."""
        return np.array([as_mpf(value) - exact for value, exact in zip(x, self.x, strict=True)], dtype=object)

    def gap(self, x: Array) -> Any:
        """f(x) - f(x*) = e'H e / 2, e = x - x*, to at least 30 digits: never the difference of two rounded losses."""
        return self.gap_of(self.error(x))

    def gap_of(self, e: Array) -> Any:
        """e'H e / 2 for an error e (n,) of mpmath numbers."""
        return sum((value * g for value, g in zip(e, self.times_hessian(e), strict=True)), mp.zero) / 2

    def times_hessian(self, e: Array) -> Array:
        """H e (n,): the gradient at x* + e."""
        return np.array([sum((h * v for h, v in zip(row, e, strict=True)), mp.zero) for row in self.H], dtype=object)

    @cached_property
    def least(self) -> Any:
        """f(x*)."""
        return _mpf(self.factor) * self.reference.residual_norm**2 / 2

    def digits(self, x: Array) -> tuple[float, ...]:
        """Correct digits of each coefficient (n,), in the format of x."""
        return correct_digits(x, self.x, self.reference.scales)

    @cached_property
    def spectrum(self) -> tuple[Array, Array]:
        """The eigenvalues of the Hessian (n,), the largest first, and the eigenvectors as columns (n, n).

        From the singular values of A in float64, each column scaled to the exact power of two nearest to its norm where
        that would overflow; an eigenvalue below u² of the largest is not known from them, and is then an estimate.
        """
        _, s, Vt = np.linalg.svd(np.asarray(self.A, dtype=np.float64), full_matrices=False)
        with np.errstate(over="ignore"):
            return float(self.factor) * s * s, Vt.T


def minimum(A: Array, b: Array, factor: Fraction) -> Minimum:
    """The minimum of (factor/2) |A x - b|². Raises what `scoring.reference` raises for arrays that are no problem."""
    try:
        return Minimum(A, b, factor, reference(A, b, digits=DIGITS), is_unique=True)
    except RankDeficientError:
        return Minimum(A, b, factor, reference(A, b, digits=DIGITS, policy="minimum-norm"), is_unique=False)


def as_mpf(value: Any) -> Any:
    """A finite number of any format as an mpmath number, exactly."""
    if isinstance(value, mpmath.mpf) or hasattr(value, "_mpf_"):
        return mp.mpf(value)
    number = float(value) if isinstance(value, np.ndarray) else value  # of a short format, which float64 holds
    return _mpf(Fraction(*number.as_integer_ratio()))


def _mpf(value: Fraction) -> Any:
    return mp.mpf(value.numerator) / value.denominator
