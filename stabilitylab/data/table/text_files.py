"""A text file with a line of names, read whole: encoding, separator and notation found out where they are not given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from stabilitylab.core.errors import EmptyError, InputError, NotNumericError
from stabilitylab.data.table.assembled import assembled, require_names
from stabilitylab.data.table.content import Content, content_of, found_encoding
from stabilitylab.data.table.delimited import LINES, MARKS, first_rows, found_separator
from stabilitylab.data.table.notation import found_notation
from stabilitylab.data.table.row_names import RowNames, without_row_names
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.table import Dating, Table
from stabilitylab.data.table.texts import TextColumn
from stabilitylab.data.tabular.columns import Missing
from stabilitylab.data.tabular.encoding import UTF_8, named
from stabilitylab.data.tabular.fields import field_blocks
from stabilitylab.data.tabular.numerals import Notation
from stabilitylab.data.tabular.text_file import TextTable

T = TypeVar("T")

ALL = 2**62  # rows of a block
LONGEST = 2**20  # characters of a line that are looked at
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class TextOptions:
    """What a person says about a text; None is found out."""

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None

    @property
    def notation(self) -> Notation:
        """As far as it is given. Raises InputError for marks that are none."""
        return Notation("." if self.decimal is None else self.decimal, self.thousands or "")

    def refuse(self, what: str) -> None:
        """Raise InputError where any is given for what is no text."""
        given = next((name for name, value in vars(self).items() if value is not None), None)
        if given is not None:
            raise InputError(f"{given} is for text, and not for {what}: leave it out")


@dataclass(frozen=True, eq=False)
class ReadText:
    """What stands in a text: its columns, where the rows are, and what was found out.

    separator, notation, encoding, extra: as for `field_blocks`. places: of each column, which field of a row it is.
    row_names: of the column that names the rows. code: the line that reads the file with pandas.
    """

    columns: Sequence[TextColumn]
    rows: Rows
    separator: str
    notation: Notation
    encoding: str
    extra: bool
    places: Sequence[int]
    notes: Sequence[str]
    row_names: str
    code: str


def read_text(
    path: Path, options: TextOptions, *, missing: Missing, needed: Sequence[str] | None, dating: Dating
) -> Table:
    """The table in a text file, as `table_of` says."""
    text = text_in(path, content_of(path), options, needed)
    return table_of_text(path, text, missing=missing, needed=needed, dating=dating)


def table_of_text(
    path: Path, text: ReadText, *, missing: Missing, needed: Sequence[str] | None, dating: Dating
) -> Table:
    """The table of a text that has been read."""
    return assembled(
        text.columns,
        text.rows,
        name=path.name,
        missing=missing,
        needed=needed,
        dating=dating,
        notes=text.notes,
        row_names=text.row_names,
        code=text.code,
    )


def text_in(path: Path, content: bytes, options: TextOptions, needed: Sequence[str] | None) -> ReadText:
    """What stands in the content of a text file, or in its first lines."""
    asked, encoding = options.notation, options.encoding
    source = Content(path, content)
    file = cast("Path", source)  # as far as readers of tables use one
    code = named(encoding) if encoding is not None else found_encoding(path, source.content)
    lines = _first_lines(source, code)
    table = TextTable.open(
        file, found_separator(str(path), lines) if options.separator is None else options.separator, asked, code
    )
    mark = table.separator
    extra = _is_shorter(lines, mark)
    blocks = list(field_blocks(file, mark, ALL, code, extra=int(extra)))[1:]
    if not blocks:
        raise EmptyError(f"{path} has column names and no rows: give the data")
    cells: Sequence[Sequence[str]] = [
        _joined([block.column(j) for block in blocks]) for j in range(len(table.names) + extra)
    ]
    lines_of_rows = _joined([block.lines for block in blocks])
    names, cells, lines_of_rows, places, notes = _without_empty(table.names, cells, lines_of_rows)
    rows = Rows(lines_of_rows, "line", str(path))
    columns = [TextColumn(name, fields) for name, fields in zip(names, cells, strict=True)]
    found = without_row_names(columns, needed)
    kept = [column for column in columns if column is not found.column]
    if needed is not None:  # names before contents
        require_names([column.name for column in kept], rows, needed)
    notation = asked if options.thousands is not None else _notation(kept, rows, options.decimal, needed, mark)
    return ReadText(
        columns=[column.written_in(notation) for column in kept],
        rows=rows,
        separator=mark,
        notation=notation,
        encoding=code,
        extra=extra,
        places=[place for place, column in zip(places, columns, strict=True) if column is not found.column],
        notes=(_said(mark, notation, code, source.content), *notes, *found.notes),
        row_names=found.name,
        code=_code(path, mark, notation, code, found, extra),
    )


def _notation(
    columns: Sequence[TextColumn], rows: Rows, decimal: str | None, needed: Sequence[str] | None, mark: str
) -> Notation:
    """The notation of all columns, or of those that are used where all have none in common."""
    try:
        return found_notation(columns, rows, decimal, semicolons=mark == ";")
    except NotNumericError:
        used = [column for column in columns if needed is None or column.name in needed]
        if len(used) == len(columns):
            raise
        return found_notation(used, rows, decimal, semicolons=mark == ";")


def _joined(parts: Sequence[Sequence[T]]) -> Sequence[T]:
    return parts[0] if len(parts) == 1 else [one for part in parts for one in part]


def _first_lines(source: Content, encoding: str) -> list[str]:
    try:
        with source.open("r", encoding=encoding, errors="replace") as text:
            return [line for _ in range(LINES) if (line := text.readline(LONGEST))]
    except UnicodeError:  # of UTF-16 without its mark: met, with its line, where the fields are read
        return []


def _is_shorter(lines: Sequence[str], mark: str) -> bool:
    """Whether the line of names has one field fewer than every row, as R writes a table with names of rows."""
    rows = first_rows(lines, mark)
    return len(rows) > 1 and all(len(row) == len(rows[0]) + 1 for row in rows[1:])


def _without_empty(
    names: Sequence[str], cells: Sequence[Sequence[str]], lines: Sequence[int]
) -> tuple[Sequence[str], Sequence[Sequence[str]], Sequence[int], Sequence[int], list[str]]:
    """Names, columns and lines without what marks at the ends of lines and lines of marks alone add; places; notes."""
    notes = []
    last = len(lines)
    while last and not any(column[last - 1].strip() for column in cells):
        last -= 1
    if last < len(lines):
        notes.append(f"{_counted(len(lines) - last, 'line')} at the end without any value: left out")
        cells, lines = [column[:last] for column in cells], lines[:last]
    if len(names) < len(cells):
        names = (*names, "") if not any(map(str.strip, cells[-1])) else ("", *names)
    places: Sequence[int] = range(len(cells))
    empty = [not name and not any(map(str.strip, column)) for name, column in zip(names, cells, strict=True)]
    if any(empty):
        notes.append(f"{_counted(sum(empty), 'column')} without a name and without any value: left out")
        names = [name for name, out in zip(names, empty, strict=True) if not out]
        cells = [column for column, out in zip(cells, empty, strict=True) if not out]
        places = [place for place, out in zip(places, empty, strict=True) if not out]
    return names, cells, lines, places, notes


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"


def _said(mark: str, notation: Notation, encoding: str, content: bytes) -> str:
    """How the file was read, as one sentence."""
    thousands = {"": "", " ": ", blanks between thousands"}.get(
        notation.thousands, f", {notation.thousands!r} between thousands"
    )
    known = "UTF-8" if encoding == UTF_8 else encoding
    if encoding == UTF_8 and content.startswith(BYTE_ORDER_MARK):
        known = "UTF-8 with a byte order mark"
    between = MARKS.get(mark, repr(mark))
    return f"read as text in {known}, {between} between fields, decimal mark {notation.decimal!r}{thousands}"


def _code(path: Path, mark: str, notation: Notation, encoding: str, found: RowNames, shifted: bool) -> str:
    """The line that reads the file with pandas."""
    options = []
    if mark != ",":
        options.append(f"sep={' +'!r}" if mark == " " else f"sep={mark!r}")
    if notation.decimal != ".":
        options.append(f"decimal={notation.decimal!r}")
    if notation.thousands:
        options.append(f"thousands={notation.thousands!r}")
    if encoding != UTF_8:
        options.append(f"encoding={encoding!r}")
    if found.column is not None or shifted:
        options.append("index_col=0" if found.column is not None else "index_col=False")
    return f"pandas.read_csv({', '.join([repr(str(path)), *options])})"
