"""Constants and the four operations on them and on columns, as terms of a design: (x - 1970)/10, for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Columns, Term, TermLike, as_term

Operator: TypeAlias = Literal["+", "-", "*", "/"]
OPERATORS: tuple[Operator, ...] = ("+", "-", "*", "/")


@dataclass(frozen=True)
class Constant(Term):
    """One decimal number in every row, such as "0.1", which the format may have to round.

    Raises NotNumericError for a text that is no decimal number, OutOfRangeError for one far outside every format.
    """

    text: str

    def __post_init__(self) -> None:
        Decimals.parse([self.text])

    def __str__(self) -> str:
        return self.text

    @property
    def value(self) -> Fraction:
        """The number without rounding."""
        return Decimals.parse([self.text])[0]

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """Its text."""
        return (self.text,)

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """The number rounded to the format, (m, 1)."""
        return format.rounded(np.full((columns.rows, 1), format.nearest(self.value), dtype=format.dtype))

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """The number."""
        value = self.value
        return (ExactColumn((value.numerator,) * columns.rows, Fraction(1, value.denominator)),)


@dataclass(frozen=True)
class Calculated(Term):
    """a + b, a - b, a * b or a / b row by row, each term of one feature: fl(a op b).

    Raises InputError for an operator that is none of these, for a term of several features, and where b is 0 in a
    division.
    """

    first: TermLike
    operator: Operator
    second: TermLike

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", as_term(self.first))
        object.__setattr__(self, "second", as_term(self.second))
        if self.operator not in OPERATORS:
            raise InputError(f"operator must be one of {', '.join(OPERATORS)}; got {self.operator!r}")

    def __str__(self) -> str:
        return f"({self.first} {self.operator} {self.second})"

    @property
    def operands(self) -> tuple[Term, Term]:
        """The two terms."""
        return as_term(self.first), as_term(self.second)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that either reads as numbers."""
        return tuple(name for operand in self.operands for name in operand.numbers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that either reads as labels."""
        return tuple(name for operand in self.operands for name in operand.labels)

    @property
    def unbound(self) -> bool:
        """Whether either is."""
        return any(operand.unbound for operand in self.operands)

    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """The same operation on each pair of the terms that the two stand for."""
        first, second = (operand.bound(regressors) for operand in self.operands)
        return tuple(Calculated(a, self.operator, b) for a in first for b in second)

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The operation as it is written."""
        for operand in self.operands:
            if (several := len(operand.names(labels))) > 1:
                raise InputError(f"{self} calculates with {operand}, which is {several} features: take one column")
        return (str(self),)

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """fl(a op b), (m, 1)."""
        a, b = (operand.rounded(columns, format) for operand in self.operands)
        if self.operator == "/":
            self._refuse_zeros(b[:, 0].tolist())
            return format.rounded(a / b)
        return format.rounded(a + b if self.operator == "+" else a - b if self.operator == "-" else a * b)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """a op b."""
        ((a,), (b,)) = (operand.exact(columns) for operand in self.operands)
        if self.operator == "*":
            return (a.times(b),)
        rows = range(columns.rows)
        if self.operator == "/":
            self._refuse_zeros(b.integers)
            return (
                ExactColumn.of_fractions(Fraction(a.integers[i], b.integers[i]) for i in rows).over(b.scale / a.scale),
            )
        sign = 1 if self.operator == "+" else -1
        unit = Fraction(1, a.scale.denominator * b.scale.denominator)
        p, q = int(a.scale / unit), sign * int(b.scale / unit)
        return (ExactColumn(tuple(p * a.integers[i] + q * b.integers[i] for i in rows), unit),)

    def _refuse_zeros(self, divisors: Sequence[float]) -> None:
        row = next((row for row, value in enumerate(divisors) if value == 0), None)
        if row is not None:
            raise InputError(f"{self} divides by 0 in row {row}: drop that row, or divide by something else")
