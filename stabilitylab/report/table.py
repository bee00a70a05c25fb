"""What to tabulate: `Pivot` and `Listing` are declarations, and `.table(rows)` is the Table that writers print."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.fields import Field, SpecError, check_fields, is_score, number_format
from stabilitylab.report.grid import (
    REDUCED,
    STARTED_NOTE,
    Reduce,
    Sort,
    capped_at,
    cell,
    chosen,
    grid,
    named,
    reference_apart,
    scored_against,
)
from stabilitylab.report.marks import ABSENT, NumberFormat, is_digits, plain, words
from stabilitylab.report.row_marks import Flag
from stabilitylab.report.rows import Rows


@dataclass(frozen=True)
class Pivot:
    """One score at the crossings of two fields.

    rows, columns, value: fields of a row, or functions of it. where: what `Rows.where` takes.
    reduce: what several rows in a cell become; "only" refuses them.
    sort: "appearance", or "leaderboard" by the number of columns within one digit of the best.
    flag: what else is marked beside the digits; see `grid.Flag`. absent: what a cell without a row means.
    """

    title: str
    rows: Field = "solver"
    columns: Field = "problem"
    value: Field = "digits.min"
    where: Mapping[str, Any] = field(default_factory=dict)
    reduce: Reduce = "only"
    sort: Sort = "appearance"
    format: NumberFormat = "auto"
    flag: Flag = "none"
    note: str = ""
    absent: str = ABSENT.sentence

    def __post_init__(self) -> None:
        if self.sort == "leaderboard" and number_format(self.value, self.format) != "digits":
            raise SpecError(f"a leaderboard compares digits, and {self.value!r} is none: choose a digits score")

    def table(self, rows: Rows) -> Table:
        """The table of these rows. Raises NoRowsError, UnknownNameError, and SpecError when "only" meets several."""
        rows = chosen(rows, self.where)
        check_fields(rows, self.rows, self.columns, self.value)
        made = grid(
            rows,
            self.rows,
            self.columns,
            self.value,
            reduce=self.reduce,
            format=self.format,
            sort=self.sort,
            flag=self.flag,
            absent=self.absent,
        )
        body = [(_name(self.rows, name), *cells) for name, cells in zip(made.down, made.cells, strict=True)]
        header = [_header(self.rows), *(named(self.columns, head) for head in made.across)]
        scored = [False, *(True for _ in made.across)]
        notes = _notes(rows, [(self.value, self.format)])
        if self.reduce != "only":
            counted = any(mark.count != mark.of for cells in made.cells for one in cells for mark in one.marks)
            behind = "; k/n behind a mark: it holds for k of n of them" if counted else ""
            notes.append(f"A cell is {REDUCED[self.reduce]} of its rows{behind}.")
        if self.sort == "leaderboard":
            header.append("within a digit of the best")
            scored.append(True)
            body = [(*cells, place) for cells, place in zip(body, made.places, strict=True)]
            notes.append("A difference under one digit is no rank; a cell with a failure is not within a digit.")
            if any(one.given for cells in made.cells for one in cells):
                notes.append(STARTED_NOTE)
        if "solver" in (self.rows, self.columns):
            notes.append(reference_apart(rows, self.value))
        notes = [*filter(None, (*notes, self.note))]
        return Table(self.title, tuple(header), tuple(scored), tuple(body), tuple(notes), made.below)


@dataclass(frozen=True)
class Column:
    """A column of a Listing: a field or a function of the row, its header and its format."""

    value: Field
    header: str = ""
    format: NumberFormat = "auto"


@dataclass(frozen=True)
class Listing:
    """One line for each row, in their order. columns: fields, or Columns where a header or format is to be chosen."""

    title: str
    columns: tuple[str | Column, ...]
    where: Mapping[str, Any] = field(default_factory=dict)
    flag: Flag = "none"
    note: str = ""

    def table(self, rows: Rows) -> Table:
        """The table of these rows. Raises NoRowsError and UnknownNameError."""
        rows = chosen(rows, self.where)
        columns = [Column(column) if isinstance(column, str) else column for column in self.columns]
        check_fields(rows, *(column.value for column in columns))
        body = tuple(tuple(cell([row], c.value, format=c.format, flag=self.flag) for c in columns) for row in rows)
        notes = _notes(rows, [(column.value, column.format) for column in columns])
        return Table(
            self.title,
            tuple(column.header or _header(column.value) for column in columns),
            tuple(is_score(column.value) for column in columns),
            body,
            (*notes, *filter(None, [self.note])),
        )


def _header(field: Field) -> str:
    if callable(field):
        return "value" if field.__name__ == "<lambda>" else field.__name__.replace("_", " ")
    return words(field)


def _name(field: Field, value: Any) -> Cell:
    text = named(field, value)
    whole = text if field == "problem" else value
    return Cell(text, whole if isinstance(whole, (str, int, float)) and whole != "" else plain(value))


def _notes(rows: Rows, values: list[tuple[Field, NumberFormat]]) -> list[str]:
    digits = any(is_digits(v) if isinstance(v, str) else f == "digits" for v, f in values)
    truth = scored_against(rows) if any(is_score(v) for v, _ in values) else ""
    return [note for note in (truth, capped_at(rows) if digits else "") if note]
