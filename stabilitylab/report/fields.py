"""Fields of rows: what a table or figure asks of each row, and in which format the answer is printed."""

import math
from collections.abc import Callable
from dataclasses import fields
from numbers import Integral, Real
from typing import Any, TypeAlias

from stabilitylab.core.errors import StabilityLabError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import MAPPINGS, Measurement, Status
from stabilitylab.problems.labelling import in_full
from stabilitylab.report.marks import PREDICTIONS, NumberFormat, is_digits, plain
from stabilitylab.report.rows import Rows
from stabilitylab.scoring import metrics

Field: TypeAlias = str | Callable[[Measurement], Any]
"""A score or field of a row, a `problem.NAME`, `conditions.NAME` or `facts.NAME`, or a function of the row."""

Value: TypeAlias = float | int | str

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


def label(row: Measurement, field: Field) -> Any:
    """What a row is called along a side of a table: the field itself, asked of every row."""
    return field(row) if callable(field) else row.get(field)
