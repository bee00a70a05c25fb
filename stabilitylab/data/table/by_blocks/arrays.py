"""An array in a .npy file that is read by blocks: floats bit for bit, whole numbers exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, NotFiniteError
from stabilitylab.data.frames import EXACT_IN_FLOAT
from stabilitylab.data.table.assembled import assembled
from stabilitylab.data.table.by_blocks.columns import LongColumn
from stabilitylab.data.table.by_blocks.long_file import LongFile, RawBlock
from stabilitylab.data.table.column import BadCell
from stabilitylab.data.table.frames import given_columns
from stabilitylab.data.table.table import Dating, Table
from stabilitylab.data.tabular.array_file import ArrayTable
from stabilitylab.data.tabular.columns import BLOCK_FIELDS

FIRST = 1000  # rows that are looked at before


class StoredNumbers(LongColumn):
    """Numbers of an array, as they are stored."""

    def absent(self, cells: Array) -> Array:
        """NaN."""
        return np.isnan(cells)

    def see(self, cells: Array) -> None:
        """As in every column of its kind."""
        finite = np.isfinite(cells)
        if not finite.all():
            row = int(np.argmin(finite))
            raise BadCell(row, NotFiniteError, f"{cells[row]} is no finite number: remove the row or give the number")

    def numbers(self, cells: Array) -> Array:
        """As in every column of its kind."""
        if (
            cells.dtype.kind in "iu"
            and cells.dtype.itemsize == 8
            and np.abs(cells.astype(float)).max() > EXACT_IN_FLOAT
        ):
            return cells.astype(object)
        return cells.astype(np.float64)


@dataclass(frozen=True, eq=False)
class LongArray(LongFile):
    """array (m, k), memory-mapped; its columns are a0, a1, ..."""

    path: Path
    array: Array
    table: Table

    place = "row"

    @classmethod
    def open(cls, path: Path, needed: Sequence[str] | None) -> "LongArray":
        """Map the array. Raises the errors of `ArrayTable.open`."""
        array = ArrayTable.open(path).array
        given, rows = given_columns(np.asarray(array[:FIRST]), str(path))
        code = f"numpy.load({str(path)!r})"
        table = assembled(given, rows, name=path.name, missing="drop", needed=needed, dating=Dating(), code=code)
        return cls(path, array, table)

    @property
    def first(self) -> Table:
        """As of every long file."""
        return self.table

    @property
    def size(self) -> int:
        """As of every long file."""
        return len(self.array)

    def column(self, name: str, *, as_labels: bool) -> LongColumn:
        """As of every long file."""
        if as_labels:
            raise InputError(f"{self.path}: numbers of an array are no groups by blocks: save the table as CSV")
        whole = self.array.dtype.kind in "iub"
        return StoredNumbers(name, rounded=not whole)

    def blocks(self, names: Sequence[str], rows: int | None) -> Iterator[RawBlock]:
        """As of every long file."""
        m, size = len(self.array), rows or max(1, BLOCK_FIELDS // self.array.shape[1])
        for start in range(0, m, size):
            block = np.asarray(self.array[start : start + size])
            yield RawBlock(
                [block[:, int(name[1:])] for name in names],
                range(start, start + len(block)),
                min(start + size, m),
            )
