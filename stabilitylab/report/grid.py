"""Cells from rows: one place of a table or heat map, and the grid of all places.

Each row is counted in the number of its cell, in a mark, or in both; none is left out.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from stabilitylab import solvers
from stabilitylab.core.types import STARTED, Measurement
from stabilitylab.problems.labelling import in_full
from stabilitylab.report.cells import Cell, CountedMark
from stabilitylab.report.fields import Field, SpecError, Value, label, look, number_format
from stabilitylab.report.marks import (
    ABSENT,
    IN_PART,
    JUDGED,
    ORDER,
    Mark,
    NumberFormat,
    is_digits,
    plain,
    printed,
)
from stabilitylab.report.row_marks import Flag, details, is_zero, marks_of
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.scoring import accuracy

Reduce: TypeAlias = Literal["only", "min", "median", "max"]
REDUCED = {"min": "the smallest", "median": "the median", "max": "the largest"}  # of several rows
Sort: TypeAlias = Literal["appearance", "leaderboard"]

_REDUCTIONS: dict[str, Callable[[list[Any]], float]] = {"min": min, "median": statistics.median, "max": max}

STARTED_NOTE = "A cell whose iteration started at the answer neither counts among them nor sets the best of its column."


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
    shown = [row if reduce == "only" else replace(row, solver="", cause="", rank=None, facts={}) for row in rows]
    if reduce != "only" and isinstance(field, str) and is_digits(field) and value is not None:
        zeros = sum(look(row, field) is not None and is_zero(look(row, field), format) for row in rows)
        if is_zero(value, format) and 0 < zeros < len(values):
            counts[IN_PART] = zeros
    said = [sentence for row, marks in zip(shown, each, strict=True) for sentence in details(row, field, marks)]
    return Cell(
        "" if value is None else printed(value, number_format(field, format)),
        value,
        tuple(CountedMark(mark, count, len(rows)) for mark, count in counts.items() if count),
        tuple(dict.fromkeys(said)),
        any(STARTED in row.facts for row in rows),
    )


def _reduced(values: list[Value], reduce: Reduce, field: Field) -> float:
    if any(isinstance(value, str) for value in values):
        raise SpecError(f"{field!r} holds texts, of which there is no {reduce}: use reduce='only'")
    return _REDUCTIONS[reduce](values)


def _named(row: Measurement) -> str:
    return f"{row.solver} on {row.problem} (seed {row.seed}, {row.variant}, {row.truth}, {row.format})"


@dataclass(frozen=True)
class Grid:
    """Cells at the crossings of two fields. within: per row, in how many columns of how many it is near the best.

    below: how many of the last rows are no players: solvers that make the reference, which are not ranked.
    """

    down: tuple[Any, ...]
    across: tuple[Any, ...]
    cells: tuple[tuple[Cell, ...], ...]
    within: tuple[tuple[int, int], ...]
    below: int = 0

    @property
    def places(self) -> tuple[Cell, ...]:
        """What a leaderboard says of each row: k/n, within as many columns of how many; "not ranked" of those below."""
        ranked = [Cell(f"{k}/{n}", k) for k, n in self.within]
        ranked[len(ranked) - self.below :] = [Cell("not ranked", "not ranked")] * self.below
        return tuple(ranked)


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
    A cell whose route started at the answer neither counts nor is a best of its column.
    A solver that makes the reference stands last, and is no best of a column.
    """
    groups: dict[tuple[Any, Any], list[Measurement]] = {}
    for row in rows:
        groups.setdefault((label(row, down), label(row, across)), []).append(row)
    names = list(dict.fromkeys(d for d, _ in groups))
    heads = tuple(sorted(dict.fromkeys(a for _, a in groups), key=lambda a: is_reference(across, a)))
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
    apart = [d for d in names if is_reference(down, d)]
    if len(apart) == len(names):
        apart = []  # nobody to stand apart from
    within = dict.fromkeys(names, (0, 0))
    if sort == "leaderboard":
        within |= _within_a_digit({d: cells for d, cells in made.items() if d not in apart})
    names.sort(key=lambda d: (d in apart, -within[d][0]))
    return Grid(tuple(names), heads, tuple(made[d] for d in names), tuple(within[d] for d in names), len(apart))


def named(field: Field, value: Any) -> str:
    """The text of a name beside or above a table: a problem with every parameter, and who makes the reference."""
    if field == "problem" and isinstance(value, str):
        return plain(in_full(value))
    return f"{plain(value)} (the reference's own solver)" if is_reference(field, value) else plain(value)


def is_reference(field: Field, name: Any) -> bool:
    """Whether a field is the solver, and its value that of one that makes the reference."""
    known = field == "solver" and name in solvers.catalog
    return known and solvers.catalog.entry(name).label.reference_solver


def _within_a_digit(made: dict[Any, tuple[Cell, ...]]) -> dict[Any, tuple[int, int]]:
    def rankable(cell: Cell) -> float | None:
        return None if cell.failed or cell.given or isinstance(cell.value, str) else cell.value

    columns = zip(*made.values(), strict=True)
    best = [max((v for cell in column if (v := rankable(cell)) is not None), default=0.0) for column in columns]
    return {
        d: (
            sum((v := rankable(cell)) is not None and top - v < 1 for cell, top in zip(cells, best, strict=True)),
            sum(not (cell.absent or cell.given) for cell in cells),
        )
        for d, cells in made.items()
    }


def chosen(rows: Rows, where: Mapping[str, Any]) -> Rows:
    """The rows that `where` leaves. Raises NoRowsError for none."""
    if not len(rows):
        raise NoRowsError("there are no rows to show")
    return rows.where(**where)


def scored_against(rows: Rows) -> str:
    """Which truths the rows are scored against and in which formats the data were given, as a sentence.

    "" where none was asked for: what a probe gives to its routes may be of any type.
    """
    truths, formats = [*filter(None, rows.distinct("truth"))], rows.distinct("format")
    return f"Scored against the {' and '.join(truths)} truth; data in {' and '.join(formats)}." if truths else ""


def reference_apart(rows: Rows, value: Field) -> str:
    """Why a solver that makes the reference stands apart, and why it has not every digit there; "" where none does."""
    own = [row for row in rows if is_reference("solver", row.solver)]
    if not own:
        return ""
    apart = f"{own[0].solver} makes the reference, and is not ranked: it solves the matrix as stored exactly."
    others = [row for row in own if row.truth != "matrix" and row.scores.get(JUDGED) is not None]
    worst = min(others if value == JUDGED else [], key=lambda row: row[JUDGED], default=None)
    if worst is None or worst[JUDGED] > accuracy.digits_cap(worst.format) - 1:
        return apart
    return (
        f"{apart} On {worst.problem} that solution agrees with the {worst.truth} answer in "
        f"{printed(worst[JUDGED], 'digits')} digits, for storing the features in {worst.format} has changed the matrix."
    )


def capped_at(rows: Rows) -> str:
    """The cap on correct digits in the formats of these rows, as a sentence."""
    caps = [f"{accuracy.digits_cap(name):.2f} ({name})" for name in rows.distinct("format")]
    return f"Correct digits are floored at 0 and capped at {' or '.join(caps)}."
