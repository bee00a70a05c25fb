"""A column of labels: for each row the name of its group."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import EmptyError, InputError


@dataclass(frozen=True)
class Labels:
    """The label of each row, a text. numeric: the labels are numbers, to be sorted by size and not as text.

    Raises EmptyError for no rows, InputError for an entry that is no text, or no number
    where they are numeric.
    """

    values: tuple[str, ...]
    numeric: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if not self.values:
            raise EmptyError("labels must have at least one row; got none: give the data")
        for row, value in enumerate(self.values):
            if not isinstance(value, str):
                raise InputError(f"label {row} is {value!r}, which is no text: give every row a label")
        if self.numeric:
            for value in self.levels:
                try:
                    Fraction(value)
                except ValueError:
                    raise InputError(
                        f"{value!r} is among numeric labels, and is no number: leave out numeric"
                    ) from None

    @classmethod
    def of_numbers(cls, column: ExactColumn | Array) -> "Labels":
        """Numbers as labels, each in its shortest text: "2" for 2.0 and for the decimal 2.00."""
        return cls(tuple(_texts(column)), numeric=True)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """The different labels, in the order in which they first occur."""
        return tuple(dict.fromkeys(self.values))

    @cached_property
    def sorted_levels(self) -> tuple[str, ...]:
        """The different labels, numbers by size and texts by the code points of their characters."""
        return tuple(sorted(self.levels, key=Fraction)) if self.numeric else tuple(sorted(self.levels))


def _texts(column: ExactColumn | Array) -> Iterable[str]:
    if isinstance(column, Decimals):
        # Digits and exponent, not an operation of the decimal module, which would round to its context.
        for n in column.integers:
            digits = tuple(map(int, str(abs(n))))
            text = f"{Decimal((int(n < 0), digits, column.exponent)):f}"
            yield text.rstrip("0").rstrip(".") if "." in text else text
    elif isinstance(column, ExactColumn):
        yield from (str(column[row]) for row in range(len(column)))
    else:
        # Adding 0 makes -0.0 the 0.0 that it equals.
        yield from (str(value).removesuffix(".0") for value in np.asarray(column) + column.dtype.type(0))
