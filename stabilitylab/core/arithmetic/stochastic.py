"""Stochastic rounding: up or down at random, the nearer neighbour the more often, so that the mean is the number.

Source: Croci, Fasi, Higham, Mary and Mikaitis, Stochastic rounding: implementation, error analysis and applications,
Royal Society Open Science 9 (2022) 211631, section 2.
"""

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.error_free import two_sum
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, Format, format_of
from stabilitylab.core.errors import InputError

RESOLUTION = (
    2.0**-52
)  # of a probability: that of a random number of 53 bits, and of the distance that it is held against


def stochastically_rounded(values: npt.ArrayLike, format: Format, generator: np.random.Generator) -> Array:
    """Each float64 number x rounded to a or b, its neighbours a <= x <= b in the format: to b with (x - a)/(b - a).

    A number of the format stays what it is. The probability is right to RESOLUTION. Beyond the largest number b is the
    power of two that would follow, and rounding to it overflows. Draws one number for each entry, from the generator.
    Raises InputError for a format of more than 53 bits.
    """
    x = np.asarray(values).astype(np.float64)
    return _stochastic(x, np.zeros_like(x), format, generator)


def stochastic_sum(x: Array, y: Array, generator: np.random.Generator) -> Array:
    """x + y, entry by entry, stochastically rounded to their format: of the exact sum, not of its rounded value.

    Raises InputError where two formats meet, and for a format of more than 53 bits.
    """
    format = format_of(x)
    if format_of(y) != format:
        raise InputError(f"{format_of(y)} and {format} meet in one sum: round one first")
    with np.errstate(over="ignore", invalid="ignore"):
        high, low = two_sum(np.asarray(x).astype(np.float64), np.asarray(y).astype(np.float64))
    return _stochastic(np.asarray(high), np.where(np.isfinite(high), low, 0.0), format, generator)


def _stochastic(high: Array, low: Array, format: Format, generator: np.random.Generator) -> Array:
    """The exact numbers high + low, |low| at most half a last place of high, stochastically rounded to the format."""
    if format.precision > FLOAT64.precision:
        raise InputError(f"stochastic rounding is for formats of up to {FLOAT64.precision} bits; got {format}")
    draws = generator.random(high.shape)
    finite = np.isfinite(high)
    # 1. Magnitudes, and the gap of the format there: 2**(E - p + 1), E not below the exponent of the normal numbers.
    size, rest = np.abs(np.where(finite, high, 0.0)), np.where(high < 0, -low, low)
    exponent = np.maximum(np.frexp(size)[1] - 1, format.minimum_exponent)
    # A magnitude that is a power of two and a little less has the gap of the numbers below.
    below = (np.ldexp(1.0, exponent) == size) & (rest < 0) & (exponent > format.minimum_exponent)
    last = exponent - below - (format.precision - 1)
    # 2. In units of the gap: a whole number, and where between it and the next one the magnitude lies.
    units = np.ldexp(size, -last)
    whole = np.floor(units)
    part = (units - whole) + np.ldexp(rest, -last)
    whole, part = np.where(part < 0, whole - 1, whole), np.where(part < 0, part + 1, part)
    magnitude = np.ldexp(whole + (draws < part), last)
    # 3. It is a number of the format, or the power of two beyond the largest, so that this rounds nothing else.
    return format.rounded(np.where(finite, np.copysign(magnitude, high), high))
