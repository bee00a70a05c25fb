"""The decimal mark and the mark between thousands of a file: found out, or refused where two readings fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stabilitylab.core.errors import Argument, NotNumericError
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.texts import NUMERIC, PLAIN, TextColumn
from stabilitylab.data.tabular.numerals import Notation

COMMA = Notation(",")
POINTS = Notation(",", ".")
OTHERS = tuple(Notation(decimal, mark) for mark in " '_" for decimal in ".,")
KNOWN = (PLAIN, COMMA, Notation(".", ","), POINTS, *OTHERS)  # the more usual first
MARKS = frozenset(",.'_ ")


@dataclass(frozen=True)
class _Votes:
    """The notations in which the most cells of a column are numbers; shapes: of the cells that have marks."""

    column: TextColumn
    readings: frozenset[Notation]
    shapes: frozenset[str]

    def first(self, known: Sequence[Notation]) -> tuple[int, str]:
        """The row and the text of the first cell with marks that is a number."""
        notation = next(one for one in known if one in self.readings)
        return next((row, cell) for row, cell in self.cells() if notation.holds(cell))

    def cells(self) -> Iterator[tuple[int, str]]:
        """The cells that have marks, each with its row."""
        cells = ((row, cell.strip()) for row, cell in enumerate(self.column.cells))
        return (pair for pair in cells if not MARKS.isdisjoint(pair[1]))


def found_notation(
    columns: Sequence[TextColumn], rows: Rows, decimal: str | None = None, *, semicolons: bool = False
) -> Notation:
    """The notation of a file: plain where that reads every column that any notation reads.

    decimal: the mark, if given. semicolons: they stand between the fields, as where the comma is the decimal mark: then
    1.234 can be 1234 as well, where no number says otherwise.

    Raises NotNumericError, naming cells and the arguments that decide, where numbers can be read in two ways, and where
    no notation reads the numbers of all columns.
    """
    known = [notation for notation in KNOWN if decimal in (None, notation.decimal)]
    plain = [column for column in columns if column.plain is not None]
    votes = [found for column in columns if column.plain is None and (found := _votes(column, known)) is not None]
    if not semicolons and known[0] == PLAIN and all(PLAIN in one.readings for one in votes):
        return PLAIN
    votes += [found for column in plain if (found := _votes(column, known)) is not None]
    if all(known[0] in one.readings for one in votes):
        two_ways = semicolons and decimal is None and all(POINTS in one.readings for one in votes)
        if two_ways and (error := _ambiguous(votes, [PLAIN, POINTS], rows)) is not None:
            raise error
        return known[0]
    common = frozenset.intersection(*(one.readings for one in votes))
    if not common:
        raise _conflict(votes, known, rows)
    fitting = [notation for notation in known if notation in common]
    # A mark between thousands that no number has is no other reading.
    readings: dict[tuple[str, ...], Notation] = {}
    for notation in fitting:
        readings.setdefault(tuple(_read(one, notation) for one in votes), notation)
    if len(readings) == 1:
        return fitting[0]
    error = _ambiguous(votes, list(readings.values()), rows)
    if error is not None:
        raise error
    return fitting[0]


def _ambiguous(votes: Sequence[_Votes], ways: Sequence[Notation], rows: Rows) -> NotNumericError | None:
    """The error about a cell that several notations read as different numbers; None where there is no such cell."""
    for column, row, cell in ((one.column, row, cell) for one in votes for row, cell in one.cells()):
        read = {way: way.plain(0, cell) for way in ways if way.holds(cell)}
        if len(set(read.values())) > 1:
            says: list[str | Argument] = []
            for way, number in read.items():
                says += [", or " if says else "", *_arguments(way), f" (as {number})"]
            where = f"{rows.entry(row, column.name)}: {cell!r}"
            return NotNumericError(f"{where} can be read in two ways, as can all numbers here: say which, ", *says)
    return None


def _arguments(notation: Notation) -> list[str | Argument]:
    decimal = [Argument("decimal", notation.decimal)] if notation.decimal != "." or not notation.thousands else []
    thousands = [Argument("thousands", notation.thousands)] if notation.thousands else []
    return [*decimal, *([" and "] if decimal and thousands else []), *thousands]


def _read(votes: _Votes, notation: Notation) -> str:
    """How a notation reads the cells of a column that have marks, by their shapes, as one text."""
    return "\n".join(notation.plain(0, shape) for shape in sorted(votes.shapes) if notation.holds(shape))


def _votes(column: TextColumn, known: Sequence[Notation]) -> _Votes | None:
    """None for a column in which most cells are numbers in no notation, and for one of digits alone."""
    marked = {shape: count for shape, count in column.shapes.items() if not MARKS.isdisjoint(shape)}
    numeric = {shape: count for shape, count in marked.items() if NUMERIC.fullmatch(shape)}
    counts = {one: sum(numeric[shape] for shape in numeric if one.holds(shape)) for one in known} if numeric else {}
    most = max(counts.values(), default=0)
    if 2 * most <= sum(marked.values()):
        return None
    text = "\n" + "\n".join(column.present)
    zeros = {mark for mark in MARKS if any(f"\n{sign}0{mark}" in text for sign in ("", "+", "-"))}
    # No group of thousands begins with 0: where 0,123 stands, the comma is the decimal mark.
    readings = frozenset(one for one, count in counts.items() if count == most and one.thousands not in zeros)
    return _Votes(column, readings, frozenset(numeric)) if readings else None


def _conflict(votes: Sequence[_Votes], known: Sequence[Notation], rows: Rows) -> NotNumericError:
    """The error about two columns that no one notation reads."""
    one = votes[0]
    other = next((found for found in votes if not found.readings & one.readings), votes[-1])
    row, cell = one.first(known)
    return NotNumericError(
        f"{rows.entry(row, one.column.name)}: {cell!r}, and {other.first(known)[1]!r} in column "
        f"{other.column.name!r}, are numbers in two notations: write all with one decimal mark"
    )
