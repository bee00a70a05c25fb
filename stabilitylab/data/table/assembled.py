"""A table of columns as they were given: names checked, missing cells counted, rows left out, each column read."""

from collections.abc import Sequence

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, EmptyError, InputError, NotFiniteError, UnknownNameError
from stabilitylab.core.printable import quoted
from stabilitylab.core.suggest import unknown_names
from stabilitylab.data.problem import DataColumn
from stabilitylab.data.table.column import BadCell, GivenColumn, is_constant
from stabilitylab.data.table.row_shown import RowShown
from stabilitylab.data.table.rows import Rows
from stabilitylab.data.table.table import Dating, Moments, Table
from stabilitylab.data.tabular.columns import FEW, Missing
from stabilitylab.data.tabular.numerals import DROP

SHOWN = 5  # rows that are left out, whose cells are kept for a report
FEWER = 3  # columns of which a note names the missing cells


def assembled(
    columns: Sequence[GivenColumn],
    rows: Rows,
    *,
    name: str,
    missing: Missing,
    needed: Sequence[str] | None,
    dating: Dating,
    notes: Sequence[str] = (),
    row_names: str = "",
    code: str = "",
) -> Table:
    """The table of the columns. needed: those that are used; None for all.

    A column that is not needed and that cannot be read, or of which a cell is missing, is left out, with a note.
    Raises EmptyError, InputError for a name that two columns have, NotFiniteError for missing cells unless they are
    dropped, UnknownNameError, and the errors of cells, each with its place.
    """
    notes = list(notes)
    used = _used(columns, rows, needed)
    if not len(rows):
        raise EmptyError(f"{rows.head}there are column names and no rows: give the data")
    try:
        kept = _kept(used, rows, missing)
    except NotFiniteError as error:
        others = _unreadable(used, rows, dating)
        raise NotFiniteError(*error.args, *(part for _, says in others for part in ("; also ", *says))) from None
    left_out = 0 if kept is None else len(rows) - len(kept)
    gaps: list[RowShown] = []
    if kept is not None:
        gone = np.setdiff1d(np.arange(len(rows)), kept)[:SHOWN].tolist()
        gaps = [RowShown(rows.numbers[i], {column.name: column.shown(i) for column in used}) for i in gone]
        notes.append(
            f"{left_out} of {len(rows)} rows are left out, in which a cell is missing: {_counts(used, rows, FEWER)}"
        )
        rows = rows.picked(kept)
    values: dict[str, DataColumn] = {}
    moments: dict[str, Moments] = {}
    unused: list[str] = []
    names = {id(column) for column in used}
    for column in columns:
        optional = id(column) not in names
        if optional and (not column.name or column.name in unused or _twice(columns, column.name)):
            unused.append(column.name)
            continue
        if optional and bool((column.absent if kept is None else column.absent[kept]).any()):
            unused.append(column.name)
            continue
        try:
            reading = column.reading(kept, dating)
        except BadCell:
            if optional:
                unused.append(column.name)
                continue
            raise _refused(used[used.index(column) :], rows, dating, kept) from None
        values[column.name] = reading.values
        if reading.moments is not None:
            moments[column.name] = reading.moments
        if reading.note:
            notes.append(f"column {column.name!r} {reading.note}")
        if len(rows) > 1 and is_constant(reading.values):
            notes.append(f"column {column.name!r} holds one value in every row")
    if unused:
        distinct = list(dict.fromkeys(unused))
        few = quoted(distinct, FEW)
        notes.append(
            f"not used, and left out since cells are missing or cannot be read: column{'s' * (len(distinct) > 1)} {few}"
        )
    return Table(
        name=name,
        columns=values,
        places=tuple(rows.numbers),
        place=rows.place,
        notes=tuple(notes),
        rows_left_out=left_out,
        moments=moments,
        row_names=row_names,
        code=code,
        gaps=tuple(gaps),
    )


