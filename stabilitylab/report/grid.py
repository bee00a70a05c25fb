"""Cells from rows: one place of a table or heat map, and the grid of all places.

Each row is counted in the number of its cell, in a mark, or in both; none is left out.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from stabilitylab.core.errors import StabilityLabError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import MAPPINGS, Measurement, Status
from stabilitylab.report.cells import Cell, CountedMark
from stabilitylab.report.marks import (
    ABSENT,
    JUDGED,
    NOT_SCORED,
    NOTHING,
    ORDER,
    PREDICTIONS,
    SILENT,
    STATUS_MARKS,
    VERDICT_MARKS,
    Mark,
    NumberFormat,
    is_digits,
    plain,
    printed,
)
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.scoring import accuracy, metrics
from stabilitylab.scoring.reporting import Reporting, how_reported

Field: TypeAlias = str | Callable[[Measurement], Any]
"""A score or field of a row, a `problem.NAME`, `conditions.NAME` or `facts.NAME`, or a function of the row."""

Reduce: TypeAlias = Literal["only", "min", "median", "max"]
Sort: TypeAlias = Literal["appearance", "leaderboard"]
Flag: TypeAlias = Literal["none", "verdict", "silence"]
"""What is marked beside a row's digits: nothing, how they compare with the error law, or that they went in silence."""
Value: TypeAlias = float | int | str

_REDUCTIONS: dict[str, Callable[[list[Any]], float]] = {"min": min, "median": statistics.median, "max": max}
_SILENCE = {True: "no error law predicts this route here", False: "no reason was recorded"}
_FIELDS = frozenset(f.name for f in fields(Measurement))


class SpecError(StabilityLabError, ValueError):
    """A table or figure asks for what cannot be drawn; the message says which field to change."""


def is_score(field: Field) -> bool:
    """Whether a field is a result, and not a name, a setting or a text of the row."""
    return callable(field) or not (field in _FIELDS or field.partition(".")[0] in MAPPINGS)


def number_format(field: Field, format: NumberFormat = "auto") -> NumberFormat:
    """The format asked for, else one decimal for digits, scientific for other scores and plain for the rest."""
    if format != "auto" or callable(field):
        return "plain" if format == "auto" else format
    return "digits" if is_digits(field) else "scientific" if is_score(field) else "plain"


def look(row: Measurement, field: Field) -> Value | None:
    """The value of a field in a row, None where there is none or it is not finite.

    A function of the row is asked only of rows that answered, so that `lambda row: row.x[0]` needs no guard.
    """
    if callable(field):
        value = field(row) if row.answered else None
    elif field == "status":
        value = Status[row.status].name.lower().replace("_", " ")
    else:
        value = row.get(field)
    if value is None or value == "" or isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, Real):
        return ", ".join(map(plain, value)) or None if isinstance(value, tuple) else str(value)
    if isinstance(value, Integral):
        return int(value)
    return float(value) if math.isfinite(value) else None


def look_number(row: Measurement, field: Field) -> float | None:
    """The value of a field as a finite number, None where there is none. Raises SpecError for a text."""
    value = look(row, field)
    if isinstance(value, str):
        raise SpecError(f"{field!r} of {row.solver} on {row.problem} is {value!r}, and an axis needs a number")
    return None if value is None else float(value)


def check_fields(rows: Rows, *wanted: Field) -> None:
    """Raise UnknownNameError for a field that no row has: a misspelt score would be a table full of n/a."""
    scores = {name for row in rows for name in (*row.scores, *row.reasons)} | {*metrics.names(), *PREDICTIONS}
    held = {f"{before}.{key}" for row in rows for before, name in MAPPINGS.items() for key in getattr(row, name)}
    known = scores | held | _FIELDS
    for field in wanted:
        if not callable(field) and field not in known:
            raise UnknownNameError(f"no row has {field!r}: {did_you_mean(field, sorted(known), plural='fields')}")


def marks_of(row: Measurement, field: Field, *, flag: Flag = "none") -> list[Mark]:
    """The marks of a field in one row: how the row ended, what is flagged, and why a value is missing."""
    score, value = is_score(field), look(row, field)
    # A prediction is there whether or not the route answered; the row's ending says nothing about it.
    measured = field == "status" or (score and field not in PREDICTIONS)
    marks = []
    if measured and row.status in STATUS_MARKS:
        marks.append(STATUS_MARKS[row.status])
    # A verdict is about the digits of the worst coefficient and of nothing else.
    if field == JUDGED and flag == "verdict" and value is not None and row.verdict in VERDICT_MARKS:
        marks.append(VERDICT_MARKS[row.verdict])
    if field == JUDGED and flag == "silence" and how_reported(row) is Reporting.SILENT:
        marks.append(SILENT)
    if value is None and (row.answered or not measured):
        marks.append(NOT_SCORED if score else NOTHING)
    return marks


def _details(row: Measurement, field: Field, marks: Iterable[Mark]) -> list[str]:
    sentences = []
    if row.cause and is_score(field) and field not in PREDICTIONS and look(row, field) is not None:
        sentences.append(row.cause)
    if NOT_SCORED in marks:
        name = field if isinstance(field, str) else ""
        missing = row.get(name) if name else None
        if missing is not None:
            sentences.append(f"the score came out as {missing}")
        else:
            sentences.append(row.reasons.get(name) or _SILENCE[name in PREDICTIONS])
    return sentences


