"""A sheet of an Excel workbook, as its cells are stored: no formula is evaluated."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stabilitylab.core.errors import Argument, EmptyError, InputError, MissingLibraryError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.data.table.binary_files import first_line
from stabilitylab.data.table.column import GivenColumn
from stabilitylab.data.table.frames import filled, objects
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.texts import shown
from stabilitylab.data.table.values import Unusable
from stabilitylab.data.tabular.numerals import missing

OFFICE = b"PK\x03\x04"
EXCEL = (".xlsx", ".xlsm")
SHEET_ROW = "sheet row"
NO_VALUE = "a formula whose value is not stored: open the workbook in its program and save it"
Cells = list[tuple[Any, ...]]


def read_sheet(path: Path, sheet: str | None) -> tuple[Sequence[GivenColumn], Rows, tuple[str, ...]]:
    """The columns of one sheet of a workbook, whose first row names them, its rows, and notes.

    Of formulas the values that the program has stored. Raises MissingLibraryError without openpyxl, UnknownNameError
    for a sheet that is none, InputError where there are several and none is named, and for what is no workbook;
    EmptyError for a sheet without rows.
    """
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ImportError:
        raise MissingLibraryError(
            f"{path} is an Excel workbook, which takes openpyxl to read: pip install openpyxl, or save the sheet as "
            f"CSV UTF-8"
        ) from None
    name, count, cells = _cells(openpyxl, path, sheet, values=True)
    if any(cell is None for row in cells for cell in row):
        _, _, formulas = _cells(openpyxl, path, name, values=False)
        cells = [tuple(map(_stored, *pair)) for pair in zip(cells, formulas, strict=True)]
    columns, rows = _columns(path, name, cells)
    return columns, rows, () if count == 1 else (f"read sheet {name!r} of {count}",)


def _cells(openpyxl: Any, path: Path, sheet: str | None, *, values: bool) -> tuple[str, int, Cells]:
    """The name of the sheet, how many there are, and its cells: of formulas the values, or the formulas."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=values)
        try:
            names = [one.title for one in book.worksheets]
            name = _sheet_name(path, names, sheet)
            return name, len(names), [tuple(row) for row in book[name].iter_rows(values_only=True)]
        finally:
            book.close()
    except (InputError, UnknownNameError):
        raise
    except Exception as error:  # of zipfile, of XML and of openpyxl
        raise InputError(f"{path} cannot be read as a workbook: {first_line(error)}: save it again as .xlsx") from None


def _stored(value: Any, formula: Any) -> Any:
    return Unusable(NO_VALUE) if value is None and isinstance(formula, str) and formula.startswith("=") else value


def _sheet_name(path: Path, names: Sequence[str], sheet: str | None) -> str:
    if sheet is not None and sheet not in names:
        hint = did_you_mean(sheet, names, plural="sheets", show=repr)
        raise UnknownNameError(f"{path}: no sheet is named {sheet!r}: {hint}")
    if sheet is None and len(names) != 1:
        several = f"{len(names)} sheets, {', '.join(map(repr, names))[:200]}: say which, "
        raise InputError(f"{path} has {several}", Argument("sheet", names[0] if names else ""))
    return names[0] if sheet is None else sheet


def _columns(path: Path, sheet: str, cells: Cells) -> tuple[list[GivenColumn], Rows]:
    """The columns below the first row that holds anything, without rows and columns that hold nothing at the end."""
    full = [i for i, row in enumerate(cells) if not all(map(_is_empty, row))]
    if not full:
        raise EmptyError(f"{path}, sheet {sheet!r} is empty: expected a row of column names, then rows of numbers")
    first, last = full[0], full[-1]
    head, body = cells[first], cells[first + 1 : last + 1]
    where = f"{path}, sheet {sheet!r}, row {first + 1}"
    if all(isinstance(cell, int | float) for cell in head if not _is_empty(cell)):
        raise InputError(f"{where}: expected the names of the columns; got numbers: put a row of names first")
    alone = (
        sum(not _is_empty(cell) for cell in head)
        == 1
        < max((sum(not _is_empty(cell) for cell in row) for row in body), default=0)
    )
    if alone:
        raise InputError(
            f"{where}: expected the names of the columns; got {shown(str(next(c for c in head if not _is_empty(c))))} "
            "alone, above several columns: remove the rows above the names, and split merged cells"
        )
    if not body:
        raise EmptyError(f"{where}: there are column names and no rows: give the data")
    columns: list[GivenColumn] = []
    for j in range(max(map(len, cells))):
        name = "" if j >= len(head) or _is_empty(head[j]) else str(head[j]).strip()
        entries = [_usable(row[j]) if j < len(row) else None for row in body]
        if name or any(entry is not None for entry in entries):
            columns.append(filled(name, objects(entries)))
    return columns, Rows(range(first + 2, last + 2), SHEET_ROW, str(path))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _usable(cell: Any) -> Any:
    """A cell, None for what says that there is no value, or `Unusable` for an error of a formula."""
    if not isinstance(cell, str):
        return cell
    if missing([cell])[0]:
        return None
    if cell.startswith("#") and cell.endswith(("!", "?")):
        return Unusable(f"the cell is the error {cell[:20]}: mend its formula")
    return cell