def _refused(used: Sequence[GivenColumn], rows: Rows, dating: Dating, kept: Array | None) -> InputError:
    """The error about all columns of which a cell cannot be used: of their kind, where they have one in common."""
    bad = _unreadable(used, rows, dating, kept)
    kinds = {kind for kind, _ in bad}
    parts = [part for _, says in bad for part in ("; also ", *says)]
    return (kinds.pop() if len(kinds) == 1 else InputError)(*parts[1:])


def _unreadable(
    used: Sequence[GivenColumn], rows: Rows, dating: Dating, kept: Array | None = None
) -> list[tuple[type[InputError], tuple[str | Argument, ...]]]:
    """What is wrong with each column that cannot be read: the kind of error, and the message with place and way out.

    kept: the rows that are read, which `rows` then are; None: those in which the column has a value.
    """
    found = []
    for column in used:
        there = kept
        if kept is None and column.absent.any():
            there = np.flatnonzero(~column.absent)
            if not len(there):
                continue
        try:
            column.reading(there, dating)
        except BadCell as bad:
            row = bad.row if kept is not None or there is None else int(there[bad.row])
            found.append((bad.kind, (f"{rows.entry(row, column.name)}: ", *bad.says)))
    return found


def _twice(columns: Sequence[GivenColumn], name: str) -> bool:
    return sum(column.name == name for column in columns) > 1


def require_names(known: Sequence[str], rows: Rows, needed: Sequence[str]) -> None:
    """Raise UnknownNameError for all that are needed and not known, each with similar names."""
    if unknown := list(dict.fromkeys(name for name in needed if name not in known)):
        raise UnknownNameError(f"{rows.head}{unknown_names(unknown, [name for name in known if name], few=FEW)}")


def _used(columns: Sequence[GivenColumn], rows: Rows, needed: Sequence[str] | None) -> list[GivenColumn]:
    """The columns that are used, each with a name of its own."""
    if not columns:
        raise EmptyError(f"{rows.head}there are no columns: give the data")
    known = [column.name for column in columns]
    if needed is not None:
        require_names(known, rows, needed)
    used = [column for column in columns if needed is None or column.name in needed]
    for column in used:
        places = [j for j, name in enumerate(known, 1) if name == column.name]
        if not column.name:
            raise InputError(f"{rows.head}column {places[0]} has no name: give it one, or say which columns are used")
        if len(places) > 1:
            which = f"{', '.join(map(str, places[:-1]))} and {places[-1]}"
            both = "both" if len(places) == 2 else "all"
            raise InputError(f"{rows.head}columns {which} are {both} named {column.name!r}: rename one")
    return used


def _kept(used: Sequence[GivenColumn], rows: Rows, missing: Missing) -> Array | None:
    """The rows in which no cell of the columns is missing; None for all."""
    gaps = [column.absent for column in used if column.absent.any()]
    if not gaps:
        return None
    absent = np.any(gaps, axis=0)
    if absent.all():
        raise EmptyError(
            f"{rows.head}no row has a value in each of the columns used: cells are missing, {_counts(used, rows)}: "
            f"leave columns out, or give the values"
        )
    if missing == "drop":
        return np.flatnonzero(~absent)
    cells = sum(int(gap.sum()) for gap in gaps)
    raise NotFiniteError(
        f"{rows.head}{cells} cell{'s are' if cells > 1 else ' is'} missing, {_counts(used, rows)}: give the values, or "
        f"leave such rows out ({int(absent.sum())} of {len(rows)}), ",
        DROP,
    )


def _counts(used: Sequence[GivenColumn], rows: Rows, most: int = FEW) -> str:
    """How many cells of each column are missing, and where the first of them are; the columns with most in front."""
    counts = [(int(column.absent.sum()), column) for column in used]
    counts = sorted((pair for pair in counts if pair[0]), key=lambda pair: -pair[0])
    if len(counts) == 1:
        return f"in column {counts[0][1].name!r} ({rows.some(counts[0][1].absent)})"
    said = [f"{count} in column {column.name!r} ({rows.some(column.absent)})" for count, column in counts[:most]]
    return "; ".join(said) + f"; ... in {len(counts)} columns" * (len(counts) > most)
