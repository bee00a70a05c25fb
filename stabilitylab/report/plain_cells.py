"""Cells of the tables of a page: texts and digits, and what stands where there is none."""

from collections.abc import Iterable, Sequence
from math import isfinite

from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.report.cells import Cell, Table

NONE = "–"
ALL_RIGHT = "15.95 digits: all that float64 holds are right"


def text_cell(text: str) -> Cell:
    """A text in one line."""
    return Cell(one_line(text) if text.strip() else NONE)


def digits_cell(value: float | None) -> Cell:
    """A number of digits."""
    return Cell(NONE if value is None else one_decimal(value), value)


def number_cell(value: float | None, digits: int) -> Cell:
    """So many significant digits of a number; what is not finite as a word."""
    if value is None or not isfinite(value):
        return Cell(NONE if value is None else str(value))
    return Cell(f"{value:.{digits}g}", float(value))


def exact_cell(value: float | None) -> Cell:
    """All digits of a float64."""
    return Cell(NONE if value is None else repr(float(value)))


def cap_note(digits: Iterable[float | None]) -> tuple[str, ...]:
    """The note that explains 15.95, where it stands in a table."""
    return (ALL_RIGHT,) if any(value is not None and one_decimal(value) == "15.95" for value in digits) else ()


def table_of_cells(
    title: str,
    header: Sequence[str],
    body: Sequence[tuple[Cell, ...]],
    scored: Sequence[bool],
    notes: tuple[str, ...] = (),
) -> Table:
    """A table of these cells. scored: of each column, whether numbers stand in it."""
    return Table(title, tuple(header), tuple(scored), tuple(body), notes)
