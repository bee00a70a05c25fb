"""Cells, and the Table that they make: formed from rows by `report.grid`, printed by `report.writers`.

A cell is never blank and a number in it is always finite.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from stabilitylab.report.marks import ABSENT, FAILURES, ORDER, Mark, superscript

_COUNT = re.compile(r"\b(\d+) of (\d+)\b")
"""A count in a sentence about a cell, in which it may differ from another that says the same."""


@dataclass(frozen=True)
class CountedMark:
    """A mark that holds for `count` of the `of` rows in a cell."""

    mark: Mark
    count: int = 1
    of: int = 1

    def __str__(self) -> str:
        return self._counted(self.mark.symbol)

    @property
    def name(self) -> str:
        """The mark's name, with the count where it is not for all rows."""
        return self._counted(self.mark.name)

    def _counted(self, text: str) -> str:
        return text if self.count == self.of else f"{text} {self.count}/{self.of}"


@dataclass(frozen=True)
class Cell:
    """One place of a table: its text, the value behind it, its marks, and sentences about it alone (a cause, a reason).

    given: whether the route of some row behind it started at the answer, so that the digits are not its own.
    Raises ValueError for a value that is not finite and for a cell that would be blank.
    """

    text: str
    value: float | int | str | None = None
    marks: tuple[CountedMark, ...] = ()
    details: tuple[str, ...] = ()
    given: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError(f"a cell cannot hold {self.value}: give None and a mark")
        if not self.text.strip() and not self.marks:
            raise ValueError("a cell cannot be blank: give a text or a mark")

    @property
    def mark(self) -> str:
        """The symbols, each with its count where it is not for all rows."""
        return " ".join(map(str, self.marks))

    @property
    def status(self) -> str:
        """The names of the marks, for programs; empty for a plain value."""
        return "; ".join(counted.name for counted in self.marks)

    @property
    def failed(self) -> bool:
        """Whether a row of the cell has no finite coefficients."""
        return any(counted.mark in FAILURES for counted in self.marks)

    @property
    def absent(self) -> bool:
        """Whether no row falls into the cell."""
        return any(counted.mark.name == ABSENT.name for counted in self.marks)


@dataclass(frozen=True)
class Footnote:
    """A sentence under a table, and the symbol that refers to it (none for one about the whole table)."""

    symbol: str
    sentence: str


@dataclass(frozen=True)
class Table:
    """A title, a header, and a body of cells, each row as long as the header.

    scored: whether a column holds results, which may carry marks. notes: sentences about the whole table.
    below: how many of the last rows stand below a rule, apart from the others.
    """

    title: str
    header: tuple[str, ...]
    scored: tuple[bool, ...]
    body: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    below: int = 0

    def __post_init__(self) -> None:
        if {len(self.header)} != {len(self.scored), *map(len, self.body)}:
            raise ValueError(f"every row must have {len(self.header)} cells, as the header has")

    @property
    def details(self) -> tuple[str, ...]:
        """The sentences peculiar to cells, each once, in order of appearance; footnote k + 1 is the k-th.

        Sentences that differ in counts alone, "1 of 2" and "10 of 11", are one, which holds all of these.
        """
        return tuple(map(_together, self._alike.values()))

    @cached_property
    def _alike(self) -> dict[str, list[str]]:
        """The sentences about cells under what they say without their counts, in order of appearance."""
        alike: dict[str, list[str]] = {}
        for detail in dict.fromkeys(detail for row in self.body for cell in row for detail in cell.details):
            alike.setdefault(_COUNT.sub("", detail), []).append(detail)
        return alike

    @property
    def footnotes(self) -> tuple[Footnote, ...]:
        """The marks used in their fixed order, then the numbered details, then the notes."""
        used = dict.fromkeys(counted.mark for row in self.body for cell in row for counted in cell.marks)
        order = [mark.name for mark in ORDER]
        marks = sorted(used, key=lambda mark: order.index(mark.name))
        return (
            *(Footnote(mark.symbol, mark.sentence) for mark in marks),
            *(Footnote(superscript(k), detail) for k, detail in enumerate(self.details, 1)),
            *(Footnote("", note) for note in self.notes),
        )

    def printed(self, cell: Cell) -> str:
        """A cell as it is read: its text, its marks, and the numbers of its footnotes."""
        places = list(self._alike)
        noted = sorted({places.index(_COUNT.sub("", detail)) for detail in cell.details})
        numbers = ",".join(superscript(place + 1) for place in noted)
        return " ".join(part for part in (cell.text, cell.mark + numbers) if part)


def _together(sentences: list[str]) -> str:
    """One sentence for several that differ in counts alone, each count in the place where it stands in them."""
    counts = [_COUNT.findall(sentence) for sentence in sentences]
    if len(sentences) == 1:
        return sentences[0]
    columns = iter(zip(*counts, strict=True))
    return _COUNT.sub(lambda _: _listed(next(columns)), sentences[0])


def _listed(counts: Iterable[tuple[str, str]]) -> str:
    """Such as "1 of 2, 2 of 3 or 10 of 11", by size."""
    *first, last = [f"{k} of {n}" for n, k in sorted({(int(n), int(k)) for k, n in counts})]
    return f"{', '.join(first)} or {last}" if first else last
