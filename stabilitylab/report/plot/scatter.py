"""Scatter figures: a point for each row at two of its scores, and marks at the edges for rows that lack one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stabilitylab.core.types import Measurement
from stabilitylab.report.grid import Field, check_fields, chosen, label, look_number, marks_of, scored_against
from stabilitylab.report.marks import Mark, is_digits, plain, words
from stabilitylab.report.plot.labels import Box, beside
from stabilitylab.report.plot.sheet import (
    INK,
    LABEL,
    LINE,
    MARGIN,
    PALE,
    SMALL,
    Look,
    guide,
    key,
    looks,
    scale,
    sheet,
    text_width,
)
from stabilitylab.report.plot.specs import Scatter
from stabilitylab.report.plot.traces import counts_by_series
from stabilitylab.report.rows import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, BOTTOM, BODY = 0.88, 0.54, 4.0


@dataclass(frozen=True)
class Spot:
    """A row with its two scores, None for one that cannot be placed on its axis, and its marks."""

    row: Measurement
    series: Any
    x: float | None
    y: float | None
    marks: tuple[Mark, ...]


def spots(spec: Scatter, rows: Rows) -> list[Spot]:
    """One Spot for each row, in order. A value that a logarithmic axis cannot show, 0, stands as None with its mark."""
    shown = []
    for row in rows:
        x, y = (_placed(row, field, log) for field, log in ((spec.x, spec.x_is_log), (spec.y, spec.y_is_log)))
        lacking = [field for field, value in ((spec.x, x), (spec.y, y)) if value is None]
        marks = dict.fromkeys(m for field in lacking for m in (marks_of(row, field) or [ZERO]))
        shown.append(Spot(row, label(row, spec.series), x, y, tuple(marks)))
    return shown


ZERO = Mark("0", "zero", "exactly 0, which a logarithmic axis cannot show")


def _placed(row: Measurement, field: str, log: bool) -> float | None:
    value = look_number(row, field)
    return None if value is None or (log and value <= 0) else value


def draw_scatter(spec: Scatter, rows: Rows) -> "Figure":
    """The figure of a Scatter. Raises NoRowsError, UnknownNameError, and SpecError for a text on an axis."""
    rows = chosen(rows, spec.where)
    check_fields(rows, spec.x, spec.y, spec.series)
    shown = spots(spec, rows)
    names = list(dict.fromkeys(spot.series for spot in shown))
    style = looks(names)
    right = max(text_width(plain(name), SMALL) for name in names) + 0.42 + MARGIN
    body = max(BODY, 1.15 * LINE * SMALL * len(names))
    above = 0.05 + LINE * SMALL * any(line.axis == "x" for line in spec.guides)
    page = sheet(spec.title, body + BOTTOM + above, _foot(spec, rows, shown))
    width = page.width - LEFT - right
    axes = page.axes(LEFT, BOTTOM, width, body)
    for which, log, score in (("x", spec.x_is_log, spec.x), ("y", spec.y_is_log, spec.y)):
        values = [value for spot in shown if (value := spot.x if which == "x" else spot.y) is not None]
        values += [line.at for line in spec.guides if line.axis == which]
        scale(axes, which, log, values, is_digits(score))
    for line in spec.guides:
        guide(axes, line, outside=True)
    for name in names:
        _points(axes, [spot for spot in shown if spot.series == name], style[name], name)
    _edges(axes, spec, shown, style)
    _names(axes, shown, style, width, body)
    if spec.labels is not None:
        _beside(axes, spec.labels, shown, width, body)
    axes.set_xlabel(spec.x_label or words(spec.x), size=LABEL)
    axes.set_ylabel(spec.y_label or words(spec.y), size=LABEL)
    return page.figure


def _points(axes: "Axes", shown: Sequence[Spot], look: Look, name: Any) -> None:
    whole = [(spot.x, spot.y) for spot in shown if spot.x is not None and spot.y is not None]
    axes.plot(
        [x for x, _ in whole],
        [y for _, y in whole],
        linestyle="none",
        marker=look.marker,
        markersize=6,
        color=look.colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        alpha=0.85,
        clip_on=False,
        gid=f"points {name}",
    )


def _edges(axes: "Axes", spec: Scatter, shown: Sequence[Spot], style: dict[Any, Look]) -> None:
    """Marks of rows with one score, inside the bad edge: no digits at the bottom and left, large errors opposite."""
    low_x, low_y = is_digits(spec.x), is_digits(spec.y)
    for spot in shown:
        common: dict[str, Any] = {"size": SMALL, "weight": "bold", "color": style[spot.series].colour}
        common["gid"] = f"lost {spot.series}"
        symbols = "".join(mark.symbol for mark in spot.marks)
        if spot.x is not None and spot.y is None:
            place, side = axes.get_xaxis_transform(), "bottom" if low_y else "top"
            axes.text(spot.x, 0.005 if low_y else 0.995, symbols, transform=place, ha="center", va=side, **common)
        elif spot.y is not None and spot.x is None:
            place, side = axes.get_yaxis_transform(), "left" if low_x else "right"
            axes.text(0.005 if low_x else 0.995, spot.y, symbols, transform=place, ha=side, va="center", **common)


def _names(axes: "Axes", shown: Sequence[Spot], style: dict[Any, Look], width: float, body: float) -> None:
    """The series on the right, in the order of their middle points, so that a name is near its points."""
    heights: dict[Any, list[float]] = {name: [] for name in style}
    for spot in shown:
        if spot.y is not None:
            heights[spot.series].append(spot.y)
    middles = {name: sorted(ys)[len(ys) // 2] if ys else float("-inf") for name, ys in heights.items()}
    step = 1.15 * LINE * SMALL / body
    for k, name in enumerate(sorted(style, key=lambda n: -middles[n])):
        look, y = style[name], 1 - (k + 0.5) * step
        axes.plot(
            [1 + 0.22 / width],
            [y],
            marker=look.marker,
            markersize=6,
            color=look.colour,
            markeredgecolor="white",
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(1 + 0.34 / width, y, plain(name), size=SMALL, va="center", transform=axes.transAxes)


def _beside(axes: "Axes", field: Field, shown: Sequence[Spot], width: float, body: float) -> None:
    texts = [(spot, str(text)) for spot in shown if (text := label(spot.row, field))]
    named = [(spot, text) for spot, text in texts if spot.x is not None and spot.y is not None]
    to_axes = axes.transData + axes.transAxes.inverted()

    def inches(spot: Spot) -> tuple[float, float]:
        assert spot.x is not None
        assert spot.y is not None
        x, y = to_axes.transform((spot.x, spot.y))
        return float(x) * width, float(y) * body

    dots = [inches(spot) for spot in shown if spot.x is not None and spot.y is not None]
    taken: list[Box] = [(x - 0.05, y - 0.05, x + 0.05, y + 0.05) for x, y in dots]
    points = [inches(spot) for spot, _ in named]
    sizes = [(text_width(text, SMALL) + 0.04, LINE * SMALL) for _, text in named]
    for (_, text), (x, y), box in zip(
        named, points, beside(points, sizes, taken, (0.0, 0.0, width, body)), strict=True
    ):
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        # The leader ends at the middle of the side that faces the point.
        if box[0] <= x <= box[2]:
            near = (middle[0], box[1] if y < box[1] else box[3])
        else:
            near = (box[0] if x < box[0] else box[2], middle[1])
        axes.plot(
            [x / width, near[0] / width],
            [y / body, near[1] / body],
            color=PALE,
            linewidth=0.6,
            transform=axes.transAxes,
            zorder=1.4,
        )
        axes.text(
            middle[0] / width,
            middle[1] / body,
            text,
            size=SMALL,
            color=INK,
            ha="center",
            va="center",
            transform=axes.transAxes,
            gid="label",
        )


def _foot(spec: Scatter, rows: Rows, shown: Sequence[Spot]) -> list[str]:
    lines = []
    used = [mark for spot in shown for mark in spot.marks]
    if used:
        lines.append(f"Marks, instead of a value: {key(used)}.")
    for mark in dict.fromkeys(used):
        nowhere = [spot.row for spot in shown if spot.x is None and spot.y is None and mark in spot.marks[:1]]
        if nowhere:
            lines.append(f"Not drawn, {mark.symbol} on both axes: {counts_by_series(nowhere, spec.series)}.")
    return [*lines, " ".join(filter(None, [scored_against(rows), spec.note]))]