def cell(
    rows: Sequence[Measurement],
    field: Field,
    *,
    reduce: Reduce = "only",
    format: NumberFormat = "auto",
    flag: Flag = "none",
    absent: str = ABSENT.sentence,
) -> Cell:
    """The cell of some rows: the reduced value of those that have one, and the marks of all of them.

    No rows give the mark ABSENT with that sentence. Raises SpecError when "only" meets several rows.
    """
    if not rows:
        return Cell("", None, (CountedMark(Mark(ABSENT.symbol, ABSENT.name, absent)),))
    if reduce == "only" and len(rows) > 1:
        raise SpecError(
            f"{len(rows)} rows fall into one cell, the first two being {_named(rows[0])} and {_named(rows[1])}: "
            f"narrow `where`, or choose reduce='min', 'median' or 'max'"
        )
    values = [value for row in rows if (value := look(row, field)) is not None]
    value = None if not values else values[0] if reduce == "only" else _reduced(values, reduce, field)
    each = [marks_of(row, field, flag=flag) for row in rows]
    counts = {mark: sum(mark in marks for marks in each) for mark in ORDER}
    # Of several rows the count behind a mark says enough; their causes, one by one, would be a page of footnotes.
    shown = [row if reduce == "only" else replace(row, cause="") for row in rows]
    details = [detail for row, marks in zip(shown, each, strict=True) for detail in _details(row, field, marks)]
    return Cell(
        "" if value is None else printed(value, number_format(field, format)),
        value,
        tuple(CountedMark(mark, count, len(rows)) for mark, count in counts.items() if count),
        tuple(dict.fromkeys(details)),
    )


def _reduced(values: list[Value], reduce: Reduce, field: Field) -> float:
    if any(isinstance(value, str) for value in values):
        raise SpecError(f"{field!r} holds texts, of which there is no {reduce}: use reduce='only'")
    return _REDUCTIONS[reduce](values)


def _named(row: Measurement) -> str:
    return f"{row.solver} on {row.problem} (seed {row.seed}, {row.variant}, {row.truth}, {row.format})"


@dataclass(frozen=True)
class Grid:
    """Cells at the crossings of two fields. within: per row, in how many columns of how many it is near the best."""

    down: tuple[Any, ...]
    across: tuple[Any, ...]
    cells: tuple[tuple[Cell, ...], ...]
    within: tuple[tuple[int, int], ...]


def grid(
    rows: Rows,
    down: Field,
    across: Field,
    value: Field,
    *,
    reduce: Reduce,
    format: NumberFormat = "auto",
    sort: Sort = "appearance",
    flag: Flag = "none",
    absent: str = ABSENT.sentence,
) -> Grid:
    """Every row in the cell of its two labels, in order of appearance or as a leaderboard.

    A leaderboard sorts by the number of columns in which the cell is within one digit of the best of its column, since
    a difference under one digit is no rank; ties stay in order of appearance; a cell with a failure is never within.
    """
    groups: dict[tuple[Any, Any], list[Measurement]] = {}
    for row in rows:
        groups.setdefault((label(row, down), label(row, across)), []).append(row)
    names = list(dict.fromkeys(d for d, _ in groups))
    heads = tuple(dict.fromkeys(a for _, a in groups))
    made = {
        d: tuple(
            cell(
                groups.get((d, a), []),
                value,
                reduce=reduce,
                format=format,
                flag=flag,
                absent=absent,
            )
            for a in heads
        )
        for d in names
    }
    within = _within_a_digit(made) if sort == "leaderboard" else dict.fromkeys(names, (0, 0))
    names.sort(key=lambda d: -within[d][0])
    return Grid(tuple(names), heads, tuple(made[d] for d in names), tuple(within[d] for d in names))


def _within_a_digit(made: dict[Any, tuple[Cell, ...]]) -> dict[Any, tuple[int, int]]:
    def rankable(cell: Cell) -> float | None:
        return None if cell.failed or isinstance(cell.value, str) else cell.value

    columns = zip(*made.values(), strict=True)
    best = [max((v for cell in column if (v := rankable(cell)) is not None), default=0.0) for column in columns]
    return {
        d: (
            sum((v := rankable(cell)) is not None and top - v < 1 for cell, top in zip(cells, best, strict=True)),
            sum(not cell.absent for cell in cells),
        )
        for d, cells in made.items()
    }


def chosen(rows: Rows, where: Mapping[str, Any]) -> Rows:
    """The rows that `where` leaves. Raises NoRowsError for none."""
    if not len(rows):
        raise NoRowsError("there are no rows to show")
    return rows.where(**where)


def label(row: Measurement, field: Field) -> Any:
    """What a row is called along a side of a table: the field itself, asked of every row."""
    return field(row) if callable(field) else row.get(field)


def scored_against(rows: Rows) -> str:
    """Which truths the rows are scored against and in which formats the data were given, as a sentence."""
    truths, formats = [*filter(None, rows.distinct("truth"))], rows.distinct("format")
    data = f"data in {' and '.join(formats)}."
    return f"Scored against the {' and '.join(truths)} truth; {data}" if truths else data.capitalize()


def capped_at(rows: Rows) -> str:
    """The cap on correct digits in the formats of these rows, as a sentence."""
    caps = [f"{accuracy.digits_cap(name):.2f} ({name})" for name in rows.distinct("format")]
    return f"Correct digits are floored at 0 and capped at {' or '.join(caps)}."
