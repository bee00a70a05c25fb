"""Named columns in memory, each exactly as the person has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn
from stabilitylab.data.table.row_shown import RowShown

UNITS: Mapping[str, int] = {
    "nanoseconds": 1,
    "microseconds": 10**3,
    "milliseconds": 10**6,
    "seconds": 10**9,
    "minutes": 60 * 10**9,
    "hours": 3600 * 10**9,
    "days": 86_400 * 10**9,
    "weeks": 604_800 * 10**9,
}
"""The units in which dates are counted, each in nanoseconds."""

DateOrder: TypeAlias = Literal["dmy", "mdy"]


class Dating(NamedTuple):
    """How dates are read: in which unit, a name of UNITS, they are counted, and what 03/04/2024 is, None: found out."""

    unit: str = "days"
    order: DateOrder | None = None


@dataclass(frozen=True)
class Moments:
    """A column of dates or times, which has become numbers: units elapsed since the first of them.

    unit: a name of UNITS. first: the moment counted from, in ISO 8601, as a person reads it; "" for durations, which
    are counted from zero.
    """

    unit: str
    first: str


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of one length, each exactly as given: decimals, stored floats, or labels.

    name: of the file, or "data". columns: in their order; exact decimals (text, integers) as an ExactColumn, arrays of
    floats bit for bit, texts as Labels. places (m,): where each row stands in the person's own table, as messages
    count them: lines of a file, rows from 0 otherwise (`place` says which). notes: sentences about what was found out
    or decided on the way: the separator, what dates became, which rows were left out and why. rows_left_out: how many.
    moments: of each column of dates, what it was turned into. row_names: the column that only names the rows, which is
    not among `columns`; "" for none. code: the line by which a person's program would load the table, "" if unknown.
    gaps: some of the rows that were left out, with the cells that are used.
    """

    name: str
    columns: Mapping[str, DataColumn]
    places: Sequence[int]
    place: str = "row"
    notes: tuple[str, ...] = ()
    rows_left_out: int = 0
    moments: Mapping[str, Moments] = field(default_factory=dict)
    row_names: str = ""
    code: str = ""
    gaps: tuple[RowShown, ...] = ()

    @property
    def rows(self) -> int:
        """m."""
        return len(self.places)

    @property
    def numbers(self) -> dict[str, ExactColumn | Array]:
        """The columns of numbers."""
        return {name: values for name, values in self.columns.items() if not isinstance(values, Labels)}

    @property
    def labels(self) -> dict[str, Labels]:
        """The columns of texts."""
        return {name: values for name, values in self.columns.items() if isinstance(values, Labels)}
