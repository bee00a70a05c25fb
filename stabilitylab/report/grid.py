"""Cells from rows: one place of a table or heat map, and the grid of all places.

Each row is counted in the number of its cell, in a mark, or in both; none is left out.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from stabilitylab import solvers
from stabilitylab.core.errors import StabilityLabError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import MAPPINGS, STARTED, UNDETERMINED, Measurement, Status
from stabilitylab.problems.labelling import in_full
from stabilitylab.report.cells import Cell, CountedMark
from stabilitylab.report.marks import (
    ABSENT,
    IN_PART,
    JUDGED,
    NOT_SCORED,
    NOTHING,
    ORDER,
    PREDICTIONS,
    SILENT,
    STATUS_MARKS,
    UNDETERMINED_MARK,
    UNSUPPORTED,
    VERDICT_MARKS,
    Mark,
    NumberFormat,
    is_digits,
    plain,
    printed,
)
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.scoring import accuracy, metrics
from stabilitylab.scoring.reporting import DESERVED, WRONG, Reporting, how_reported

Field: TypeAlias = str | Callable[[Measurement], Any]
"""A score or field of a row, a `problem.NAME`, `conditions.NAME` or `facts.NAME`, or a function of the row."""

Reduce: TypeAlias = Literal["only", "min", "median", "max"]
Sort: TypeAlias = Literal["appearance", "leaderboard"]
Flag: TypeAlias = Literal["none", "verdict"]
"""What is marked beside a row's digits besides what is marked everywhere: nothing, or how the error law compares."""
Value: TypeAlias = float | int | str

_REDUCTIONS: dict[str, Callable[[list[Any]], float]] = {"min": min, "median": statistics.median, "max": max}
_SILENCE = {True: "no error law predicts this route here", False: "no reason was recorded"}
_MAY_WARN = frozenset(status.name for status in Status if status.answered) | {Status.NOT_FINITE.name}
SUPPORTED = "digits.supported"  # the score that says how many digits the data support
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
    elif field == "problem":
        value = in_full(row.problem)
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
    # A prediction, or what the data support, is there whether or not the route answered.
    measured = field == "status" or (score and not _without_answer(field))
    marks = []
    if measured and row.status in STATUS_MARKS:
        marks.append(STATUS_MARKS[row.status])
    # A lower rank, an NA or an infinity may have come with a warning.
    warned = STATUS_MARKS[Status.WARNED.name]
    if measured and row.warnings and warned not in marks and row.status in _MAY_WARN:
        marks.append(warned)
    # A verdict is about the digits of the worst coefficient and of nothing else.
    if field == JUDGED and flag == "verdict" and value is not None and row.verdict in VERDICT_MARKS:
        marks.append(VERDICT_MARKS[row.verdict])
    if field == JUDGED and value is not None:
        marks.extend(_why_wrong(row))
    if value is None and _is_undetermined(row, field):
        marks.append(UNDETERMINED_MARK)
    elif value is None and (row.answered or not measured):
        marks.append(NOT_SCORED if score else NOTHING)
    return marks


def _without_answer(field: Field) -> bool:
    """Whether a score needs no answer: what an error law predicts, and what the data support."""
    return isinstance(field, str) and (field in PREDICTIONS or metrics.of_data(field))


def _is_undetermined(row: Measurement, field: Field) -> bool:
    """Whether an answer has no such score for the reason that the data determine none."""
    return row.answered and isinstance(field, str) and metrics.of_coefficients(field) and UNDETERMINED in row.facts


def _why_wrong(row: Measurement) -> list[Mark]:
    """Of an answer without a correct digit: that nothing was said, or that the data support none; where that is known.

    Nothing is claimed where what the data support was not scored.
    """
    digits, supported = row.scores.get(JUDGED), row.scores.get(SUPPORTED)
    if digits is None or supported is None:
        return []
    if how_reported(row) is Reporting.SILENT:
        return [SILENT]
    return [UNSUPPORTED] if digits < WRONG and supported < DESERVED else []


def _details(row: Measurement, field: Field, marks: Iterable[Mark]) -> list[str]:
    sentences: list[str] = []
    if is_score(field) and not _without_answer(field) and look(row, field) is not None:
        lower = row.status == Status.REPORTS_LOWER_RANK.name and row.rank is not None and row.x is not None
        rank = f"reports rank {row.rank} of {len(row.x or ())}" if lower else ""
        sentences.extend(filter(None, (row.cause, rank, row.facts.get(STARTED, ""))))
    if UNDETERMINED_MARK in marks:
        sentences.append(f"{row.problem}: {row.facts.get(UNDETERMINED, 'a relation holds between its columns')}")
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
    shown = [row if reduce == "only" else replace(row, cause="", rank=None, facts={}) for row in rows]
    if reduce != "only" and isinstance(field, str) and is_digits(field) and value is not None:
        zeros = sum(look(row, field) is not None and _is_zero(look(row, field), format) for row in rows)
        if _is_zero(value, format) and 0 < zeros < len(values):
            counts[IN_PART] = zeros
    details = [detail for row, marks in zip(shown, each, strict=True) for detail in _details(row, field, marks)]
    return Cell(
        "" if value is None else printed(value, number_format(field, format)),
        value,
        tuple(CountedMark(mark, count, len(rows)) for mark, count in counts.items() if count),
        tuple(dict.fromkeys(details)),
    )


def _is_zero(value: Value | None, format: NumberFormat) -> bool:
    """Whether digits are printed as 0.0."""
    return value is not None and printed(value, "digits" if format == "auto" else format) == "0.0"


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
