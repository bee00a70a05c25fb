"""Columns of decimals as published, read without any rounding."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.errors import NotFiniteError, NotNumericError, OutOfRangeError


@dataclass(frozen=True)
class Decimals(ExactColumn):
    """A column of exact decimals: integers times 10**exponent."""

    scale: Fraction = field(init=False, repr=False, compare=False)
    exponent: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", Fraction(10) ** self.exponent)

    @classmethod
    def parse(cls, numbers: Iterable[str | int | Decimal]) -> "Decimals":
        """Exact decimals from their digits as published. Raises NotNumericError, NotFiniteError, OutOfRangeError."""
        parsed = []
        for row, number in enumerate(numbers):
            try:
                value = Decimal(int(number) if isinstance(number, np.integer) else number)
            except (InvalidOperation, TypeError, ValueError):
                raise NotNumericError(
                    f"entry {row} is {number!r}, which is no decimal number: write it as -1.5 or 2e-3"
                ) from None
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
