"""One column as it was given: which cells are missing, and what the others are."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, InputError
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn
from stabilitylab.data.table.table import Dating, Moments


class BadCell(Exception):  # noqa: N818 - it becomes an error of this package where line and column are known
    """Cell `row` cannot be used: `says` why and the way out, `kind` is the error to raise for it."""

    def __init__(self, row: int, kind: type[InputError], *says: str | Argument) -> None:
        super().__init__(row, kind, *says)
        self.row, self.kind, self.says = row, kind, says


class Reading(NamedTuple):
    """The values of a column; note: the end of a sentence about it, "" for none; moments: of dates and durations."""

    values: DataColumn
    note: str = ""
    moments: Moments | None = None


@dataclass(frozen=True, eq=False)
class GivenColumn(ABC):
    """A column of m cells."""

    name: str

    @property
    @abstractmethod
    def absent(self) -> Array:
        """Which cells hold nothing (m,) bool."""

    @abstractmethod
    def reading(self, rows: Array | None, dating: Dating) -> Reading:
        """What stands in some rows, all of them for None, none of them absent; dates as `dating` says.

        Raises BadCell, with the row among these.
        """

    @abstractmethod
    def shown(self, row: int) -> str:
        """A cell as it stands there, "" for one that holds nothing."""

    @property
    def counts_rows(self) -> bool:
        """Whether the cells are the numbers of the rows, 0, 1, ... or 1, 2, ..., as programs write them."""
        return False

    def differ(self, at_least: int) -> bool:
        """Whether the cells are texts that begin with letters, at least so many, no two of them the same."""
        return False


def is_constant(values: DataColumn) -> bool:
    """Whether all values of a column are one."""
    if isinstance(values, Labels):
        return len(values.levels) == 1
    if isinstance(values, ExactColumn):
        first = values.integers[0]
        return all(n == first for n in values.integers)
    return bool((values == values[0]).all())
