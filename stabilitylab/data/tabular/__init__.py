"""Data files larger than memory, in blocks of rows: text with a line of names, or one array in a .npy file.

What stands in a file is data, never evaluated: text is parsed, arrays are memory-mapped and hold no pickles.
"""

import os
from pathlib import Path
from typing import TypeAlias

from stabilitylab.core.errors import InputError
from stabilitylab.data.tabular.array_file import ArrayTable
from stabilitylab.data.tabular.columns import FileTruth, Missing
from stabilitylab.data.tabular.encoding import named
from stabilitylab.data.tabular.numerals import Notation
from stabilitylab.data.tabular.text_file import TextTable

FileTable: TypeAlias = TextTable | ArrayTable


def truth_of_file(path: str | os.PathLike[str]) -> FileTruth:
    """What the numbers of a file are by themselves: "matrix" for binary ones (.npy), "decimal" for text."""
    return "matrix" if _is_array(path) else "decimal"


def _is_array(path: str | os.PathLike[str]) -> bool:
    return path_of_file(path).suffix.lower() == ".npy"


def path_of_file(path: object) -> Path:
    """The path that names a file. Raises InputError for what is none, data in memory for one."""
    if isinstance(path, str | bytes) and not path:
        raise InputError("an empty text names no file: fit_file('rows.csv', target='y')")
    if isinstance(path, str | bytes | os.PathLike):
        return Path(os.fsdecode(path))
    raise InputError(
        f"a file is named by its path, a text; got {type(path).__name__}: fit_file('rows.csv', target='y'), or "
        "lstsq(A, b) for data in memory"
    )


def open_table(
    path: str | os.PathLike[str],
    *,
    separator: str = ",",
    decimal: str = ".",
    thousands: str = "",
    encoding: str = "utf-8",
    missing: Missing = "refuse",
) -> FileTable:
    """The table in a file: a .npy file with a two-dimensional array, or else text with names in the first line.

    separator: between fields, one character or "tab"; a field in double quotes may hold it. decimal: "." or ",".
    thousands: the mark in 1,234,567; by default none is allowed, since 1,234 can be read in two ways. encoding: of the
    text, as Python names it. missing: what is done with a row in which a number that is asked for is missing.
    Reads the first line only; `read` gives the numbers. Raises InputError for a file that is no table, or that
    cannot be read, and EmptyError for an empty one.
    """
    path, notation, encoding = path_of_file(path), Notation(decimal, thousands), named(encoding)
    try:
        if not path.is_file():
            path.stat()
            raise InputError(f"{path} is no file: a table is read twice, so save a stream to a file first")
        if _is_array(path):
            return ArrayTable.open(path, missing)
        return TextTable.open(path, separator, notation, encoding, missing)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
