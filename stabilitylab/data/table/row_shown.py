"""A row of a person's table as text, for a report that is asked to show cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn


@dataclass(frozen=True)
class RowShown:
    """place: where the row stands, as messages count. cells: by column, each as it is written; "" for a missing one."""

    place: int
    cells: Mapping[str, str]


def cell_of(column: DataColumn, row: int) -> str:
    """A cell in few characters that say it exactly; dates are the units that have elapsed."""
    if isinstance(column, Labels):
        return column.values[row]
    if isinstance(column, Decimals):
        return Labels.of_numbers(Decimals((column.integers[row],), column.exponent)).values[0]
    if isinstance(column, ExactColumn):
        return _short(column[row])
    return str(column[row].item())


def _short(value: Fraction) -> str:
    return str(float(value)) if Fraction(float(value)) == value else str(value)
