"""The decimal mark and the mark between thousands of a file: found out, or refused where two readings fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from stabilitylab.core.errors import Argument, NotNumericError
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.texts import PLAIN, TextColumn
from stabilitylab.data.tabular.numerals import Notation

COMMA = Notation(",")
BOTH = Notation(".", ","), Notation(",", ".")
OTHERS = tuple(Notation(decimal, mark) for mark in " '_" for decimal in ".,")
KNOWN = (PLAIN, COMMA, *BOTH, *OTHERS)  # the more usual first
MARKS = frozenset(",.'_ ")


@dataclass(frozen=True)
class _Votes:
    """The notations in which the most cells of a column are numbers, and a cell with marks that decides, by its row."""

    column: TextColumn
    readings: frozenset[Notation]
    row: int

    @property
    def cell(self) -> str:
        return self.column.cells[self.row].strip()


def found_notation(columns: Sequence[TextColumn], rows: Rows, decimal: str | None = None) -> Notation:
    """The notation of a file: plain where that reads every column that any notation reads. decimal: the mark, if given.

    Raises NotNumericError, naming cells and the arguments that decide, where numbers can be read in two ways, and where
    no notation reads the numbers of all columns.
    """
    known = [notation for notation in KNOWN if decimal in (None, notation.decimal)]
    if known[0] == PLAIN:
        odd = [found for column in columns if column.plain is None and (found := _votes(column, known)) is not None]
        if all(PLAIN in one.readings for one in odd):
            return PLAIN
    votes = [found for column in columns if (found := _votes(column, known)) is not None]
    if all(known[0] in one.readings for one in votes):
        return known[0]
    common = frozenset.intersection(*(one.readings for one in votes))
    if not common:
        raise _conflict(votes, rows)
    fitting = [notation for notation in known if notation in common]
    # A mark between thousands that no number has is no other reading.
    readings: dict[tuple[str, ...], Notation] = {}
    for notation in fitting:
        readings.setdefault(tuple(_read(one, notation) for one in votes), notation)
    if len(readings) == 1:
        return fitting[0]
    one = next(one for one in votes if known[0] not in one.readings)
    ways: list[str | Argument] = []
    for notation in readings.values():
        read = notation.plain(0, one.cell)
        ways += [", or " if ways else "", *_arguments(notation), f" (as {read})"]
    where = rows.entry(one.row, one.column.name)
    raise NotNumericError(f"{where}: {one.cell!r} can be read in two ways, as can all numbers here: say which, ", *ways)


def _arguments(notation: Notation) -> list[str | Argument]:
    decimal = [Argument("decimal", notation.decimal)] if notation.decimal != "." else []
    thousands = [Argument("thousands", notation.thousands)] if notation.thousands else []
    return [*decimal, *([" and "] if decimal and thousands else []), *thousands]


def _read(votes: _Votes, notation: Notation) -> str:
    """How a notation reads the cells of a column that have marks, as one text."""
    cells = {cell for cell in votes.column.present if not MARKS.isdisjoint(cell)}
    return "\n".join(notation.plain(0, cell) for cell in sorted(cells) if notation.holds(cell))


def _votes(column: TextColumn, known: Sequence[Notation]) -> _Votes | None:
    """None for a column in which most cells are numbers in no notation, and for one of digits alone."""
    marked = {cell for cell in column.present if not MARKS.isdisjoint(cell)}
    if not marked:
        return None
    counts = {notation: sum(map(notation.holds, marked)) for notation in known}
    most = max(counts.values())
    if 2 * most <= len(marked):
        return None
    readings = frozenset(notation for notation, count in counts.items() if count == most)
    first = next(notation for notation in known if notation in readings)
    row = next(i for i, cell in enumerate(column.cells) if cell.strip() in marked and first.holds(cell))
    return _Votes(column, readings, row)


def _conflict(votes: Sequence[_Votes], rows: Rows) -> NotNumericError:
    """The error about two columns that no one notation reads."""
    first = votes[0]
    other = next((one for one in votes if not one.readings & first.readings), votes[-1])
    return NotNumericError(
        f"{rows.entry(first.row, first.column.name)}: {first.cell!r}, and {other.cell!r} in column "
        f"{other.column.name!r}, are numbers in two notations: write all with one decimal mark"
    )
