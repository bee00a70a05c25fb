"""Named columns of a file: finding one, or all others; an unknown name is answered with similar ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, InputError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean

FileTruth: TypeAlias = Literal["decimal", "matrix"]
Blocks: TypeAlias = Iterator[Array]
Progress: TypeAlias = Callable[[int, int], None]
"""Is told how much of a file has been read, and how much there is."""

Missing: TypeAlias = Literal["refuse", "drop"]
"""What is done with a row of which a number is missing: the file is refused, or the row is left out."""

Told: TypeAlias = Callable[[Sequence[int]], None]
"""Is told the places of rows, as messages count them: lines of text, rows of an array from 0."""

FEW = 12  # columns that are all named where one is not found
BLOCK_FIELDS = 2**19  # of one block: some tens of megabytes as text


def no_progress(done: int, total: int) -> None:
    """Shows nothing."""


def not_counted(places: Sequence[int]) -> None:
    """Keeps nothing."""


@dataclass(frozen=True)
class Named:
    """A file with named columns."""

    path: Path
    names: tuple[str, ...]

    def index(self, name: str) -> int:
        """The place of the one column of that name. Raises UnknownNameError, with similar names; InputError for two."""
        places = [j for j, known in enumerate(self.names) if known == name]
        if len(places) == 1:
            return places[0]
        if places:
            raise InputError(
                f"{self.path}: columns {' and '.join(str(j + 1) for j in places)} are both named {name!r}: rename one"
            )
        hint = did_you_mean(name, self.names, plural="columns", show=repr, few=FEW)
        raise UnknownNameError(f"{self.path}: no column is named {name!r}: {hint}")

    def others(self, taken: Sequence[str]) -> tuple[str, ...]:
        """Every column but those taken. Raises InputError for one without a name, which is most often a row number."""
        others = tuple(name for name in self.names if name not in taken)
        if "" in others:
            named = tuple(name for name in others if name)[:5] or ("a", "b")
            raise InputError(
                f"{self.path}: column {self.names.index('') + 1} has no name (row numbers?): name the columns to use, ",
                Argument("columns", named),
            )
        for name in others:
            self.index(name)
        return others
