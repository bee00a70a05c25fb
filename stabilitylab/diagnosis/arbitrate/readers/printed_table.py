"""The rows of a table as programs print it: a name, and as many cells as its heading has."""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.printable import one_line
from stabilitylab.diagnosis.arbitrate.readers.reader import Row
from stabilitylab.diagnosis.arbitrate.readers.text import Text

STARS = frozenset({"***", "**", "*", "."})  # of significance, behind the last cell
_CELL = re.compile(r"<?[-+]?(\d+\.?\d*|\.\d+)([eEdD][-+]?\d+)?|<?[-+]?(NA|NaN|nan|Inf|inf|\.)")
_BELOW = re.compile(r"<\s+")


class Printed(NamedTuple):
    """A row of a printed table."""

    name: str
    cells: tuple[str, ...]


def row_of(line: str, cells: int, drop: Collection[str] = ()) -> Printed | None:
    """A name, which may hold blanks, and so many cells behind it; None where a line is no such row.

    drop: words that are left out where they are the last.
    """
    parts = _BELOW.sub("<", line.replace("\N{MINUS SIGN}", "-").rstrip()).rsplit(None, cells + 1)
    if parts and parts[-1] in drop and len(parts) == cells + 2:
        parts = parts[:-1]
    else:
        parts = _BELOW.sub("<", line.replace("\N{MINUS SIGN}", "-").rstrip()).rsplit(None, cells)
    if len(parts) != cells + 1 or not all(map(_CELL.fullmatch, parts[1:])):
        return None
    return Printed(" ".join(parts[0].split()), tuple(parts[1:]))


def rows_below(
    text: Text, heading: int, read: Callable[[str], Row | None], ends: Callable[[str], bool], what: str
) -> tuple[Row, ...]:
    """The rows below a heading, up to a line at which the table ends. heading: its place among the lines.

    read: the row that is written in a line, its number left 0; None where there is none. Raises InputError for a line
    that is neither a row nor an end.
    """
    found: list[Row] = []
    for place in range(heading + 1, len(text.lines)):
        line = text.lines[place]
        if ends(line) and (found or line.strip()):
            break
        if not line.strip():
            continue
        row = read(line)
        if row is None:
            raise unreadable(text, place, line, what)
        found.append(row._replace(line=place + 1))
    return tuple(found)


def unreadable(text: Text, place: int, line: str, what: str) -> StabilityLabError:
    """The error for a line of a printed table that is no row of it."""
    shown = one_line(line.strip())
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return text.refused(
        f"line {place + 1} of {text.file} is no row of {what}: {shown!r}: paste the table as it was printed, in full "
        "width, or write lines such as"
    )
