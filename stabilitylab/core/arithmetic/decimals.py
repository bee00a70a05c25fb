"""Columns of exact decimals, as published: integers times a power of ten."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array, nearest
from stabilitylab.core.errors import NotFiniteError, NotNumericError, OutOfRangeError


@dataclass(frozen=True)
class Decimals:
    """A column of exact decimals: integers times 10**exponent."""

    integers: tuple[int, ...]
    exponent: int = 0

    @classmethod
    def parse(cls, numbers: Iterable[str | int | Decimal]) -> "Decimals":
        """Exact decimals from their digits as published. Raises NotNumericError, NotFiniteError, OutOfRangeError."""
        parsed = []
        for row, number in enumerate(numbers):
            try:
                value = Decimal(int(number) if isinstance(number, np.integer) else number)
            except (InvalidOperation, TypeError, ValueError):
                raise NotNumericError(f"entry {row} is {number!r}, which is no decimal number") from None
            if not value.is_finite():
                raise NotFiniteError(f"entry {row} is {number!r}: remove the row or give the number")
            parts = value.as_tuple()
            # Longdouble ends at 1e4932; the integers of 1e999999999 would not fit the memory.
            if max(abs(int(parts.exponent)), abs(value.adjusted())) > 20_000:
                raise OutOfRangeError(f"entry {row} is {number!r}, far outside every format: rescale the column")
            parsed.append(parts)
        exponent = min((int(t.exponent) for t in parsed), default=0)
        integers = []
        for t in parsed:
            # int of a Decimal has no limit on its digits, which int of a text has.
            integers.append(int(Decimal((t.sign, t.digits, 0))) * 10 ** (int(t.exponent) - exponent))
        return cls(tuple(integers), exponent)

    @property
    def scale(self) -> Fraction:
        """10**exponent, exactly."""
        return Fraction(10) ** self.exponent

    def rounded(self, dtype: npt.DTypeLike) -> Array:
        """Each decimal rounded once to the format. Raises OutOfRangeError on overflow or a non-zero that becomes 0."""
        kind = np.dtype(dtype).type
        values = np.array([nearest(n * self.scale, kind) for n in self.integers], dtype=kind)
        lost = np.flatnonzero((values == 0) & np.array([n != 0 for n in self.integers], dtype=bool))
        if lost.size:
            raise OutOfRangeError(
                f"entry {lost[0]}, {self.integers[lost[0]]}e{self.exponent}, underflows to 0 in {np.dtype(kind).name}"
            )
        return values
