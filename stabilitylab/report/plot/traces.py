"""The series of a line figure from rows: medians of repeated measurements, and marks of rows without a value."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stabilitylab.core.types import Measurement
from stabilitylab.report.fields import Field, label, look_number
from stabilitylab.report.marks import STATUS_MARKS, Mark, plain
from stabilitylab.report.plot.specs import Lines
from stabilitylab.report.row_marks import marks_of
from stabilitylab.report.rows import Rows

_CAVEATS = frozenset(
    mark
    for name, mark in STATUS_MARKS.items()
    if name in ("WARNED", "RANK_REDUCED", "REPORTS_LOWER_RANK", "STOPPED_EARLY")
)


@dataclass(frozen=True)
class Trace:
    """One series: at each x the median of y and of its prediction, None for a gap, and the marks of its rows.

    lost: the marks of rows without y, by x. Each row of the series is in `sizes`, the number of rows at each x.
    """

    name: Any
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    law: tuple[float | None, ...]
    caveats: tuple[tuple[Mark, ...], ...]
    lost: tuple[tuple[Mark, ...], ...]
    sizes: tuple[int, ...]

    @property
    def end(self) -> tuple[float, float] | None:
        """The last point with a y."""
        points = [(x, y) for x, y in zip(self.x, self.y, strict=True) if y is not None]
        return points[-1] if points else None


def traces(spec: Lines, rows: Rows) -> tuple[list[Trace], list[Measurement]]:
    """The series in order of appearance, and the rows that have no place on the x axis."""
    series: dict[Any, dict[float, list[Measurement]]] = {}
    unplaced = []
    for row in rows:
        x = look_number(row, spec.x)
        points = series.setdefault(label(row, spec.series), {})
        if x is None or (spec.log_x and x <= 0):
            unplaced.append(row)
        else:
            points.setdefault(x, []).append(row)
    return [_trace(spec, name, points) for name, points in series.items() if points], unplaced


def _trace(spec: Lines, name: Any, points: dict[float, list[Measurement]]) -> Trace:
    xs = sorted(points)
    at_each = [[(look_number(row, spec.y), marks_of(row, spec.y)) for row in points[x]] for x in xs]
    return Trace(
        name,
        tuple(xs),
        tuple(_median([y for y, _ in at]) for at in at_each),
        tuple(_median([look_number(row, spec.law) for row in points[x]]) if spec.laws else None for x in xs),
        tuple(tuple(m for y, marks in at if y is not None for m in marks if m in _CAVEATS) for at in at_each),
        tuple(tuple(dict.fromkeys(m for y, marks in at if y is None for m in marks)) for at in at_each),
        tuple(len(points[x]) for x in xs),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def counts_by_series(rows: Sequence[Measurement], series: Field) -> str:
    """How many rows of each series, in words."""
    names = [plain(label(row, series)) for row in rows]
    return ", ".join(f"{name}\u00a0({names.count(name)})" for name in dict.fromkeys(names))
