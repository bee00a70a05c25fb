"""The mark between the fields of a text, found out: that by which every row has as many fields as the names."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from stabilitylab.core.errors import Argument, InputError
from stabilitylab.data.table.notation import KNOWN

MARKS = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'", " ": "blanks"}
LINES = 200  # that are looked at
DELIMITED = (",", ";", "\t", "|")


@dataclass(frozen=True)
class _Split:
    """A text split at a mark: how many of the rows fit the names, and how many columns hold numbers alone."""

    mark: str
    fit: float
    numbers: int
    width: int


def found_separator(name: str, lines: Sequence[str]) -> str:
    """The mark between the fields of the first lines of a text; a comma where none splits it.

    Raises InputError, naming the argument, where two marks fit equally.
    """
    splits = [split for mark in DELIMITED if (split := _split(lines, mark)) is not None]
    whole = [split for split in splits if split.fit == 1]
    if not whole:
        blanks = _split([line.strip() for line in lines], " ")
        if blanks is not None and blanks.fit == 1:
            return " "
        near = max(splits, key=lambda split: (split.fit, split.numbers), default=None)
        return "," if near is None or near.fit < 0.5 else near.mark
    best = max(whole, key=lambda split: split.numbers)
    equal = [split for split in whole if split.numbers == best.numbers]
    if len(equal) > 1:
        one, other = (Argument("separator", {"\t": "tab"}.get(split.mark, split.mark)) for split in equal[:2])
        raise InputError(
            f"{name}: every row has as many fields as the first line, whether split at {MARKS[equal[0].mark]} or at "
            f"{MARKS[equal[1].mark]}: say which, ",
            one,
            " or ",
            other,
        )
    return best.mark


def _split(lines: Sequence[str], mark: str) -> _Split | None:
    """The first rows split at a mark; None where the names are not, or where there are no rows."""
    rows = first_rows(lines, mark)
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    names, body = rows[0], rows[1:]
    width = max((len(names), len(names) + 1), key=lambda w: sum(len(row) == w for row in body))
    fitting = [row for row in body if len(row) == width]
    numbers = sum(all(_is_number(row[j]) for row in fitting) for j in range(width)) if fitting else 0
    return _Split(mark, len(fitting) / len(body), numbers, width)


def first_rows(lines: Sequence[str], mark: str) -> list[list[str]]:
    """The first rows of a text split at a mark, without empty ones; none where its quotes do not pair.

    The last row is left out where there may be more lines, for a quoted field may go on in these.
    """
    reader = csv.reader(lines, delimiter=mark, skipinitialspace=True)
    try:
        rows = [row for row in reader if any(field.strip() for field in row)]
    except csv.Error:
        return []
    return rows[:-1] if len(lines) >= LINES else rows


def _is_number(field: str) -> bool:
    return any(notation.holds(field) for notation in KNOWN) if field.strip() else True


def names_are_numbers(names: Sequence[str]) -> bool:
    """Whether what should be names are numbers."""
    return all(any(notation.holds(name) for notation in KNOWN) for name in names)
