"""A column of exact rational numbers, and the few operations on it that form the features of a regression."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT64, Array, Format, FormatLike, as_integers, format_named
from stabilitylab.core.errors import OutOfRangeError


@dataclass(frozen=True)
class ExactColumn:
    """The numbers integers[i] * scale, i = 0, ..., m - 1, without any rounding."""

    integers: tuple[int, ...]
    scale: Fraction = Fraction(1)

    @staticmethod
    def of_floats(values: Array) -> "ExactColumn":
        """The exact values of floats (m,) of any format of NumPy, all finite."""
        integers, scale = as_integers(values)
        return ExactColumn(tuple(integers.tolist()), scale)

    @staticmethod
    def of_fractions(values: Iterable[Fraction]) -> "ExactColumn":
        """Fractions over their least common denominator."""
        fractions = list(values)
        common = lcm(*(value.denominator for value in fractions))
        return ExactColumn(tuple(v.numerator * (common // v.denominator) for v in fractions), Fraction(1, common))

    def __len__(self) -> int:
        return len(self.integers)

    def __getitem__(self, row: int) -> Fraction:
        """The number in one row."""
        return self.integers[row] * self.scale

    def times(self, other: "ExactColumn") -> "ExactColumn":
        """The products row by row."""
        products = tuple(a * b for a, b in zip(self.integers, other.integers, strict=True))
        return ExactColumn(products, self.scale * other.scale)

    def minus_first(self) -> "ExactColumn":
        """Each number minus that of row 0."""
        return ExactColumn(tuple(n - self.integers[0] for n in self.integers), self.scale)

    def minus_mean(self) -> "ExactColumn":
        """Each number minus the mean of all: the deviations from the mean, which sum to 0."""
        m, total = len(self.integers), sum(self.integers)
        return ExactColumn(tuple(m * n - total for n in self.integers), self.scale / m)

    def over(self, divisor: Fraction) -> "ExactColumn":
        """Each number divided by one that is not 0."""
        return ExactColumn(self.integers, self.scale / divisor)

    def sum_of_squares(self) -> Fraction:
        """The square of the 2-norm."""
        return sum(n * n for n in self.integers) * self.scale**2

    def coprime(self) -> "ExactColumn":
        """The same numbers with integers that share no factor and a positive scale; zeros have the scale 1."""
        common = gcd(*self.integers)
        if common == 0:
            return ExactColumn(self.integers)
        if common == 1:
            return self
        return ExactColumn(tuple(n // common for n in self.integers), self.scale * common)

    def rounded(self, format: FormatLike) -> Array:
        """Each number rounded once to a format, (m,).

        Raises OutOfRangeError on overflow, and where a number that is not 0 becomes 0.
        """
        into = format_named(format)
        values = into.rounded(np.array(self._nearest(into), dtype=into.dtype))
        lost = np.flatnonzero((values == 0) & np.array([n != 0 for n in self.integers], dtype=bool))
        if lost.size:
            value = abs(self[int(lost[0])])
            power = value.numerator.bit_length() - value.denominator.bit_length()
            raise OutOfRangeError(
                f"entry {lost[0]}, near 2**{power}, underflows to 0 in {into.name}: rescale the column"
            )
        return values

    def _nearest(self, into: Format) -> list[Any]:
        """Each number rounded once; a double without a Fraction, as Python divides integers with one rounding."""
        p, q = self.scale.as_integer_ratio()
        if into == FLOAT64:
            try:
                return [n * p / q for n in self.integers]
            except OverflowError:  # said below, with its size
                pass
        return [into.nearest(n * self.scale) for n in self.integers]
