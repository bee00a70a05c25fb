"""Line figures: medians over x with gaps where there is no value, marks for rows without one, and error laws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stabilitylab.core.types import Measurement
from stabilitylab.report.grid import check_fields, chosen, label, scored_against
from stabilitylab.report.marks import is_digits, plain, words
from stabilitylab.report.plot.labels import spread
from stabilitylab.report.plot.sheet import (
    GRID,
    LABEL,
    LINE,
    MARGIN,
    PALE,
    SMALL,
    Look,
    Sheet,
    guide,
    key,
    looks,
    scale,
    sheet,
    text_width,
)
from stabilitylab.report.plot.specs import Lines
from stabilitylab.report.plot.traces import Trace, counts_by_series, traces
from stabilitylab.report.rows import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, FOOT, LANE, BODY = 0.88, 0.5, 0.18, 3.1
LEAD, SAMPLE, NAME = 0.16, 0.34, 0.55


@dataclass(frozen=True)
class Frame:
    """What all panels of a figure share: the sheet, the looks, both axes' values, the width of the axes."""

    spec: Lines
    page: Sheet
    style: dict[Any, Look]
    xs: list[float]
    ys: list[float]
    floor: float | None
    width: float


def draw_lines(spec: Lines, rows: Rows) -> "Figure":
    """The figure of a Lines. Raises NoRowsError, UnknownNameError, and SpecError for a text on an axis."""
    rows = chosen(rows, spec.where)
    check_fields(rows, spec.x, spec.y, spec.series, *([] if spec.panels is None else [spec.panels]))
    panels = [("", rows)] if spec.panels is None else _split(spec, rows)
    parts = [(heading, *traces(spec, part)) for heading, part in panels]
    everything = [trace for _, shown, _ in parts for trace in shown]
    names = list(dict.fromkeys(trace.name for trace in everything))
    ys = [y for trace in everything for y in trace.y if y is not None]
    floor = _floor(ys) if spec.y_is_log else None
    right = max([text_width(plain(name), SMALL) for name in names], default=0) + NAME + MARGIN
    heights = [_height(shown) + (0.34 if spec.panels else 0.05) for _, shown, _ in parts]
    top = sum(heights) + FOOT
    page = sheet(spec.title, top, _foot(spec, rows, everything, [row for _, _, rest in parts for row in rest]))
    frame = Frame(
        spec,
        page,
        looks(names),
        [x for trace in everything for x in trace.x],
        [_raised(y, floor) for y in ys] + [line.at for line in spec.guides if line.axis == "y"],
        floor,
        page.width - LEFT - right,
    )
    for (heading, shown, _), height in zip(parts, heights, strict=True):
        top -= height
        lowest = _panel(frame, shown, top, heading)
        lowest.tick_params(axis="x", labelbottom=shown is parts[-1][1])
    lowest.set_xlabel(spec.x_label or words(spec.x), size=LABEL)
    return page.figure


def _split(spec: Lines, rows: Rows) -> list[tuple[str, Rows]]:
    assert spec.panels is not None
    groups: dict[Any, list[Measurement]] = {}
    for row in rows:
        groups.setdefault(label(row, spec.panels), []).append(row)
    name = "" if callable(spec.panels) else f"{words(spec.panels)} "
    return [(f"{name}{plain(value)}", Rows(tuple(part))) for value, part in groups.items()]


def _lanes(shown: Sequence[Trace]) -> list[Trace]:
    return [trace for trace in shown if any(trace.lost)]


def _height(shown: Sequence[Trace]) -> float:
    return max(BODY, 1.15 * LINE * SMALL * len(shown)) + LANE * len(_lanes(shown))


def _foot(spec: Lines, rows: Rows, shown: Sequence[Trace], unplaced: Sequence[Measurement]) -> list[str]:
    used = [mark for trace in shown for marks in trace.lost for mark in marks]
    hollow = dict.fromkeys(mark.sentence for trace in shown for marks in trace.caveats for mark in marks)
    about = []
    if hollow:
        about.append(f"Hollow: {' or '.join(hollow)}.")
    if any(size > 1 for trace in shown for size in trace.sizes):
        about.append("A point is the median of its rows that have a value.")
    if any(law is not None for trace in shown for law in trace.law):
        about.append("Thin lines: what the error law of the route predicts.")
    if spec.y_is_log and any(y is not None and y <= 0 for trace in shown for y in trace.y):
        about.append("A value of exactly 0 stands at the lower edge.")
    if unplaced:
        about.append(f"Not drawn, for want of a {words(spec.x)}: {counts_by_series(unplaced, spec.series)}.")
    about.append(f"{scored_against(rows)} {spec.note}".strip())
    return [f"Marks, instead of a value: {key(used)}."] * bool(used) + [" ".join(about)]


