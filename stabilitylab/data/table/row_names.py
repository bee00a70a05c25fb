"""A column that only names the rows: the index that pandas writes, the names of rows of R, a name for each row."""

from collections.abc import Sequence
from typing import NamedTuple

from stabilitylab.data.table.column import GivenColumn

NAMES = frozenset({"unnamed: 0", "rownames", "row.names", "row_names", "row names", "rowname", "index"})
"""What programs call such a column, in lower case."""
FEWEST = 3  # rows, of which texts that all differ are taken for names


class RowNames(NamedTuple):
    """column: the one that names the rows, None for none; name: what it is called; notes: sentences about it."""

    column: GivenColumn | None = None
    name: str = ""
    notes: tuple[str, ...] = ()


def without_row_names(columns: Sequence[GivenColumn], needed: Sequence[str] | None) -> RowNames:
    """The first column where it names the rows only, and is not among those needed by name.

    That is where it has no name and the others have one; where it has a name that programs give to the names of rows,
    and either counts them or holds no numbers; or where it holds a text for each row, all of them different.
    """
    if len(columns) < 2 or (needed is not None and columns[0].name in needed):
        return RowNames()
    first = columns[0]
    if not first.name:
        if any(column.name for column in columns[1:]):
            return RowNames(
                first, "column 1", ("the first column, which has no name, names the rows: not used as data",)
            )
        return RowNames()
    called = first.name.lower() in NAMES
    if (called and first.counts_rows) or first.differ(FEWEST - 2 * called):
        return RowNames(first, first.name, (f"column {first.name!r} names the rows: not used as data",))
    return RowNames()
