"""Delimited text larger than memory, read twice: for the digits behind the points, and for the numbers in blocks."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import EmptyError, InputError, NotNumericError, OutOfRangeError
from stabilitylab.core.printable import quoted
from stabilitylab.data.tabular.columns import (
    BLOCK_FIELDS,
    Blocks,
    FileTruth,
    Missing,
    Named,
    Progress,
    Told,
    no_progress,
    not_counted,
)
from stabilitylab.data.tabular.encoding import UTF_8
from stabilitylab.data.tabular.fields import FieldBlock, field_blocks
from stabilitylab.data.tabular.foreign import foreign, other_separator
from stabilitylab.data.tabular.numerals import BadField, Notation, Numerals, missing

FIRST = 20  # cells by which a column of another kind is known
OTHER_KINDS = ("; dates and names of groups are read by `stabilitylab diagnose`, which is sl.diagnose",)


@dataclass(frozen=True)
class TextTable(Named):
    """Delimited text whose first line names the columns."""

    separator: str = ","
    notation: Notation = field(default_factory=Notation)
    encoding: str = UTF_8
    place: ClassVar[str] = "line"
    missing: Missing = "refuse"

    @classmethod
    def open(
        cls, path: Path, separator: str, notation: Notation, encoding: str = UTF_8, missing: Missing = "refuse"
    ) -> "TextTable":
        """Read the line of names."""
        if isinstance(separator, str):
            separator = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
        if not isinstance(separator, str) or len(separator) != 1 or separator in '"\r\n.+-' or separator.isalnum():
            raise InputError(f"the separator must be one character such as ';', or tab; got {separator!r}")
        if (says := foreign(path, encoding)) is not None:
            raise InputError(f"{path} ", *says)
        header = next(field_blocks(path, separator, 1, encoding), None)
        if header is None:
            raise EmptyError(f"{path} is empty: expected a line of column names, then rows of numbers")
        names = tuple(name.strip() for name in header.fields)
        if names[0].startswith("#") and len(names) == 1:
            raise InputError(f"{path}, line 1 is a comment: take it out, so that the first line names the columns")
        way = other_separator(path, names[0], separator, notation, encoding) if len(names) == 1 else None
        if way is not None:
            raise InputError(f"{path}, line 1: ", *way)
        if all(map(notation.holds, names)):
            raise InputError(
                f"{path}, line 1: expected the names of the columns; got the numbers {', '.join(names)[:60]}: "
                f"put a line of names first"
            )
        return cls(path, names, separator, notation, encoding, missing)

    def read(
        self,
        columns: Sequence[str],
        truth: FileTruth = "decimal",
        rows: int | None = None,
        progress: Progress = no_progress,
        weights: str | None = None,
        left_out: Told = not_counted,
        kept: Told = not_counted,
    ) -> tuple[tuple[Fraction, ...], Blocks]:
        """(scales, blocks): column j of every block (rows, len(columns)), times scales[j], is the file's column.

        truth "decimal": the numbers as written, exactly. The file is read once here, which finds the digits behind the
        point of each column, and once more while the blocks are drawn; a block holds whole numbers, float64 where all
        are below 2**50 and Python ints elsewhere. truth "matrix": each number rounded once to float64; one reading.
        progress(done, total) is told the bytes read after each block. weights: the column that may hold no number below
        0. left_out, kept: told the lines of rows that are left out, and of the others, as the blocks are drawn. Raises,
        with file, line and column, NotNumericError, NotFiniteError, OutOfRangeError and ShapeError; EmptyError for no
        rows, InputError for text in another encoding.
        """
        total = self.path.stat().st_size * (2 if truth == "decimal" else 1)
        if truth == "matrix":
            drawn = self._blocks(columns, rows, progress, 0, total, weights, left_out, kept)
            return (Fraction(1),) * len(columns), (np.stack([c.values for c in block], axis=1) for block in drawn)
        places, count = np.zeros(len(columns), dtype=np.int64), 0
        for block in self._blocks(columns, rows, progress, 0, total, weights):
            places = np.maximum(places, [c.places.max() for c in block])
            count += len(block[0].fields)
        scales = tuple(Fraction(1, 10 ** int(k)) for k in places)
        drawn = self._blocks(columns, rows, progress, total // 2, total, weights, left_out, kept)
        return scales, self._exact(drawn, places, count)

    def _exact(self, drawn: Iterator[list[Numerals]], places: Array, count: int) -> Blocks:
        changed = InputError(f"{self.path} was changed while it was being read: run again when it stands still")
        for block in drawn:
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
        self,
        columns: Sequence[str],
        rows: int | None,
        progress: Progress,
        before: int,
        total: int,
        weights: str | None = None,
        left_out: Told = not_counted,
        kept: Told = not_counted,
    ) -> Iterator[list[Numerals]]:
        """The columns of each block of rows, every field a number."""
        chosen = [self.index(name) for name in columns]
        size = rows or max(1, BLOCK_FIELDS // len(self.names))
        blocks = field_blocks(self.path, self.separator, size, self.encoding)
        next(blocks, None)
        read = complete = 0
        for block in blocks:
            read += len(block.lines)
            fields, lines = self._complete(block, chosen, left_out)
            if lines:
                complete += len(lines)
                kept(lines)
                numbers = [self._column(*named, lines) for named in zip(columns, fields, strict=True)]
                if weights is not None:
                    self._refuse_negative(weights, numbers[columns.index(weights)], lines)
                yield numbers
            progress(before + block.read, total)
        if not read:
            raise EmptyError(f"{self.path} has column names and no rows: give the data")
        if not complete:
            used = quoted(columns)
            raise EmptyError(f"{self.path}: no row has a number in each of the columns {used}: use fewer of them")

    def _complete(
        self, block: FieldBlock, chosen: Sequence[int], left_out: Told
    ) -> tuple[list[Sequence[str]], Sequence[int]]:
        """The chosen columns of a block and its lines, without rows in which a number is missing, if those may go."""
        columns = [block.column(j) for j in chosen]
        absent = np.any([missing(fields) for fields in columns], axis=0) if self.missing == "drop" else np.False_
        if not absent.any():
            return columns, block.lines
        left_out([block.lines[i] for i in np.flatnonzero(absent).tolist()])
        kept = np.flatnonzero(~absent).tolist()
        return [[fields[i] for i in kept] for fields in columns], [block.lines[i] for i in kept]

    def _column(self, name: str, fields: Sequence[str], lines: Sequence[int]) -> Numerals:
        try:
            return Numerals.read(fields, self.notation)
        except BadField as bad:
            other = OTHER_KINDS if bad.kind is NotNumericError and self._holds_no_number(fields) else ()
            raise bad.kind(f"{self._place(lines[bad.row], name)}: ", *bad.says, *other) from None

    def _holds_no_number(self, fields: Sequence[str]) -> bool:
        """Whether none of the first cells is a number, as where they are dates or names of groups."""
        for field_ in fields[:FIRST]:
            with suppress(BadField):
                Numerals.read([field_], self.notation)
                return False
        return True

    def _refuse_negative(self, name: str, weights: Numerals, lines: Sequence[int]) -> None:
        below = np.flatnonzero(weights.values < 0).tolist()
        if below:
            where, what = self._place(lines[below[0]], name), weights.fields[below[0]].strip()
            raise OutOfRangeError(f"{where}: {what} is a negative weight: give weights of 0 or more")

    def _place(self, line: int, name: str) -> str:
        return f"{self.path}, line {line}, column {name!r}"


def _as_ints(whole: Array) -> Array:
    """Whole float64 numbers as Python ints, in an object array."""
    return whole.astype(np.int64).astype(object)
