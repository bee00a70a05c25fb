"""Scatter figures: a point for each row at two of its scores, and marks at the edges for rows that lack one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stabilitylab.core.types import Measurement
from stabilitylab.report.fields import Field, check_fields, label, look_number
from stabilitylab.report.grid import chosen, scored_against
from stabilitylab.report.marks import Mark, is_digits, plain, words
from stabilitylab.report.plot.labels import Box, beside, facing, spread
from stabilitylab.report.plot.looks import Look, looks
from stabilitylab.report.plot.overlap import ring, stacked
from stabilitylab.report.plot.sheet import (
    GUIDE,
    GUIDE_DASHES,
    INK,
    LABEL,
    LINE,
    MARGIN,
    PALE,
    SMALL,
    WIDTH,
    Heads,
    better,
    check_guides,
    guide_lines,
    key,
    part,
    scale,
    sheet,
    text_width,
)
from stabilitylab.report.plot.specs import Guide, Scatter
from stabilitylab.report.plot.traces import counts_by_series
from stabilitylab.report.row_marks import marks_of
from stabilitylab.report.rows import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text as MplText

LEFT, BOTTOM, BODY = 0.88, 0.54, 4.0
SAMPLE, NAME = 0.22, 0.36
SPOT, EDGE = 6.5, 1.4  # the size of a marker and the width of its outline, in points
NEAR = 1.5 / 72  # points that are nearer to each other, in inches, are on one spot
CLEAR = SPOT / 144 + 0.015  # half the room that a label leaves to a dot, in inches


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
    """The figure of a Scatter. Raises NoRowsError, UnknownNameError, and SpecError for what has no place on an axis."""
    check_guides(spec.guides, spec.x_is_log, spec.y_is_log)
    rows = chosen(rows, spec.where)
    check_fields(rows, spec.x, spec.y, spec.series)
    shown = spots(spec, rows)
    names = list(dict.fromkeys(spot.series for spot in shown))
    style = looks(names)
    across = [line for line in spec.guides if line.axis == "y"]
    texts = [*(plain(name) for name in names), *(line.label for line in across)]
    right = max(text_width(text, SMALL) for text in texts) + NAME + MARGIN
    width = WIDTH - LEFT - right
    body = max(BODY, 1.15 * LINE * SMALL * len(texts))
    values: dict[str, list[float]] = {}
    for which in ("x", "y"):
        values[which] = [value for spot in shown if (value := spot.x if which == "x" else spot.y) is not None]
        values[which] += [line.at for line in spec.guides if line.axis == which]
    heads = Heads.of(spec.guides, width, WIDTH - LEFT - MARGIN, spec.x_is_log, values["x"], is_digits(spec.x))
    sizes = _sizes(spec, shown, values, width, body)
    page = sheet(spec.title, body + BOTTOM + 0.05 + heads.height, _foot(spec, rows, shown, max(sizes, default=SPOT)))
    axes = page.axes(LEFT, BOTTOM, width, body)
    for which, log, score in (("x", spec.x_is_log, spec.x), ("y", spec.y_is_log, spec.y)):
        scale(axes, which, log, values[which], is_digits(score))
    guide_lines(axes, spec.guides)
    heads.draw(axes)
    frame = Frame(axes, width, body)
    _points(frame, shown, sizes, style)
    _edges(axes, spec, shown, style)
    _names(frame, shown, style, across)
    if spec.labels is not None:
        _beside(frame, spec.labels, shown, spec.guides)
    axes.set_xlabel((spec.x_label or words(spec.x)) + better(spec.x), size=LABEL)
    axes.set_ylabel((spec.y_label or words(spec.y)) + better(spec.y), size=LABEL)
    return page.figure


@dataclass(frozen=True)
class Frame:
    """The axes with their size in inches."""

    axes: "Axes"
    width: float
    body: float

    def inches(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the data is, from the lower left corner."""
        place = (self.axes.transData + self.axes.transAxes.inverted()).transform((x, y))
        return float(place[0]) * self.width, float(place[1]) * self.body


def _whole(shown: Sequence[Spot]) -> list[tuple[Spot, float, float]]:
    """The spots that have both scores, with them."""
    return [(spot, spot.x, spot.y) for spot in shown if spot.x is not None and spot.y is not None]


def _sizes(
    spec: Scatter, shown: Sequence[Spot], values: Mapping[str, Sequence[float]], width: float, body: float
) -> list[float]:
    """The size of the marker of each whole spot, so that each of those on one spot shows around the next."""
    places = [
        (
            width * part(x, spec.x_is_log, values["x"], is_digits(spec.x)),
            body * part(y, spec.y_is_log, values["y"], is_digits(spec.y)),
        )
        for _, x, y in _whole(shown)
    ]
    return [ring(place, of, SPOT) for place, of in stacked(places, NEAR)]


def _points(frame: Frame, shown: Sequence[Spot], sizes: Sequence[float], style: dict[Any, Look]) -> None:
    """Outlines without a face, so that none hides another."""
    groups: dict[tuple[Any, float], list[tuple[float, float]]] = {}
    for (spot, x, y), size in zip(_whole(shown), sizes, strict=True):
        groups.setdefault((spot.series, size), []).append((x, y))
    for (name, size), points in groups.items():
        look = style[name]
        frame.axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            linestyle="none",
            marker=look.marker,
            markersize=look.size(size),
            markerfacecolor="none",
            markeredgecolor=look.colour,
            markeredgewidth=EDGE,
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


