"""Files larger than memory as tables of numbers, dates and groups, which are read twice, a block of rows at a time."""

import os
from collections.abc import Sequence
from typing import get_args

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.errors import InputError
from stabilitylab.core.near_files import path_of, require_there
from stabilitylab.data.table.binary_files import PARQUET
from stabilitylab.data.table.by_blocks.arrays import LongArray
from stabilitylab.data.table.by_blocks.long_file import LongFile as LongFile
from stabilitylab.data.table.by_blocks.long_file import RawBlock as RawBlock
from stabilitylab.data.table.by_blocks.long_file import Scan as Scan
from stabilitylab.data.table.by_blocks.long_file import numbered as numbered
from stabilitylab.data.table.by_blocks.long_file import scanned as scanned
from stabilitylab.data.table.by_blocks.text import LongText
from stabilitylab.data.table.table import UNITS, DateOrder, Dating
from stabilitylab.data.table.text_files import TextOptions
from stabilitylab.data.table.workbook import EXCEL, OFFICE


def long_file(
    path: str | os.PathLike[str],
    *,
    separator: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    needed: Sequence[str] | None = None,
    unit: str = "days",
    dates: DateOrder | None = None,
    sheet: str | None = None,
) -> LongFile:
    """The file of that path, of which the first rows are read here; the arguments are those of `table_of`.

    Text with a line of names, compressed by gzip or not, and .npy. Raises the errors of `table_of` for these rows, and
    InputError for a file of another kind.
    """
    require_choice("unit", unit, UNITS)
    if dates is not None:
        require_choice("dates", dates, get_args(DateOrder))
    source, text = path_of(path), TextOptions(separator, decimal, thousands, encoding)
    try:
        if not source.is_file():
            require_there(source)
            raise InputError(f"{source} is no file: a table is read twice, so save a stream to a file first")
        with source.open("rb") as raw:
            start = raw.read(4)
        if sheet is not None or (start == OFFICE and source.suffix.lower() in EXCEL):
            raise InputError(f"{source}: a workbook is not read by blocks: leave them out, or save the sheet as CSV")
        if start == PARQUET:
            raise InputError(f"{source}: Parquet is not read by blocks: write the table as CSV, or as .npy")
        if source.suffix.lower() == ".npy":
            text.refuse(f"{source}, an array")
            return LongArray.open(source, needed)
        return LongText.open(source, text, needed, Dating(unit, dates))
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror or error}") from None
