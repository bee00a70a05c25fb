"""Rows of the data that help a person to act, for a report that is asked to show cells."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from stabilitylab.data.labels import Labels
from stabilitylab.data.table import Table
from stabilitylab.data.table.row_shown import cell_of
from stabilitylab.diagnosis.question import Question
from stabilitylab.diagnosis.result import ShownRow
from stabilitylab.exact import CertifiedFit

MOST = 12  # columns of which the smallest and the largest number are shown, and groups of each category


def without_cells(table: Table) -> tuple[str, ...]:
    """The notes of a table without the one cell that they can hold, the moment from which dates are counted."""
    firsts = [moments.first for moments in table.moments.values() if moments.first]

    def hidden(note: str) -> str:
        first = next((first for first in firsts if note.endswith(f" elapsed since {first}")), None)
        return note if first is None else f"{note.removesuffix(first)}the first of them"

    return tuple(map(hidden, table.notes))


def shown_rows(question: Question, fit: CertifiedFit | None) -> tuple[ShownRow, ...]:
    """Each row once, with all that is to be said of it.

    Rows that were left out since a cell is missing, as many as the table keeps; of each column of numbers the row of
    the smallest and of the largest; the first row of each group, with the number of its rows; and the row that the
    certified fit misses by most.
    """
    table, problem = question.table, question.problem
    columns = {name: problem.data[name] for name in problem.data}
    why: dict[int, list[str]] = {}
    for row, text in _reasons(question, fit):
        why.setdefault(row, []).append(text)
    place = f"{table.place} "
    left_out = [ShownRow("left out: a cell is missing", f"{place}{row.place}", row.cells) for row in table.gaps]
    return (
        *left_out,
        *(
            ShownRow(
                "; ".join(texts),
                f"{place}{table.places[row]}",
                {name: cell_of(column, row) for name, column in columns.items()},
            )
            for row, texts in why.items()
        ),
    )


def _reasons(question: Question, fit: CertifiedFit | None) -> Iterator[tuple[int, str]]:
    """(row, why it is shown)."""
    problem = question.problem
    if fit is not None:
        yield int(np.abs(fit.residuals).argmax()), "farthest from the certified fit"
    for name in [*problem.design.numbers, problem.response][:MOST]:
        values = problem.column(name)
        yield int(values.argmin()), f"smallest {name}"
        yield int(values.argmax()), f"largest {name}"
    for name in problem.design.labels:
        column = problem.data[name]
        labels = column if isinstance(column, Labels) else Labels.of_numbers(column)
        counts = Counter(labels.values)
        for level in labels.levels[:MOST]:
            yield labels.values.index(level), f"first of {counts[level]} rows with {name} {level}"
