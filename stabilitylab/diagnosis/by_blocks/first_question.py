"""The question that is asked of a long file: by its first rows, and by the groups of all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn
from stabilitylab.data.table import Table
from stabilitylab.data.table.by_blocks import LongFile, Scan, scanned
from stabilitylab.data.table.by_blocks.columns import LongColumn, LongGroups
from stabilitylab.data.table.column import BadCell
from stabilitylab.data.tabular.columns import Missing
from stabilitylab.diagnosis.question import Question

Report = Callable[[str, int, int], None]

FIRST, SECOND = "reading, first time", "reading, second time"


@dataclass(frozen=True, eq=False)
class Seen:
    """What the first reading of a file found.

    question: on a few rows, in which every group of the file is. columns: as they are to be read again. scan: which
    rows count. groups: the levels of each category.
    """

    question: Question
    columns: tuple[LongColumn, ...]
    scan: Scan
    groups: Mapping[str, Labels]


def first_question(
    file: LongFile,
    ask: Callable[[Table], Question],
    needed: Sequence[str] | None,
    *,
    missing: Missing,
    rows: int | None,
    progress: Report,
) -> Seen:
    """Ask the first rows, read all of the file once, and ask again where there are groups.

    A file may be sorted by a group, so that its first rows have one alone: a refusal by these is no refusal then.
    needed: the columns that are used, None for all. Raises the errors of `ask` and of `scanned`.
    """
    question, texts = None, file.first.labels
    try:
        question = ask(file.first)
    except (InputError, UnknownNameError) as error:
        of_a_column = isinstance(error, UnknownNameError) and needed is None  # those needed are known to be there
        if not texts or of_a_column:
            raise
    names = list(dict.fromkeys(file.first.columns if needed is None else needed))
    columns = [_column(file, name, as_labels=name in texts) for name in names]
    of_numbers = [] if question is None else [name for name in question.problem.design.labels if name not in texts]
    columns += [_column(file, name, as_labels=True) for name in of_numbers]
    scan = scanned(file, columns, missing, rows, lambda done, total: progress(FIRST, done, total))
    groups = {column.name: _levels(file, column) for column in columns if isinstance(column, LongGroups)}
    if texts or question is None:
        question = ask(_with_all_groups(file.first, {name: groups[name] for name in names if name in texts}, scan.rows))
    return Seen(question, tuple(columns), scan, groups)


def _with_all_groups(table: Table, groups: Mapping[str, Labels], rows: int) -> Table:
    """A table that has so many rows as it says, and columns of a few, in which each group occurs, in its order."""
    length = max([len(table.places), *(len(labels.levels) for labels in groups.values())])
    columns = {
        name: Labels(tuple(islice(cycle(groups[name].levels), length))) if name in groups else _as_long(values, length)
        for name, values in table.columns.items()
    }
    return replace(table, columns=columns, places=range(rows))


def _as_long(values: DataColumn, length: int) -> DataColumn:
    """A column again and again, until it is so long."""
    if isinstance(values, Labels):
        return replace(values, values=tuple(islice(cycle(values.values), length)))
    if isinstance(values, ExactColumn):
        integers = tuple(islice(cycle(values.integers), length))
        return (
            Decimals(integers, values.exponent) if isinstance(values, Decimals) else ExactColumn(integers, values.scale)
        )
    return np.resize(values, length)


def _column(file: LongFile, name: str, *, as_labels: bool) -> LongColumn:
    try:
        return file.column(name, as_labels=as_labels)
    except BadCell as bad:
        raise bad.kind(f"{file.path}, column {name!r}: ", *bad.says) from None


def _levels(file: LongFile, column: LongGroups) -> Labels:
    try:
        return column.labels
    except BadCell as bad:
        raise bad.kind(f"{file.path}, column {column.name!r}: ", *bad.says) from None
