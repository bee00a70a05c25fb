"""A x and b - A x row by row, enclosed in integers, and whether these are still the rows that were fitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.exact.gram.inputs import ExactInput, Weights
from stabilitylab.exact.solve.interval import Interval


@dataclass(frozen=True, eq=False)
class ExactRows:
    """A (m, n) and b (m,) as Python integers: column j of A counts units[j], and b counts units[n]."""

    A: Array
    b: Array
    units: tuple[Fraction, ...]

    @classmethod
    def of(cls, data: ExactInput) -> "ExactRows":
        """The rows of the data. Cost: a Python integer for each entry."""
        A, unit = as_integers(data.A) if data.floats else (data.A, Fraction(1))
        b, b_unit = as_integers(data.b) if data.floats else (data.b, Fraction(1))
        n = data.A.shape[1]
        scales = data.scales or (Fraction(1),) * (n + 1)
        return cls(A, b, (*(scale * unit for scale in scales[:n]), scales[n] * b_unit))

    def fitted(self, x: Sequence[Interval], rows: Array) -> list[Interval]:
        """Intervals that hold row i of A x for each i of rows, given those of x (n,); all over one denominator."""
        scaled = [entry * unit for entry, unit in zip(x, self.units, strict=False)]
        over = lcm(self.units[-1].denominator, *(interval.over for interval in scaled))
        low, high = (
            np.array([*(v * (over // interval.over) for v, interval in zip(ends, scaled, strict=True))], dtype=object)
            for ends in ([interval.low for interval in scaled], [interval.high for interval in scaled])
        )
        # Each product takes the end of x that its sign asks for.
        positive = np.where(self.A[rows] > 0, self.A[rows], 0)
        negative = self.A[rows] - positive
        lows, highs = positive @ low + negative @ high, positive @ high + negative @ low
        return [Interval(least, most, over) for least, most in zip(lows.tolist(), highs.tolist(), strict=True)]

    def residuals(self, fitted: Sequence[Interval], rows: Array) -> list[Interval]:
        """Intervals that hold row i of b - A x for each i of rows, from those of A x that `fitted` gives."""
        over = fitted[0].over
        factor = int(self.units[-1] * over)
        entries = zip((self.b[rows] * factor).tolist(), fitted, strict=True)
        return [Interval(value - interval.high, value - interval.low, over) for value, interval in entries]


def sum_of_squares(residuals: Sequence[Interval], weights: Weights | None) -> Interval:
    """An interval that holds sum_i w_i r_i², for intervals of r (m,) over one denominator and weights (m,) or ones."""
    if weights is None:
        counts, unit = [1] * len(residuals), Fraction(1)
    else:
        # Fractions over powers of two, so that the largest denominator is a common one.
        common = max(w.denominator for w in weights.values)
        counts = [int(w * common) for w in weights.values]
        unit = weights.unit / common
    low = high = 0
    for count, residual in zip(counts, residuals, strict=True):
        least, most = sorted((residual.low**2, residual.high**2))
        high += count * most
        if not residual.low < 0 < residual.high:
            low += count * least
    return Interval(low, high, residuals[0].over ** 2) * unit
