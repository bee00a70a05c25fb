"""What a file that is read by blocks has to offer, and the two readings of it."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import EmptyError, InputError, NotFiniteError
from stabilitylab.data.table.assembled import SHOWN
from stabilitylab.data.table.by_blocks.columns import LongColumn
from stabilitylab.data.table.column import BadCell
from stabilitylab.data.table.row_shown import RowShown
from stabilitylab.data.table.rows import FEW, Rows
from stabilitylab.data.table.table import Table
from stabilitylab.data.tabular.columns import Missing, Progress
from stabilitylab.data.tabular.numerals import DROP


@dataclass(frozen=True, eq=False)
class RawBlock:
    """cells: of each column that was asked for. places: of the rows, as messages count them. read: of the size."""

    cells: Sequence[Any]
    places: Sequence[int]
    read: int

    def picked(self, rows: Array) -> "RawBlock":
        """Some of the rows alone."""
        which = rows.tolist()
        cells = [
            column[rows] if isinstance(column, np.ndarray) else [column[i] for i in which] for column in self.cells
        ]
        return RawBlock(cells, [self.places[i] for i in which], self.read)

    def shown(self, row: int, names: Sequence[str]) -> RowShown:
        """A row of the block, of columns of these names."""
        return RowShown(self.places[row], {name: str(c[row]) for name, c in zip(names, self.cells, strict=True)})


class LongFile(ABC):
    """A file with named columns that is not held in memory."""

    path: Path
    place: ClassVar[str]

    @property
    @abstractmethod
    def first(self) -> Table:
        """The table of its first rows, those left out in which a cell is missing."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How much there is to read, in units of `RawBlock.read`."""

    @abstractmethod
    def column(self, name: str, *, as_labels: bool) -> LongColumn:
        """What the column of that name is, by its first rows. Raises BadCell."""

    @abstractmethod
    def blocks(self, names: Sequence[str], rows: int | None) -> Iterator[RawBlock]:
        """These columns of all rows, so many rows at a time."""


@dataclass(eq=False)
class _Gaps:
    """Missing cells: how many in each column, in which rows first, how many rows have one, and the first of these."""

    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[int]] = field(default_factory=dict)
    rows: int = 0
    shown: list[RowShown] = field(default_factory=list)

    def said(self, place: str) -> str:
        """In which columns, how many, and where first."""
        found = [
            f"{count if len(self.counts) > 1 else ''} in column {name!r} ".lstrip()
            + f"({place}{'s' * (count > 1)} {', '.join(map(str, self.places[name]))}{', ...' * (count > FEW)})"
            for name, count in self.counts.most_common()
        ]
        return "; ".join(found)


@dataclass(frozen=True, eq=False)
class Scan:
    """What the first reading found: rows without a missing cell, others, the sentence about these, and some of them."""

    rows: int
    left_out: int
    note: str
    gaps: tuple[RowShown, ...]


def scanned(
    file: LongFile, columns: Sequence[LongColumn], missing: Missing, rows: int | None, progress: Progress
) -> Scan:
    """Let every column see its cells, and count rows. progress(done, total).

    Raises NotFiniteError for missing cells, all of them counted, unless their rows are dropped; EmptyError for no rows,
    and the errors of cells, each with its place.
    """
    gaps, read, complete = _Gaps(), 0, 0
    for block in file.blocks([column.name for column in columns], rows):
        read += len(block.places)
        block = _without_gaps(block, columns, gaps)
        complete += len(block.places)
        if block.places:
            for column, cells in zip(columns, block.cells, strict=True):
                with _placed(file, column, block):
                    column.see(cells)
        progress(min(block.read, file.size), file.size)
    if not read:
        raise EmptyError(f"{file.path} has column names and no rows: give the data")
    if not complete:
        raise EmptyError(
            f"{file.path}: no row has a value in each of the columns used: cells are missing, "
            f"{gaps.said(file.place)}: leave columns out, or give the values"
        )
    cells = sum(gaps.counts.values())
    if cells and missing != "drop":
        raise NotFiniteError(
            f"{file.path}: {cells} cell{'s are' if cells > 1 else ' is'} missing, {gaps.said(file.place)}: give the "
            f"values, or leave such rows out ({gaps.rows} of {read}), ",
            DROP,
        )
    note = f"{gaps.rows} of {read} rows are left out, in which a cell is missing: {gaps.said(file.place)}"
    return Scan(complete, gaps.rows, note if cells else "", tuple(gaps.shown))


def numbered(
    file: LongFile, columns: Sequence[LongColumn], scan: Scan, rows: int | None, progress: Progress
) -> Iterator[tuple[list[Array], RawBlock]]:
    """The numbers of each column, and the cells that they are, a block after the other, in the second reading.

    Raises InputError where the file is not what it was in the first.
    """
    changed = InputError(f"{file.path} was changed while it was being read: run again when it stands still")
    left = scan.rows
    for block in file.blocks([column.name for column in columns], rows):
        block = _without_gaps(block, columns, _Gaps())
        left -= len(block.places)
        if block.places:
            try:
                numbers = [column.numbers(cells) for column, cells in zip(columns, block.cells, strict=True)]
            except (BadCell, KeyError, ValueError):
                raise changed from None
            yield numbers, block
        progress(min(block.read, file.size), file.size)
    if left:
        raise changed


def _without_gaps(block: RawBlock, columns: Sequence[LongColumn], gaps: _Gaps) -> RawBlock:
    """The rows without a missing cell; the others are counted."""
    absent = [column.absent(cells) for column, cells in zip(columns, block.cells, strict=True)]
    rows = np.any(absent, axis=0)
    if not rows.any():
        return block
    for name, gap in {column.name: gap for column, gap in zip(columns, absent, strict=True)}.items():
        if gap.any():
            gaps.counts[name] += int(gap.sum())
            first = gaps.places.setdefault(name, [])
            first += [block.places[int(i)] for i in np.flatnonzero(gap)[: FEW - len(first)]]
    gaps.rows += int(rows.sum())
    names = [column.name for column in columns]
    gaps.shown += [block.shown(int(i), names) for i in np.flatnonzero(rows)[: SHOWN - len(gaps.shown)]]
    return block.picked(np.flatnonzero(~rows))


class _placed:  # noqa: N801 - used as a function
    """Gives the error of a cell its place in the file."""

    def __init__(self, file: LongFile, column: LongColumn, block: RawBlock) -> None:
        self.file, self.column, self.block = file, column, block

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BadCell):
            rows = Rows(self.block.places, self.file.place, str(self.file.path))
            raise error.kind(f"{rows.entry(error.row, self.column.name)}: ", *error.says) from None
