"""What the integers of sums count: units that several accumulators have in common, and exact totals of weights."""

from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError
from stabilitylab.exact.gram.inputs import Weights

HALF = 26  # bits of the lower half of a mantissa
ROWS = 1 << 25  # of which float64 adds halves of 27 bits without rounding


def positive(value: Any) -> Fraction:
    """The value as a Fraction. Raises InputError for what is no positive number."""
    try:
        scale = Fraction(value)
    except (TypeError, ValueError, ArithmeticError):
        raise InputError(f"a scale must be a positive number; got {value!r}") from None
    if scale <= 0:
        raise InputError(f"a scale must be a positive number; got {value!r}")
    return scale


def common_unit(one: Fraction, other: Fraction) -> Fraction:
    """The greatest number of which both are whole multiples."""
    p, q = one.numerator * other.denominator, other.numerator * one.denominator
    return Fraction(gcd(p, q), one.denominator * other.denominator)


def are_ones(weights: Weights) -> bool:
    """Whether all weights above 0 are 1."""
    if weights.unit == 1 and weights.values.dtype == np.float64:
        return bool(((weights.values == 1) | (weights.values == 0)).all())
    return all(value in (0, 1 / weights.unit) for value in weights.fractions.tolist())


def exact_sum(values: Array) -> Fraction:
    """The sum of values (m,), finite float64 or Fractions, without rounding. Cost: a pass for floats.

    The halves of their mantissas are added up apart for each exponent, in float64, where they are integers below 2**53.
    """
    if values.dtype != np.float64:
        return sum(map(Fraction, values.tolist()), Fraction(0))
    total = Fraction(0)
    for start in range(0, len(values), ROWS):
        mantissa, exponent = np.frexp(values[start : start + ROWS])
        bits = np.ldexp(mantissa, 53).astype(np.int64)
        least = int(exponent.min())
        low = np.bincount(exponent - least, bits & ((1 << HALF) - 1)).tolist()
        high = np.bincount(exponent - least, bits >> HALF).tolist()
        for k, (above, below) in enumerate(zip(high, low, strict=True)):
            if above or below:
                total += ((int(above) << HALF) + int(below)) * Fraction(2) ** (least + k - 53)
    return total
