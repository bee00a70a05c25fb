"""Tables in files that are no text: an array of NumPy, and Parquet. Nothing in them is evaluated or unpickled."""

import importlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stabilitylab.core.errors import InputError, MissingLibraryError
from stabilitylab.data.table.column import GivenColumn
from stabilitylab.data.table.frames import given_columns
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.tabular.array_file import ArrayTable

PARQUET = b"PAR1"
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
            way = "rename one of the columns" if "Multiple matches" in str(error) else "write it again"
            raise InputError(f"{path} cannot be read as Parquet: {first_line(error)}: {way}") from None
        return given_columns(table, str(path))
    raise MissingLibraryError(
        f"{path} is a Parquet file, which takes pyarrow to read: pip install pyarrow, or write the table as CSV"
    )


def first_line(error: Exception) -> str:
    """What an error of a library says, for a message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