def _names(frame: Frame, shown: Sequence[Spot], style: dict[Any, Look], across: Sequence[Guide]) -> None:
    """The series on the right, in the order of their middle points, so that a name is near its points.

    Words of guides at a y stand among them, each at the end of its line.
    """
    axes, place = frame.axes, frame.axes.transAxes
    heights: dict[Any, list[float]] = {name: [] for name in style}
    for spot in shown:
        if spot.y is not None:
            heights[spot.series].append(spot.y)
    middles = {name: sorted(ys)[len(ys) // 2] if ys else float("-inf") for name, ys in heights.items()}
    step = 1.15 * LINE * SMALL / frame.body
    order = sorted(style, key=lambda n: -middles[n])
    wanted = [1 - (k + 0.5) * step for k in range(len(order))]
    ends = [frame.inches(axes.get_xlim()[1], line.at)[1] / frame.body for line in across]
    placed = spread([*wanted, *ends], [step] * (len(order) + len(ends)), 0, 1)
    for name, y in zip(order, placed, strict=False):
        look = style[name]
        axes.plot(
            [1 + SAMPLE / frame.width],
            [y],
            marker=look.marker,
            markersize=look.size(SPOT),
            markerfacecolor="none",
            markeredgecolor=look.colour,
            markeredgewidth=EDGE,
            transform=place,
            clip_on=False,
        )
        axes.text(1 + NAME / frame.width, y, plain(name), size=SMALL, va="center", transform=place)
    for line, end, y in zip(across, ends, placed[len(order) :], strict=True):
        leader: dict[str, Any] = {"color": PALE, "linewidth": GUIDE, "transform": place, "clip_on": False}
        axes.plot([1, 1 + (NAME - 0.05) / frame.width], [end, y], linestyle=GUIDE_DASHES, **leader)
        axes.text(1 + NAME / frame.width, y, line.label, size=SMALL, color=PALE, va="center", transform=place)


def _beside(frame: Frame, field: Field, shown: Sequence[Spot], guides: Sequence[Guide]) -> None:
    """Labels beside their points: on no dot, mark, guide or other label."""
    axes, width, body = frame.axes, frame.width, frame.body
    named = [
        (frame.inches(spot.x, spot.y), str(text))
        for spot in shown
        if (text := label(spot.row, field)) and spot.x is not None and spot.y is not None
    ]
    dots = [frame.inches(spot.x, spot.y) for spot in shown if spot.x is not None and spot.y is not None]
    taken: list[Box] = [(x - CLEAR, y - CLEAR, x + CLEAR, y + CLEAR) for x, y in dots]
    taken += [_mark_box(axes, text, width, body) for text in axes.texts if (text.get_gid() or "").startswith("lost ")]
    for line in guides:
        if line.axis == "x":
            x = frame.inches(line.at, axes.get_ylim()[0])[0]
            taken.append((x - 0.03, 0.0, x + 0.03, body))
        else:
            y = frame.inches(axes.get_xlim()[0], line.at)[1]
            taken.append((0.0, y - 0.03, width, y + 0.03))
    sizes = [(text_width(text, SMALL) + 0.04, LINE * SMALL) for _, text in named]
    boxes = beside([point for point, _ in named], sizes, taken, (0.0, 0.0, width, body))
    for ((x, y), text), box in zip(named, boxes, strict=True):
        near = facing(box, (x, y))
        away = math.dist((x, y), near) or 1.0
        # The leader begins at the rim of the marker.
        start = [a + (b - a) * min(SPOT / 144 / away, 1) for a, b in zip((x, y), near, strict=True)]
        axes.plot(
            [start[0] / width, near[0] / width],
            [start[1] / body, near[1] / body],
            color=PALE,
            linewidth=0.6,
            transform=axes.transAxes,
            zorder=1.4,
            gid="leader",
        )
        axes.text(
            (box[0] + box[2]) / 2 / width,
            (box[1] + box[3]) / 2 / body,
            text,
            size=SMALL,
            color=INK,
            ha="center",
            va="center",
            transform=axes.transAxes,
            gid="label",
        )


def _mark_box(axes: "Axes", text: "MplText", width: float, body: float) -> Box:
    """The box in inches of a mark at an edge."""
    box = text.get_window_extent().transformed(axes.transAxes.inverted())
    return float(box.x0) * width, float(box.y0) * body, float(box.x1) * width, float(box.y1) * body


def _foot(spec: Scatter, rows: Rows, shown: Sequence[Spot], largest: float) -> list[str]:
    lines = []
    used = [mark for spot in shown for mark in spot.marks]
    if used:
        lines.append(f"Marks, instead of a value: {key(used)}.")
    for mark in dict.fromkeys(used):
        nowhere = [spot.row for spot in shown if spot.x is None and spot.y is None and mark in spot.marks[:1]]
        if nowhere:
            lines.append(f"Not drawn, {mark.symbol} on both axes: {counts_by_series(nowhere, spec.series)}.")
    nested = "Outlines around each other: points on one spot." if largest > SPOT else ""
    return [*lines, " ".join(filter(None, [nested, scored_against(rows), spec.note]))]
