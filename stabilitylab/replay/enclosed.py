"""Vectors of numbers that are known to a proven radius, and their differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, TypeAlias

import numpy as np

from stabilitylab.core.errors import InputError, NotFiniteError


@dataclass(frozen=True)
class Enclosed:
    """A number proven to lie within `radius` of `middle`; it is `middle` where the radius is 0.

    Raises InputError for a radius below 0.
    """

    middle: Fraction
    radius: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if self.radius < 0:
            raise InputError(f"a radius must be 0 or more; got {self.radius}")

    def meets(self, other: "Enclosed") -> bool:
        """Whether one number can be both: |middle - middle'| <= radius + radius'."""
        return abs(self.middle - other.middle) <= self.radius + other.radius

    def minus(self, other: "Enclosed") -> "Enclosed":
        """The difference; the radii add up."""
        return Enclosed(self.middle - other.middle, self.radius + other.radius)

    @property
    def least(self) -> Fraction:
        """What the number is at least in magnitude: max(|middle| - radius, 0)."""
        return max(abs(self.middle) - self.radius, Fraction(0))

    @property
    def most(self) -> Fraction:
        """What the number is at most in magnitude: |middle| + radius."""
        return abs(self.middle) + self.radius


Vector: TypeAlias = tuple[Enclosed, ...]


def vector_of(state: Sequence[Any] | np.ndarray[Any, Any]) -> Vector:
    """The state behind a last stage as a vector: Enclosed as they are, floats and rationals with radius 0.

    An array is read in the order of its entries, whatever its shape; floats of any format of NumPy, exactly.
    Raises NotFiniteError for a NaN or an infinity, InputError for an entry that is no number.
    """
    entries = list(state.ravel()) if isinstance(state, np.ndarray) else list(state)
    return tuple(_enclosed(entry, position) for position, entry in enumerate(entries))


def _enclosed(entry: Any, position: int) -> Enclosed:
    if isinstance(entry, Enclosed):
        return entry
    if isinstance(entry, bool) or not hasattr(entry, "as_integer_ratio"):
        raise InputError(f"the last stage must give numbers; entry {position} is {entry!r}")
    if isinstance(entry, int | Fraction):
        return Enclosed(Fraction(entry))
    if not isfinite(entry):
        raise NotFiniteError(f"the last stage gave {entry} for entry {position}: only finite vectors have differences")
    return Enclosed(Fraction(*entry.as_integer_ratio()))
