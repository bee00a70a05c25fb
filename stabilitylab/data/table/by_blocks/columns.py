"""A column of a file that is read twice by blocks: what all of it is after the first time, its numbers in the second.

Whatever a block cannot know by itself is of the whole column: how many digits stand behind the point, which levels
there are, which moment is the first.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, NotNumericError
from stabilitylab.data.labels import Labels
from stabilitylab.data.table.column import BadCell
from stabilitylab.data.table.dates import dates_of
from stabilitylab.data.table.moments import Times, elapsed
from stabilitylab.data.table.table import UNITS, DateOrder, Dating, Moments
from stabilitylab.data.table.texts import TRUTHS, TextColumn, read_texts, shown
from stabilitylab.data.tabular.numerals import BadField, Notation, Numerals, missing

MOST_LEVELS = 1000  # of a category, each of which becomes a feature


@dataclass(eq=False)
class LongColumn(ABC):
    """A column of cells that come in blocks. `see` all of them, then ask for the `numbers` of each block again."""

    name: str
    rounded: bool = False
    """Whether the numbers are floats, which the file holds already rounded, and not whole multiples of the scale."""

    def absent(self, cells: Any) -> Array:
        """Which cells of a block hold nothing (k,) bool: empty ones, NA, null, and the like."""
        return missing(cells)

    @abstractmethod
    def see(self, cells: Any) -> None:
        """Learn what a block of k cells is, none of them absent. Raises BadCell."""

    @abstractmethod
    def numbers(self, cells: Any) -> Array:
        """The numbers of k cells over the scale: float64 that holds them exactly, or Python ints in an object array."""

    @property
    def scale(self) -> Fraction:
        """What one counts; known when all cells were seen."""
        return Fraction(1)

    @property
    def note(self) -> str:
        """The end of a sentence about the column, "" for none."""
        return ""

    @property
    def moments(self) -> Moments | None:
        """Of dates, what they are counted from."""
        return None


@dataclass(eq=False)
class LongNumbers(LongColumn):
    """Decimals as written."""

    notation: Notation = field(default_factory=Notation)
    places: int = 0

    def see(self, cells: Sequence[str]) -> None:
        """As in every column of its kind."""
        self.places = max(self.places, int(_numerals(cells, self.notation).places.max()))

    def numbers(self, cells: Sequence[str]) -> Array:
        """As in every column of its kind."""
        return _numerals(cells, self.notation).integers(self.places)

    @property
    def scale(self) -> Fraction:
        """As in every column of its kind."""
        return Fraction(1, 10**self.places)


def _numerals(cells: Sequence[str], notation: Notation) -> Numerals:
    try:
        return Numerals.read(cells, notation)
    except BadField as bad:
        raise BadCell(bad.row, bad.kind, *bad.says) from None


@dataclass(eq=False)
class LongTruths(LongColumn):
    """true and false."""

    def see(self, cells: Sequence[str]) -> None:
        """As in every column of its kind."""
        self.numbers(cells)

    def numbers(self, cells: Sequence[str]) -> Array:
        """As in every column of its kind."""
        found = [TRUTHS.get(cell.strip().lower(), -1) for cell in cells]
        if -1 in found:
            row = found.index(-1)
            raise BadCell(row, NotNumericError, f"{shown(cells[row])} is neither true nor false, as others are")
        return np.array(found, dtype=np.float64)

    @property
    def note(self) -> str:
        """As in every column of its kind."""
        return "holds true and false, read as 1 and 0"


@dataclass(eq=False)
class LongDates(LongColumn):
    """Dates and times, which become units elapsed since the first of them.

    witness: a cell that says in which order day and month stand, where that takes one.
    """

    dating: Dating = field(default_factory=Dating)
    witness: str = ""
    first: Times | None = None

    def see(self, cells: Sequence[str]) -> None:
        """As in every column of its kind."""
        times = self._times(cells)
        before = self.first
        if before is None:
            self.first = replace(times, ticks=[min(times.ticks)])
            return
        tick = min(before.tick, times.tick)
        first = min(before.ticks[0] * before.tick, min(times.ticks) * times.tick)
        self.first = replace(before, ticks=[int(first / tick)], tick=tick, how=max(before.how, times.how, key=len))

    def numbers(self, cells: Sequence[str]) -> Array:
        """As in every column of its kind."""
        assert self.first is not None, "all cells were seen"
        times, first = self._times(cells), self.first
        factor = int(times.tick / first.tick)
        found = np.empty(len(cells), dtype=object)
        found[:] = [t * factor - first.ticks[0] for t in times.ticks]
        return found.astype(np.float64) if max(found) < 2**50 else found

    def _times(self, cells: Sequence[str]) -> Times:
        texts = [self.witness, *map(str.strip, cells)] if self.witness else list(map(str.strip, cells))
        before = bool(self.witness)
        try:
            times = dates_of(texts, set(texts), self.dating.order)
        except BadCell as bad:
            raise BadCell(max(0, bad.row - before), bad.kind, *bad.says) from None
        if times is None:
            raise BadCell(0, NotNumericError, f"{shown(cells[0])} is no date, and others are: correct it")
        return replace(times, ticks=times.ticks[1:]) if before else times

    @property
    def scale(self) -> Fraction:
        """As in every column of its kind."""
        assert self.first is not None, "all cells were seen"
        return self.first.tick / UNITS[self.dating.unit]

    @property
    def note(self) -> str:
        """As in every column of its kind."""
        assert self.first is not None, "all cells were seen"
        return elapsed(self.first, self.dating).note

    @property
    def moments(self) -> Moments | None:
        """As in every column of its kind."""
        assert self.first is not None, "all cells were seen"
        return elapsed(self.first, self.dating).moments


@dataclass(eq=False)
class LongGroups(LongColumn):
    """Texts, or numbers that are taken for labels: `numbers` says which of the levels each is, from 0."""

    notation: Notation = field(default_factory=Notation)
    of_numbers: bool = False
    known: dict[str, int] = field(default_factory=dict)

    def see(self, cells: Sequence[str]) -> None:
        """As in every column of its kind."""
        for label in self._labels(cells):
            self.known.setdefault(label, len(self.known))
        if len(self.known) > MOST_LEVELS:
            raise BadCell(
                0,
                InputError,
                f"the column holds more than {MOST_LEVELS} different texts, too many for groups: name the columns to "
                f"use, or give it as a number",
            )

    def numbers(self, cells: Sequence[str]) -> Array:
        """As in every column of its kind."""
        return np.array([self.known[label] for label in self._labels(cells)], dtype=np.int64)

    def _labels(self, cells: Sequence[str]) -> Sequence[str]:
        if not self.of_numbers:
            return list(map(str.strip, cells))
        distinct = list(dict.fromkeys(map(str.strip, cells)))
        numerals = _numerals(distinct, self.notation)
        places = int(numerals.places.max())
        whole = ExactColumn(tuple(int(v) for v in numerals.integers(places).tolist()), Fraction(10) ** -places)
        called = dict(zip(distinct, _texts(whole), strict=True))
        return [called[cell.strip()] for cell in cells]

    @property
    def labels(self) -> Labels:
        """The levels, in the order in which they first occur. Raises BadCell where numbers are among texts."""
        if not self.of_numbers:
            found = read_texts(list(self.known), self.notation, Dating()).values
            if not isinstance(found, Labels):
                raise BadCell(0, NotNumericError, "the first rows hold texts that others do not: give all one type")
        return Labels(tuple(self.known), numeric=self.of_numbers)


def _texts(column: ExactColumn) -> Sequence[str]:
    """Each number in its shortest text, as `Labels.of_numbers` writes decimals."""
    from stabilitylab.core.arithmetic.decimals import Decimals

    places = len(str(column.scale.denominator)) - 1
    return Labels.of_numbers(Decimals(column.integers, -places)).values


def of_text(column: TextColumn, dating: Dating, *, as_labels: bool) -> LongColumn:
    """What a column of text is, by its first cells. Raises BadCell."""
    cells, notation = column.present, column.notation
    if not cells:
        raise BadCell(0, NotNumericError, "none of the first cells holds anything: leave the column out")
    try:
        Numerals.read(cells, notation)
    except BadField:
        pass
    else:
        return (
            LongGroups(column.name, notation=notation, of_numbers=True)
            if as_labels
            else LongNumbers(column.name, notation=notation)
        )
    reading = column.reading(np.flatnonzero(~column.absent), dating)
    if reading.moments is not None:
        return LongDates(column.name, dating=dating, witness=_witness(cells, dating.order))
    if isinstance(reading.values, Labels):
        return LongGroups(column.name, notation=notation)
    return LongTruths(column.name)


def _witness(cells: Sequence[str], order: DateOrder | None) -> str:
    """A cell that is a date by itself, in the order of day and month that all have; "" for none."""
    for cell in cells:
        try:
            if dates_of([cell], {cell}, order) is not None:
                return cell
        except BadCell:
            continue
    return ""
