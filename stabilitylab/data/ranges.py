"""A column over its range, or over its largest number, as terms of a design."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError
from stabilitylab.data.terms import Mapped


@dataclass(frozen=True)
class Ranged(Mapped):
    """(x - min) / (max - min), between 0 and 1: fl(fl(x - min) / fl(max - min)); scikit-learn's MinMaxScaler.

    Raises InputError for a constant column.
    """

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        width = format.rounded(values.max() - values.min())
        _need(bool(width), "range", name)
        return format.rounded(format.rounded(values - values.min()) / width)

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        # The scale of an exact column is positive, so that its integers are in the order of its numbers.
        low, high = min(values.integers), max(values.integers)
        _need(high > low, "range", name)
        return ExactColumn(tuple(n - low for n in values.integers), Fraction(1, high - low))


@dataclass(frozen=True)
class OverLargest(Mapped):
    """x / max |x|: fl(x / max |x|); scikit-learn's MaxAbsScaler. Raises InputError for a column of zeros."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        largest = np.abs(values).max()
        _need(bool(largest), "largest magnitude", name)
        return format.rounded(values / largest)

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        largest = max(map(abs, values.integers))
        _need(largest > 0, "largest magnitude", name)
        return ExactColumn(values.integers, Fraction(1, largest))


def _need(size: bool, what: str, name: str) -> None:
    if not size:
        raise InputError(f"the {what} of {name} is 0, and nothing can be divided by it: leave that term out")
