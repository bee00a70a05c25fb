"""A table out of whatever a person has it in: a file, a frame, arrays."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.errors import InputError
from stabilitylab.core.near_files import path_of, require_there
from stabilitylab.data.table.assembled import assembled
from stabilitylab.data.table.binary_files import PARQUET, read_array, read_parquet
from stabilitylab.data.table.column import GivenColumn
from stabilitylab.data.table.frames import given_columns
from stabilitylab.data.table.row_names import without_row_names
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.table import UNITS, DateOrder, Dating, Table
from stabilitylab.data.table.text_files import TextOptions, read_text
from stabilitylab.data.table.workbook import EXCEL, OFFICE, read_sheet
from stabilitylab.data.tabular.columns import Missing


def table_of(
    data: Any,
    *,
    separator: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    missing: Missing = "refuse",
    needed: Sequence[str] | None = None,
    unit: str = "days",
    dates: DateOrder | None = None,
    sheet: str | None = None,
    name: str = "data",
) -> Table:
    """The columns of a person's table, each exactly as it is there, with notes of what was found out and decided.

    data: the path of a file (text with a line of names, compressed by gzip or not; .npy; Parquet; .xlsx), a frame of
    pandas, polars or pyarrow, a dict of columns, an array of NumPy (m, n) or with named fields, or a sparse one.
    Numbers in text are exact decimals, integers exact, floats the bits that they have; text is labels; true and false
    are 1 and 0; dates and times become units elapsed since the earliest.
    separator, decimal, thousands, encoding: of text, found out where they are not given. sheet: of a workbook. missing:
    rows in which a cell of a needed column is missing are refused, or dropped. needed: the columns that are used (None:
    all); what is wrong in others does no harm, and they are left out, with a note. unit: of dates and durations, a name
    of UNITS. dates: what 03/04/2024 is, "dmy" or "mdy", where no cell tells. name: of the table where it is no file.
    Raises the errors of `core.errors`, each with the place, what was expected and the way out: EmptyError, InputError
    (a file that is no table, two readings), MissingLibraryError, NotFiniteError (missing cells, all of them counted),
    NotNumericError, OutOfRangeError, ShapeError and UnknownNameError.
    """
    require_choice("missing", missing, ("refuse", "drop"))
    require_choice("unit", unit, UNITS)
    if dates is not None:
        require_choice("dates", dates, get_args(DateOrder))
    dating = Dating(unit, dates)
    if isinstance(needed, str):
        raise InputError(f"needed must be a list of names; got {needed!r}: give [{needed!r}]")
    text = TextOptions(separator, decimal, thousands, encoding)
    if isinstance(data, str | os.PathLike):
        return _of_file(path_of(data), text, missing, needed, dating, sheet)
    text.refuse("a table in memory")
    columns, rows = given_columns(data)
    return assembled(columns, rows, name=name, missing=missing, needed=needed, dating=dating)


def _of_file(
    path: Path, text: TextOptions, missing: Missing, needed: Sequence[str] | None, dating: Dating, sheet: str | None
) -> Table:
    try:
        if not path.is_file():
            require_there(path)
            raise InputError(f"{path} is no file: give the path of one table")
        with path.open("rb") as raw:
            start = raw.read(4)
        kind = path.suffix.lower()
        if sheet is not None and kind not in EXCEL:
            raise InputError(f"{path} has no sheets: leave out sheet, which is for .xlsx")
        if kind == ".npy":
            text.refuse(f"{path}, an array")
            columns, rows = read_array(path)
            return _assembled(path, columns, rows, missing, needed, dating, f"numpy.load({str(path)!r})")
        if start == PARQUET:
            text.refuse(f"{path}, a Parquet file")
            columns, rows = read_parquet(path)
            return _assembled(path, columns, rows, missing, needed, dating, f"pandas.read_parquet({str(path)!r})")
        if start == OFFICE and kind in EXCEL:
            text.refuse(f"{path}, a workbook")
            columns, rows, notes = read_sheet(path, sheet)
            option = "" if sheet is None else f", sheet_name={sheet!r}"
            code = f"pandas.read_excel({str(path)!r}{option})"
            return _assembled(path, columns, rows, missing, needed, dating, code, notes)
        return read_text(path, text, missing=missing, needed=needed, dating=dating)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _assembled(
    path: Path,
    columns: Sequence[GivenColumn],
    rows: Rows,
    missing: Missing,
    needed: Sequence[str] | None,
    dating: Dating,
    code: str,
    notes: Sequence[str] = (),
) -> Table:
    """The table of a binary file, without a column that names the rows."""
    found = without_row_names(columns, needed)
    return assembled(
        [column for column in columns if column is not found.column],
        rows,
        name=path.name,
        missing=missing,
        needed=needed,
        dating=dating,
        notes=[*notes, *found.notes],
        row_names=found.name,
        code=code,
    )
