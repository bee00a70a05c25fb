"""Where the rows of a person's table stand, as messages count them: lines of a file, rows of a sheet, rows from 0."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.places import FIRST, label_shown

FEW = 5  # places that a message names


@dataclass(frozen=True, eq=False)
class Rows:
    """The place of each row. source: the file, "" for what was passed in. place: what is counted: line, row, sheet row.

    labels: of the rows, as the index of pandas has them; None where these are their numbers.
    """

    numbers: Sequence[int]
    place: str = "row"
    source: str = ""
    labels: Any = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def head(self) -> str:
        """What a message about the whole table begins with."""
        return f"{self.source}: " if self.source else ""

    def entry(self, row: int, column: str) -> str:
        """The cell of a column in row `row` (0 for the first here), as the beginning of a message."""
        number = self.numbers[row]
        if self.place != "row":
            return f"{self.source}, {self.place} {number}, column {column!r}"
        index = "" if self.labels is None else f"; its index is {label_shown(self.labels[row])}"
        where = f"column {column!r}, row {number} ({FIRST}{index})"
        return f"{self.source}, {where}" if self.source else where

    def some(self, which: Array) -> str:
        """A few of the rows for which `which` (m,) holds: "lines 4, 7, 12, ..."."""
        found = np.flatnonzero(which)
        shown = ", ".join(str(self.numbers[int(i)]) for i in found[:FEW])
        return f"{self.place}{'s' * (len(found) != 1)} {shown}{', ...' * (len(found) > FEW)}"

    def picked(self, rows: Array) -> "Rows":
        """Those rows alone."""
        labels = None if self.labels is None else [self.labels[int(i)] for i in rows]
        return replace(self, numbers=[self.numbers[int(i)] for i in rows], labels=labels)
