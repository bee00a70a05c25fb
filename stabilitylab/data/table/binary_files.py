"""Tables in files that are no text: an array of NumPy, Parquet, a sheet of a workbook. Nothing in them is evaluated."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stabilitylab.core.errors import Argument, EmptyError, InputError, MissingLibraryError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.data.table.column import GivenColumn
from stabilitylab.data.table.frames import filled, given_columns, objects
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.tabular.array_file import ArrayTable

PARQUET = b"PAR1"
OFFICE = b"PK\x03\x04"
EXCEL = (".xlsx", ".xlsm")
SHEET_ROW = "sheet row"
READERS = (("pyarrow.parquet", "read_table"), ("polars", "read_parquet"), ("pandas", "read_parquet"))


def read_array(path: Path) -> tuple[Sequence[GivenColumn], Rows]:
    """The columns a0, a1, ... of the array in a .npy file. Raises the errors of `ArrayTable.open`."""
    return given_columns(np.asarray(ArrayTable.open(path).array), str(path))


def read_parquet(path: Path) -> tuple[Sequence[GivenColumn], Rows]:
    """The columns of a Parquet file, by the first library that is installed. Raises MissingLibraryError without one."""
    for module, function in READERS:
        try:
            read = getattr(importlib.import_module(module), function)
        except ImportError:
            continue
        try:
            table = read(path)
        except ImportError:  # pandas without an engine
            continue
        except Exception as error:  # each library has errors of its own
            raise InputError(f"{path} cannot be read as Parquet: {_first_line(error)}: write it again") from None
        return given_columns(table, str(path))
    raise MissingLibraryError(
        f"{path} is a Parquet file, which takes pyarrow to read: pip install pyarrow, or write the table as CSV"
    )


def read_sheet(path: Path, sheet: str | None) -> tuple[Sequence[GivenColumn], Rows, tuple[str, ...]]:
    """The columns of one sheet of a workbook, whose first row names them, as its numbers are stored; and notes.

    Of formulas the values that the program has stored. Raises MissingLibraryError without openpyxl, UnknownNameError
    for a sheet that is none, InputError where there are several and none is named.
    """
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ImportError:
        raise MissingLibraryError(
            f"{path} is an Excel workbook, which takes openpyxl to read: pip install openpyxl, or save the sheet as "
            f"CSV UTF-8"
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # of zipfile, XML and openpyxl
        raise InputError(f"{path} cannot be read as a workbook: {_first_line(error)}: save it again as .xlsx") from None
    try:
        name = _sheet_name(path, book.sheetnames, sheet)
        cells = [tuple(row) for row in book[name].iter_rows(values_only=True)]
    finally:
        book.close()
    columns, rows = _of_cells(path, name, cells)
    notes = () if len(book.sheetnames) == 1 else (f"sheet {name!r} of {len(book.sheetnames)}",)
    return columns, rows, notes


def _sheet_name(path: Path, names: Sequence[str], sheet: str | None) -> str:
    if sheet is not None:
        if sheet not in names:
            hint = did_you_mean(sheet, names, plural="sheets", show=repr)
            raise UnknownNameError(f"{path}: no sheet is named {sheet!r}: {hint}")
        return sheet
    if len(names) > 1:
        raise InputError(
            f"{path} has {len(names)} sheets, {', '.join(map(repr, names))[:200]}: say which, ",
            Argument("sheet", names[0]),
        )
    return names[0]


def _of_cells(path: Path, name: str, cells: Sequence[Sequence[Any]]) -> tuple[list[GivenColumn], Rows]:
    """The columns below the first row that holds anything, without rows and columns at the end that hold nothing."""
    filled_rows = [i for i, row in enumerate(cells) if any(cell not in (None, "") for cell in row)]
    if not filled_rows:
        raise EmptyError(f"{path}, sheet {name!r} is empty: expected a row of column names, then rows of numbers")
    first, last = filled_rows[0], filled_rows[-1]
    head, body = cells[first], cells[first + 1 : last + 1]
    width = max(j + 1 for row in cells for j, cell in enumerate(row) if cell not in (None, ""))
    where = f"{path}, sheet {name!r}, row {first + 1}"
    names = ["" if j >= len(head) or head[j] is None else str(head[j]).strip() for j in range(width)]
    if all(isinstance(cell, int | float) for cell in head if cell is not None):
        raise InputError(f"{where}: expected the names of the columns; got numbers: put a row of names first")
    if not body:
        raise EmptyError(f"{where}: there are column names and no rows: give the data")
    columns: list[GivenColumn] = []
    for j, called in enumerate(names):
        entries = [row[j] if j < len(row) else None for row in body]
        for i, entry in enumerate(entries):
            if isinstance(entry, str) and entry.startswith("#") and entry.endswith(("!", "?", "/A")):
                raise InputError(
                    f"{path}, {SHEET_ROW} {first + 2 + i}, column {called!r}: the cell is the error {entry}: mend its "
                    f"formula"
                )
        columns.append(filled(called, objects([None if entry == "" else entry for entry in entries])))
    return columns, Rows(range(first + 2, first + 2 + len(body)), SHEET_ROW, str(path))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
