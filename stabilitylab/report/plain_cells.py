"""Cells of the tables of a page: texts and digits, and what stands where there is none."""

from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.report.cells import Cell

NONE = "–"


def text_cell(text: str) -> Cell:
    """A text in one line."""
    return Cell(one_line(text) if text.strip() else NONE)


def digits_cell(value: float | None) -> Cell:
    """A number of digits."""
    return Cell(NONE if value is None else one_decimal(value), value)
