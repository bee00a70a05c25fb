"""Delimited text larger than memory, read twice: for the digits behind the points, and for the numbers in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import EmptyError, InputError
from stabilitylab.data.tabular.columns import BLOCK_FIELDS, Blocks, FileTruth, Named, Progress, no_progress
from stabilitylab.data.tabular.fields import FieldBlock, field_blocks
from stabilitylab.data.tabular.foreign import foreign, other_separator
from stabilitylab.data.tabular.numerals import BadField, Notation, Numerals


@dataclass(frozen=True)
class TextTable(Named):
    """Delimited text whose first line names the columns."""

    separator: str = ","
    notation: Notation = field(default_factory=Notation)

    @classmethod
    def open(cls, path: Path, separator: str, notation: Notation) -> "TextTable":
        """Read the line of names."""
        separator = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
        if len(separator) != 1 or separator in '"\r\n.+-' or separator.isalnum():
            raise InputError(f"the separator must be one character such as ';', or tab; got {separator!r}")
        if (says := foreign(path)) is not None:
            raise InputError(f"{path} {says}")
        header = next(field_blocks(path, separator, 1), None)
        if header is None:
            raise EmptyError(f"{path} is empty: expected a line of column names, then rows of numbers")
        names = tuple(name.strip() for name in header.fields)
        if names[0].startswith("#") and len(names) == 1:
            raise InputError(f"{path}, line 1 is a comment: take it out, so that the first line names the columns")
        way = other_separator(path, names[0], separator, notation) if len(names) == 1 else None
        if way is not None:
            raise InputError(f"{path}, line 1: ", *way)
        if all(map(notation.holds, names)):
            raise InputError(
                f"{path}, line 1: expected the names of the columns; got the numbers {', '.join(names)[:60]}: "
                f"put a line of names first"
            )
        return cls(path, names, separator, notation)

    def read(
        self,
        columns: Sequence[str],
        truth: FileTruth = "decimal",
        rows: int | None = None,
        progress: Progress = no_progress,
    ) -> tuple[tuple[Fraction, ...], Blocks]:
        """(scales, blocks): column j of every block (rows, len(columns)), times scales[j], is the file's column.

        truth "decimal": the numbers as written, exactly. The file is read once here, which finds the digits behind the
        point of each column, and once more while the blocks are drawn; a block holds whole numbers, float64 where all
        are below 2**50 and Python ints elsewhere. truth "matrix": each number rounded once to float64; one reading.
        progress(done, total) is told the bytes read after each block. Raises, with file, line and column,
        NotNumericError, NotFiniteError, OutOfRangeError and ShapeError; EmptyError for no rows, InputError for text
        that is no UTF-8.
        """
        total = self.path.stat().st_size * (2 if truth == "decimal" else 1)
        if truth == "matrix":
            floats = (
                np.stack([c.values for c in block], axis=1) for block in self._blocks(columns, rows, progress, 0, total)
            )
            return (Fraction(1),) * len(columns), floats
        places, count = np.zeros(len(columns), dtype=np.int64), 0
        for block in self._blocks(columns, rows, progress, 0, total):
            places = np.maximum(places, [c.places.max() for c in block])
            count += len(block[0].fields)
        scales = tuple(Fraction(1, 10 ** int(k)) for k in places)
        return scales, self._exact(columns, rows, progress, places, count, total)

    def _exact(
        self, columns: Sequence[str], rows: int | None, progress: Progress, places: Array, count: int, total: int
    ) -> Blocks:
        changed = InputError(f"{self.path} was changed while it was being read: run again when it stands still")
        for block in self._blocks(columns, rows, progress, total // 2, total):
            count -= len(block[0].fields)
            if any(c.places.max() > k for c, k in zip(block, places, strict=True)):
                raise changed
            parts = [c.integers(int(k)) for c, k in zip(block, places, strict=True)]
            if any(part.dtype == object for part in parts):
                parts = [part if part.dtype == object else _as_ints(part) for part in parts]
            yield np.stack(parts, axis=1)
        if count:
            raise changed

    def _blocks(
        self, columns: Sequence[str], rows: int | None, progress: Progress, before: int, total: int
    ) -> Iterator[list[Numerals]]:
        """The columns of each block of rows, every field a number."""
        chosen = [self.index(name) for name in columns]
        blocks = field_blocks(self.path, self.separator, rows or max(1, BLOCK_FIELDS // len(self.names)))
        next(blocks, None)
        empty = True
        for block in blocks:
            yield [self._column(name, block.column(j), block) for name, j in zip(columns, chosen, strict=True)]
            progress(before + block.read, total)
            empty = False
        if empty:
            raise EmptyError(f"{self.path} has column names and no rows: give the data")

    def _column(self, name: str, fields: Sequence[str], block: FieldBlock) -> Numerals:
        try:
            return Numerals.read(fields, self.notation)
        except BadField as bad:
            raise bad.kind(f"{self.path}, line {block.lines[bad.row]}, column {name!r}: ", *bad.says) from None


def _as_ints(whole: Array) -> Array:
    """Whole float64 numbers as Python ints, in an object array."""
    return whole.astype(np.int64).astype(object)
