"""Logarithms to other bases than e, and of 1 + x, as terms of a design."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.data.correct_rounding import logarithms, logarithms_to_base
from stabilitylab.data.terms import Mapped, numbers_of, refuse_where


@dataclass(frozen=True)
class Log2(Mapped):
    """The logarithm to base 2, by numpy.log2; exactly: to 256 bits. Raises InputError where a number is 0 or less."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        refuse_where(values <= 0, values, f"log2 needs positive numbers; {name}")
        return format.rounded(np.log2(values))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        return _to_base(2, values, f"log2 needs positive numbers; {name}")


@dataclass(frozen=True)
class Log10(Mapped):
    """The logarithm to base 10, by numpy.log10; exactly: to 256 bits. Raises InputError where a number is 0 or less."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        refuse_where(values <= 0, values, f"log10 needs positive numbers; {name}")
        return format.rounded(np.log10(values))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        return _to_base(10, values, f"log10 needs positive numbers; {name}")


@dataclass(frozen=True)
class Log1p(Mapped):
    """log(1 + x), by numpy.log1p; exactly: to 256 bits. Raises InputError where a number is -1 or less."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        refuse_where(values <= -1, values, f"log1p needs numbers above -1; {name}")
        return format.rounded(np.log1p(values))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        numbers = numbers_of(values)
        refuse_where([v <= -1 for v in numbers], numbers, f"log1p needs numbers above -1; {name}")
        return ExactColumn.of_fractions(logarithms([1 + v for v in numbers]))


def _to_base(base: int, values: ExactColumn, needs: str) -> ExactColumn:
    numbers: list[Fraction] = numbers_of(values)
    refuse_where([v <= 0 for v in numbers], numbers, needs)
    return ExactColumn.of_fractions(logarithms_to_base(numbers, base))