def _panel(frame: Frame, shown: Sequence[Trace], bottom: float, heading: str) -> "Axes":
    """One panel with its lanes; returns the axes that lie lowest."""
    spec, page, width = frame.spec, frame.page, frame.width
    lanes = _lanes(shown)
    body = _height(shown) - LANE * len(lanes)
    # Failures stand at the bad edge: few digits are at the bottom, large errors at the top.
    below = is_digits(spec.y)
    axes = page.axes(LEFT, bottom + LANE * len(lanes) * below, width, body)
    scale(axes, "x", spec.log_x, frame.xs, is_digits(spec.x))
    scale(axes, "y", spec.y_is_log, frame.ys, is_digits(spec.y))
    for line in spec.guides:
        guide(axes, line, high=is_digits(frame.spec.y))
    for trace in shown:
        _draw(axes, trace, frame.style[trace.name], frame.floor)
    _end_labels(frame, axes, shown, body)
    axes.set_ylabel(spec.y_label or words(spec.y), size=LABEL)
    if heading:
        y = (page.bottom + bottom + _height(shown) + 0.05) / page.total
        page.figure.text(LEFT / page.width, y, heading, size=LABEL, weight="bold", va="bottom")
    if not lanes:
        return axes
    strip = page.axes(LEFT, bottom + body * (not below), width, LANE * len(lanes))
    scale(strip, "x", spec.log_x, frame.xs, is_digits(spec.x))
    _draw_lanes(frame, strip, lanes)
    (axes if below else strip).tick_params(axis="x", labelbottom=False, length=0)
    return strip if below else axes


def _draw(axes: "Axes", trace: Trace, look: Look, floor: float | None) -> None:
    # A gap in y breaks the line: nothing was measured there.
    y = [math.nan if value is None else _raised(value, floor) for value in trace.y]
    (line,) = axes.plot(trace.x, y, color=look.colour, linestyle=look.dashes, gid=f"line {trace.name}")
    line.set_clip_on(False)
    for hollow in (False, True):
        points = [(a, b) for a, b, c in zip(trace.x, y, trace.caveats, strict=True) if bool(c) == hollow]
        axes.plot(
            [a for a, _ in points],
            [b for _, b in points],
            linestyle="none",
            marker=look.marker,
            markeredgecolor=look.colour if hollow else "white",
            markeredgewidth=1.2 if hollow else 0.5,
            markerfacecolor="white" if hollow else look.colour,
            clip_on=False,
            zorder=3,
            gid=f"points {trace.name}",
        )
    law = [math.nan if value is None else _raised(value, floor) for value in trace.law]
    if any(value is not None for value in trace.law):
        axes.plot(trace.x, law, color=look.colour, linewidth=0.8, alpha=0.65, zorder=1.5, gid=f"law {trace.name}")


def _floor(ys: Sequence[float]) -> float:
    """Where an exact 0 stands on a logarithmic axis: at the decade below all others."""
    return 10.0 ** (math.floor(math.log10(min((y for y in ys if y > 0), default=1.0))) - 1)


def _raised(value: float, floor: float | None) -> float:
    return value if floor is None or value > 0 else floor


def _end_labels(frame: Frame, axes: "Axes", shown: Sequence[Trace], height: float) -> None:
    last = max(frame.xs, default=0.0)
    # A line that ends early because nothing was answered beyond has its name in its lane, where it goes on.
    ends = [(t.name, (t.end[0], _raised(t.end[1], frame.floor))) for t in shown if t.end and not _cut(t, last)]
    to_axes = axes.transData + axes.transAxes.inverted()
    points = [to_axes.transform(end) for _, end in ends]
    gap = LINE * SMALL / height
    places = spread([float(y) for _, y in points], gap, gap / 2, 1 - gap / 2)
    for (name, _), (x, y), place in zip(ends, points, places, strict=True):
        leader = [x, 1 + LEAD / frame.width], [y, place]
        axes.plot(
            *leader,
            color=frame.style[name].colour,
            linewidth=0.6,
            alpha=0.6,
            zorder=1,
            transform=axes.transAxes,
            clip_on=False,
        )
        _name(frame, axes, name, place, sample=True)


def _cut(trace: Trace, last: float) -> bool:
    return any(trace.lost) and (trace.end is None or trace.end[0] < last)


def _name(frame: Frame, axes: "Axes", name: Any, y: float, *, sample: bool) -> None:
    """The name of a series on the right at height y of the axes, behind a sample of its line."""
    look, place = frame.style[name], axes.transAxes
    xs = [1 + (LEAD + SAMPLE * part) / frame.width for part in (0, 0.5, 1)]
    if sample:
        common: dict[str, Any] = {"color": look.colour, "transform": place, "clip_on": False}
        axes.plot(xs, [y] * 3, linestyle=look.dashes, linewidth=1.3, **common)
        axes.plot(xs[1:2], [y], marker=look.marker, markeredgecolor="white", markeredgewidth=0.5, **common)
    axes.text(1 + NAME / frame.width, y, plain(name), size=SMALL, va="center", transform=place)


def _draw_lanes(frame: Frame, strip: "Axes", lanes: Sequence[Trace]) -> None:
    strip.grid(False)
    strip.set_ylim(len(lanes) - 0.5, -0.5)
    strip.set_yticks([])
    strip.set_facecolor("#f4f4f4")
    strip.spines[:].set_visible(False)
    side: dict[str, Any] = {"size": SMALL, "color": PALE, "ha": "right", "va": "center", "transform": strip.transAxes}
    strip.text(-0.08 / frame.width, 0.5, "no value", **side)
    last = max(frame.xs)
    for k, trace in enumerate(lanes):
        strip.axhline(k, color=GRID, linewidth=0.5)
        ink: dict[str, Any] = {"size": SMALL, "color": frame.style[trace.name].colour, "weight": "bold"}
        for x, marks in zip(trace.x, trace.lost, strict=True):
            if marks:
                symbols = "".join(mark.symbol for mark in marks)
                strip.text(x, k, symbols, ha="center", va="center_baseline", gid=f"lost {trace.name}", **ink)
        _name(frame, strip, trace.name, 1 - (k + 0.5) / len(lanes), sample=_cut(trace, last))
