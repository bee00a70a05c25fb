"""Rounding into a binary format by exact fractions and integers: an oracle that shares no code with the package."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class Widths:
    """What defines a binary format: bits of the significand, exponent of the smallest normal number, the largest."""

    precision: int
    least: int
    largest: Fraction

    def nearest(self, value):
        """The nearest number as a Fraction, ties to even; None where it rounds beyond the largest."""
        if value == 0:
            return Fraction(0)
        size = abs(value)
        exponent = size.numerator.bit_length() - size.denominator.bit_length()
        exponent -= size < Fraction(2) ** exponent
        last = Fraction(2) ** (max(exponent, self.least) - self.precision + 1)
        rounded = round(value / last) * last  # Python rounds fractions to even
        return rounded if abs(rounded) <= self.largest else None


WIDTHS = {
    "float8_e4m3": Widths(4, -6, Fraction(448)),
    "float8_e5m2": Widths(3, -14, Fraction(57344)),
    "bfloat16": Widths(8, -126, Fraction(255 * 2**120)),
    "tensorfloat32": Widths(11, -126, Fraction(2047 * 2**117)),
    "float16": Widths(11, -14, Fraction(65504)),
    "float32": Widths(24, -126, Fraction((2**24 - 1) * 2**104)),
    "float64": Widths(53, -1022, Fraction((2**53 - 1) * 2**971)),
}


@dataclass(frozen=True)
class Table:
    """All numbers of an 8-bit format from 0 upwards, by their bits: `integers` times 2**-shift; then comes `overflow`.

    The bits of a number count its magnitude, so that a number is even when its place in the table is.
    """

    mantissa_bits: int
    bias: int
    codes: int

    @property
    def shift(self):
        return self.bias - 1 + self.mantissa_bits

    @property
    def integers(self):
        """The numbers with the bits 0, 1, ..., `codes` - 1, and the one that would follow, in units of the smallest."""
        bits = np.arange(self.codes + 1)
        exponent, mantissa = bits >> self.mantissa_bits, bits & ((1 << self.mantissa_bits) - 1)
        normal = ((1 << self.mantissa_bits) + mantissa) << np.maximum(exponent - 1, 0)
        return np.where(exponent == 0, mantissa, normal).astype(object)

    @property
    def middles(self):
        """Twice the points halfway between a number and the next, in the same units."""
        return self.integers[:-1] + self.integers[1:]

    def places(self, value, thresholds):
        """The place in the table of each value, given thresholds that rise with the middles; ties to the even place.

        The place `codes` means overflow.
        """
        low, high = np.searchsorted(thresholds, value, "left"), np.searchsorted(thresholds, value, "right")
        return np.where((low != high) & (low % 2 == 1), high, low)


TABLES = {"float8_e4m3": Table(3, 7, 127), "float8_e5m2": Table(2, 15, 124)}
