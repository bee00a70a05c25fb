"""Lines over a number: a median with gaps where nothing was answered, a lane of marks for what was not, a law."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stabilitylab.core import Measurement
from stabilitylab.grid import check_fields, chosen, label, scored_against
from stabilitylab.marks import is_digits, plain, words
from stabilitylab.plot.labels import spread
from stabilitylab.plot.sheet import (
    GRID,
    INK,
    LABEL,
    LINE,
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
from stabilitylab.plot.specs import Lines
from stabilitylab.plot.traces import Trace, tally, traces
from stabilitylab.results import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, LANE, BODY, SAMPLE = 0.88, 0.18, 3.1, 0.34


def draw_lines(spec: Lines, rows: Rows) -> "Figure":
    """The figure of a Lines. Raises NoRowsError, UnknownNameError, and SpecError for a text on an axis."""
    rows = chosen(rows, spec.where)
    extra = [field for field in (spec.panels,) if field is not None]
    check_fields(rows, spec.x, spec.y, spec.series, *extra)
    panels = [(None, rows)] if spec.panels is None else _split(spec, rows)
    parts = [(value, *traces(spec, part)) for value, part in panels]
    names = list(dict.fromkeys(trace.name for _, found, _ in parts for trace in found))
    style = looks(names)
    right = max([text_width(plain(name), SMALL) for name in names], default=0) + SAMPLE + 0.3
    heights = [_height(found) + (0.3 if spec.panels else 0.05) for _, found, _ in parts]
    page = sheet(spec.title, sum(heights) + 0.55, _foot(spec, rows, parts))
    xs = [x for _, found, _ in parts for trace in found for x in trace.x]
    top = sum(heights) + 0.55
    for (value, found, _), height in zip(parts, heights, strict=True):
        top -= height
        heading = "" if value is None else value
        _panel(spec, page, found, style, xs, right, top, height, heading, last=top < 0.6)
    return page.figure


def _split(spec: Lines, rows: Rows) -> list[tuple[str, Rows]]:
    assert spec.panels is not None
    groups: dict[Any, list[Measurement]] = {}
    for row in rows:
        groups.setdefault(label(row, spec.panels), []).append(row)
    name = "" if callable(spec.panels) else f"{words(spec.panels)} "
    return [(f"{name}{plain(value)}", Rows(tuple(part))) for value, part in groups.items()]


def _lanes(found: Sequence[Trace]) -> list[Trace]:
    return [trace for trace in found if any(trace.lost)]


def _height(found: Sequence[Trace]) -> float:
    return max(BODY, 1.15 * LINE * SMALL * len(found)) + LANE * len(_lanes(found))


def _foot(spec: Lines, rows: Rows, parts: Sequence[tuple[Any, list[Trace], list[Measurement]]]) -> list[str]:
    everything = [trace for _, found, _ in parts for trace in found]
    used = [mark for trace in everything for marks in trace.lost for mark in marks]
    hollow = dict.fromkeys(mark for trace in everything for marks in trace.caveats for mark in marks)
    unplaced = [row for _, _, rest in parts for row in rest]
    lines = []
    if used:
        lines.append(f"Marks, instead of a value: {key(used)}.")
    if hollow:
        lines.append(f"Hollow: {' or '.join(mark.sentence for mark in hollow)}.")
    if any(size > 1 for trace in everything for size in trace.sizes):
        lines.append("Each point is the median of its rows that have a value.")
    if any(law is not None for trace in everything for law in trace.law):
        lines.append("Thin lines: what the error law of the route predicts.")
    if spec.y_is_log and any(y is not None and y <= 0 for trace in everything for y in trace.y):
        lines.append("A value of exactly 0 stands at the lower edge.")
    if unplaced:
        lines.append(f"Not drawn, for want of a {words(spec.x)}: {tally(unplaced, spec.series)}.")
    return [*lines[: bool(used)], " ".join(filter(None, [*lines[bool(used) :], scored_against(rows), spec.note]))]


def _panel(
    spec: Lines,
    page: Sheet,
    found: Sequence[Trace],
    style: dict[Any, Look],
    xs: Sequence[float],
    right: float,
    bottom: float,
    height: float,
    heading: str,
    *,
    last: bool,
) -> None:
    lanes = _lanes(found)
    width = page.width - LEFT - right
    body = _height(found) - LANE * len(lanes)
    # Failures stand at the bad edge: few digits are at the bottom, large errors at the top.
    below = is_digits(spec.y)
    axes = page.axes(LEFT, bottom + LANE * len(lanes) * below, width, body)
    ys = [y for trace in found for y in trace.y if y is not None]
    floor = _floor(ys) if spec.y_is_log else None
    inside = [_raised(y, floor) for y in ys]
    scale(axes, "x", spec.log_x, xs)
    scale(axes, "y", spec.y_is_log, [*inside, *(g.at for g in spec.guides if g.axis == "y")], is_digits(spec.y))
    for line in spec.guides:
        guide(axes, line)
    for trace in found:
        _draw(axes, trace, style[trace.name], floor)
    _end_labels(axes, found, style, width, body, floor)
    axes.set_ylabel(spec.y_label or words(spec.y), size=LABEL)
    lowest = axes
    if lanes:
        strip = page.axes(LEFT, bottom + body * (not below), width, LANE * len(lanes))
        _draw_lanes(strip, axes, lanes, style, width, below=below)
        lowest = strip if below else axes
        other = axes if below else strip
        other.tick_params(axis="x", labelbottom=False, length=0)
    if heading:
        y = (page.bottom + bottom + _height(found) + 0.06) / page.total
        page.figure.text(LEFT / page.width, y, heading, size=LABEL, weight="bold", va="bottom")
    if last:
        lowest.set_xlabel(spec.x_label or words(spec.x), size=LABEL)
    else:
        lowest.tick_params(axis="x", labelbottom=False)


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


def _end_labels(
    axes: "Axes", found: Sequence[Trace], style: dict[Any, Look], width: float, height: float, floor: float | None
) -> None:
    ended = [(trace, trace.end) for trace in found]
    ends = [(trace, (end[0], _raised(end[1], floor))) for trace, end in ended if end is not None]
    to_axes = axes.transData + axes.transAxes.inverted()
    points = [to_axes.transform(end) for _, end in ends]
    gap = LINE * SMALL / height
    places = spread([float(y) for _, y in points], gap, gap / 2, 1 - gap / 2)
    for (trace, _), (x, y), place in zip(ends, points, places, strict=True):
        look = style[trace.name]
        start = 1 + 0.16 / width
        common: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False, "color": look.colour}
        axes.plot([x, start], [y, place], linewidth=0.6, alpha=0.6, zorder=1, **common)
        sample = [start, start + SAMPLE / 2 / width, start + SAMPLE / width]
        axes.plot(sample, [place] * 3, linestyle=look.dashes, linewidth=1.3, **common)
        axes.plot(sample[1:2], [place], marker=look.marker, markeredgecolor="white", markeredgewidth=0.5, **common)
        axes.text(sample[2] + 0.05 / width, place, plain(trace.name), size=SMALL, va="center", transform=axes.transAxes)


def _draw_lanes(
    strip: "Axes", axes: "Axes", lanes: Sequence[Trace], style: dict[Any, Look], width: float, *, below: bool
) -> None:
    strip.set_xscale(axes.get_xscale())
    strip.set_xlim(axes.get_xlim())
    strip.xaxis.set_major_locator(axes.xaxis.get_major_locator())
    strip.xaxis.set_minor_locator(axes.xaxis.get_minor_locator())
    strip.xaxis.set_major_formatter(axes.xaxis.get_major_formatter())
    strip.tick_params(axis="x", length=3 * below)
    strip.set_ylim(len(lanes) - 0.5, -0.5)
    strip.set_yticks([])
    strip.set_facecolor("#f4f4f4")
    strip.spines[:].set_visible(False)
    strip.text(
        -0.08 / width, 0.5, "no value", size=SMALL, color=PALE, ha="right", va="center", transform=strip.transAxes
    )
    for k, trace in enumerate(lanes):
        strip.axhline(k, color=GRID, linewidth=0.5)
        for x, marks in zip(trace.x, trace.lost, strict=True):
            if marks:
                symbols = "".join(mark.symbol for mark in marks)
                strip.text(
                    x,
                    k,
                    symbols,
                    size=SMALL,
                    color=style[trace.name].colour,
                    weight="bold",
                    ha="center",
                    va="center_baseline",
                    gid=f"lost {trace.name}",
                )
        strip.text(
            1 + (0.16 + SAMPLE + 0.05) / width,
            k,
            plain(trace.name),
            size=SMALL,
            color=INK,
            va="center",
            transform=strip.get_yaxis_transform(),
        )
