"""Line figures: medians over x with gaps where there is no value, marks for rows without one, and error laws.

Each curve can be seen: where curves lie on each other, each has every second dash; where points do, each has a ring.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stabilitylab.core.types import Measurement
from stabilitylab.report.fields import check_fields, label
from stabilitylab.report.grid import chosen, scored_against
from stabilitylab.report.marks import is_digits, plain, words
from stabilitylab.report.plot.labels import spread
from stabilitylab.report.plot.looks import Look, looks
from stabilitylab.report.plot.overlap import Point, Stretch, ring, stacked, stretches
from stabilitylab.report.plot.predictions import Laws, laws, remark
from stabilitylab.report.plot.sheet import (
    GRID,
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
    Sheet,
    better,
    check_guides,
    guide_lines,
    key,
    part,
    scale,
    sheet,
    text_width,
    wrapped,
)
from stabilitylab.report.plot.specs import Lines
from stabilitylab.report.plot.traces import Trace, counts_by_series, traces
from stabilitylab.report.rows import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, FOOT, LANE, BODY = 0.88, 0.5, 0.18, 3.1
LEAD, SAMPLE, NAME = 0.16, 0.34, 0.55
BETWEEN = 0.3  # the lines of text left free around the words of a prediction
WORDS = 1.5  # the width in inches at which the words of a prediction are broken
WIDE, LAW, SPOT = 1.6, 1.0, 5.0  # the widths of a curve and of a law, and the size of a marker, in points
NEAR = 0.35 * SPOT  # points that are nearer to each other are on one spot
DASH = 4.0  # the dash of a curve that lies on others, in widths of the curve
LAW_DASHES: tuple[Any, ...] = ((0, (1, 1.6)), (0, (8, 2, 1, 2)), (0, (9, 3)), (0, (3, 1.5, 1, 1.5, 1, 1.5)))


@dataclass(frozen=True)
class Panel:
    """The traces of one panel under its heading, and what is predicted for them; rest: the rows without an x."""

    heading: str
    shown: tuple[Trace, ...]
    laws: tuple[Laws, ...]
    rest: tuple[Measurement, ...]


@dataclass(frozen=True)
class Frame:
    """What all panels of a figure share: the looks, both axes' values, the width of the axes, the words of guides.

    last: the largest x with a row.
    """

    spec: Lines
    style: dict[Any, Look]
    xs: list[float]
    ys: list[float]
    floor: float | None
    width: float
    heads: Heads
    last: float

    def places(self, trace: Trace, height: float) -> list[Point | None]:
        """Where the points of a trace are on axes of that height in inches, in points; None where there is none."""
        made: list[Point | None] = []
        for x, y in zip(trace.x, trace.y, strict=True):
            across = part(x, self.spec.log_x, self.xs, is_digits(self.spec.x))
            up = (
                None if y is None else part(_raised(y, self.floor), self.spec.y_is_log, self.ys, is_digits(self.spec.y))
            )
            made.append(None if up is None else (72 * self.width * across, 72 * height * up))
        return made


@dataclass(frozen=True)
class Entry:
    """A label right of the axes: its lines of text, the point of the axes that it is about, and its sample.

    colour: of its leader. ink: of its text.
    """

    lines: tuple[str, ...]
    at: tuple[float, float]
    colour: str
    ink: str
    sample: Callable[["Axes", float], None]


def draw_lines(spec: Lines, rows: Rows) -> "Figure":
    """The figure of a Lines. Raises NoRowsError, UnknownNameError, and SpecError for what has no place on an axis."""
    check_guides(spec.guides, spec.log_x, spec.y_is_log)
    rows = chosen(rows, spec.where)
    check_fields(rows, spec.x, spec.y, spec.series, *([] if spec.panels is None else [spec.panels]))
    parts = [("", rows)] if spec.panels is None else _split(spec, rows)
    panels = [_panel(spec, heading, part) for heading, part in parts]
    everything = [trace for panel in panels for trace in panel.shown]
    names = list(dict.fromkeys(trace.name for trace in everything))
    ys = [y for trace in everything for y in trace.y if y is not None]
    floor = _floor(ys) if spec.y_is_log else None
    texts = [
        *(plain(name) for name in names),
        *(line.label for line in spec.guides if line.axis == "y"),
        *(line for panel in panels for one in panel.laws for line in _law_words(one)),
    ]
    width = WIDTH - LEFT - max([text_width(text, SMALL) for text in texts], default=0) - NAME - MARGIN
    # An end of a curve is at the largest x with a row, wherever the guides stand.
    placed = [x for trace in everything for x in trace.x]
    xs = placed + [line.at for line in spec.guides if line.axis == "x"]
    heads = Heads.of(spec.guides, width, WIDTH - LEFT - MARGIN, spec.log_x, xs, is_digits(spec.x))
    heights = [_height(spec, panel) + heads.height + (0.34 if spec.panels else 0.05) for panel in panels]
    raised = [_raised(y, floor) for y in ys] + [line.at for line in spec.guides if line.axis == "y"]
    frame = Frame(spec, looks(names), xs, raised, floor, width, heads, max(placed, default=1.0))
    top = sum(heights) + FOOT
    page = sheet(spec.title, top, _foot(frame, rows, panels))
    for panel, height in zip(panels, heights, strict=True):
        top -= height
        lowest = _draw_panel(frame, page, panel, top)
        lowest.tick_params(axis="x", labelbottom=panel is panels[-1])
    lowest.set_xlabel((spec.x_label or words(spec.x)) + better(spec.x), size=LABEL)
    return page.figure


def _panel(spec: Lines, heading: str, rows: Rows) -> Panel:
    shown, rest = traces(spec, rows)
    return Panel(heading, tuple(shown), tuple(laws(shown, is_digits(spec.y))), tuple(rest))


def _split(spec: Lines, rows: Rows) -> list[tuple[str, Rows]]:
    assert spec.panels is not None
    groups: dict[Any, list[Measurement]] = {}
    for row in rows:
        groups.setdefault(label(row, spec.panels), []).append(row)
    name = "" if callable(spec.panels) else f"{words(spec.panels)} "
    return [(f"{name}{plain(value)}", Rows(tuple(part))) for value, part in groups.items()]


def _lanes(shown: Sequence[Trace]) -> list[Trace]:
    return [trace for trace in shown if any(trace.lost)]


def _height(spec: Lines, panel: Panel) -> float:
    """The height of the axes with their lanes: there is room for every label on the right."""
    lines = len(panel.shown) + sum(len(_law_words(one)) + BETWEEN for one in panel.laws)
    lines += sum(line.axis == "y" for line in spec.guides)
    return max(BODY, 1.05 * LINE * SMALL * lines) + LANE * len(_lanes(panel.shown))


def _law_words(predicted: Laws) -> tuple[str, ...]:
    names = ", ".join(plain(name).replace(" ", "\u00a0") for name in predicted.names)
    return "predicted for", *wrapped(names, SMALL, max(WORDS, *(text_width(plain(n), SMALL) for n in predicted.names)))


def _foot(frame: Frame, rows: Rows, panels: Sequence[Panel]) -> list[str]:
    spec = frame.spec
    shown = [trace for panel in panels for trace in panel.shown]
    unplaced = [row for panel in panels for row in panel.rest]
    used = [mark for trace in shown for marks in trace.lost for mark in marks]
    hollow = dict.fromkeys(mark.sentence for trace in shown for marks in trace.caveats for mark in marks)
    about = []
    if hollow:
        about.append(f"Hollow: {' or '.join(hollow)}.")
    overlaps = [_overlaps(frame, panel) for panel in panels]
    if any(part.of > 1 for parts, _ in overlaps for each in parts for part in each):
        about.append("Dashes in turn: curves that lie on each other.")
    if any(of > 1 for _, around in overlaps for each in around for _, of in each):
        about.append("A ring around a marker: points that lie on each other.")
    if any(size > 1 for trace in shown for size in trace.sizes):
        about.append("A point is the median of its rows that have a value.")
    about += filter(None, [remark([(p.heading, p.shown) for p in panels], is_digits(spec.y))])
    if spec.y_is_log and any(y is not None and y <= 0 for trace in shown for y in trace.y):
        about.append("A value of exactly 0 stands at the lower edge.")
    if unplaced:
        about.append(f"Not drawn, for want of a {words(spec.x)}: {counts_by_series(unplaced, spec.series)}.")
    about.append(f"{scored_against(rows)} {spec.note}".strip())
    return [f"Marks, instead of a value: {key(used)}."] * bool(used) + [" ".join(about)]


def _draw_panel(frame: Frame, page: Sheet, panel: Panel, bottom: float) -> "Axes":
    """One panel with its lanes; returns the axes that lie lowest."""
    spec, width, shown = frame.spec, frame.width, panel.shown
    lanes = _lanes(shown)
    whole = _height(spec, panel)
    body = whole - LANE * len(lanes)
    # Failures stand at the bad edge: few digits are at the bottom, large errors at the top.
    below = is_digits(spec.y)
    axes = page.axes(LEFT, bottom + LANE * len(lanes) * below, width, body)
    scale(axes, "x", spec.log_x, frame.xs, is_digits(spec.x))
    scale(axes, "y", spec.y_is_log, frame.ys, is_digits(spec.y))
    guide_lines(axes, spec.guides)
    for k, predicted in enumerate(panel.laws):
        _draw_laws(axes, predicted, frame, k)
    _draw(axes, frame, panel)
    _end_labels(frame, axes, panel, body)
    _upright(axes, (spec.y_label or words(spec.y)) + better(spec.y), body)
    if panel.heading:
        y = (page.bottom + bottom + whole + frame.heads.height + 0.05) / page.total
        page.figure.text(LEFT / page.width, y, panel.heading, size=LABEL, weight="bold", va="bottom")
    if not lanes:
        frame.heads.draw(axes)
        return axes
    strip = page.axes(LEFT, bottom + body * (not below), width, LANE * len(lanes))
    scale(strip, "x", spec.log_x, frame.xs, is_digits(spec.x))
    _draw_lanes(frame, strip, lanes)
    frame.heads.draw(axes if below else strip)
    (axes if below else strip).tick_params(axis="x", labelbottom=False, length=0)
    return strip if below else axes


def _upright(axes: "Axes", text: str, room: float) -> None:
    """The words of a y axis, smaller where it is not as long as they are."""
    axes.set_ylabel(text, size=LABEL if text_width(text, LABEL) < room else SMALL)


def _draw(axes: "Axes", frame: Frame, panel: Panel) -> None:
    for trace, parts, around in zip(panel.shown, *_overlaps(frame, panel), strict=True):
        # A gap in y breaks the line: nothing was measured there.
        y = [math.nan if value is None else _raised(value, frame.floor) for value in trace.y]
        _draw_line(axes, trace, y, frame.style[trace.name], parts)
        _draw_points(axes, trace, y, frame.style[trace.name], around)


def _overlaps(frame: Frame, panel: Panel) -> tuple[list[list[Stretch]], list[list[tuple[int, int]]]]:
    """For each trace its stretches, and for each of its points what is on its spot, as of `stacked`."""
    curves = [
        frame.places(trace, _height(frame.spec, panel) - LANE * len(_lanes(panel.shown))) for trace in panel.shown
    ]
    parts = stretches(dict(enumerate(curves)), WIDE)
    spots = [(k, i, place) for k, curve in enumerate(curves) for i, place in enumerate(curve) if place is not None]
    found = dict(zip([(k, i) for k, i, _ in spots], stacked([p for *_, p in spots], NEAR), strict=True))
    around = [[found.get((k, i), (0, 1)) for i in range(len(curve))] for k, curve in enumerate(curves)]
    return [parts[k] for k in range(len(curves))], around


def _draw_line(axes: "Axes", trace: Trace, y: Sequence[float], look: Look, parts: Sequence[Stretch]) -> None:
    """The curve in its own dashes where it is alone, and in every second, third ... dash where it lies on others."""
    alone = [part for part in parts if part.of == 1]
    if len(alone) == len(parts):
        xs, ys = list(trace.x), list(y)
    else:
        xs, ys = [], []
        for part in alone:
            xs += [*trace.x[part.first : part.last + 1], math.nan]
            ys += [*y[part.first : part.last + 1], math.nan]
    if xs:
        axes.plot(
            xs, ys, color=look.colour, linestyle=look.dashes, linewidth=WIDE, clip_on=False, gid=f"line {trace.name}"
        )
    for part in parts:
        if part.of > 1:
            rest = DASH * (part.of - 1)
            axes.plot(
                trace.x[part.first : part.last + 1],
                y[part.first : part.last + 1],
                color=look.colour,
                linestyle=(DASH * (part.of - part.place) % (DASH * part.of), (DASH, rest)),
                linewidth=WIDE,
                clip_on=False,
                gid=f"shared {trace.name}",
            )


def _draw_points(axes: "Axes", trace: Trace, y: Sequence[float], look: Look, around: Sequence[tuple[int, int]]) -> None:
    kinds = [(bool(caveat), place, of) for caveat, (place, of) in zip(trace.caveats, around, strict=True)]
    for kind in sorted(set(kinds)):
        hollow, place, of = kind
        here = [k for k, other in enumerate(kinds) if other == kind]
        axes.plot(
            [trace.x[k] for k in here],
            [y[k] for k in here],
            linestyle="none",
            marker=look.marker,
            markersize=look.size(ring(place, of, SPOT)),
            markeredgecolor=look.colour if hollow else "white",
            markeredgewidth=1.2 if hollow else 0.5,
            markerfacecolor="white" if hollow else look.colour,
            clip_on=False,
            zorder=3 + place / 100,
            gid=f"points {trace.name}",
        )


def _draw_laws(axes: "Axes", predicted: Laws, frame: Frame, number: int) -> None:
    """A line in dashes of its own; where laws of several routes differ a little, the band between them."""
    colour, dashes = _law_look(predicted, frame, number)
    low, high = ([_raised(y, frame.floor) for y in side] for side in (predicted.low, predicted.high))
    name = f"law {', '.join(plain(name) for name in predicted.names)}"
    if not predicted.is_line:
        look: dict[str, Any] = {"facecolor": colour, "alpha": 0.13, "linewidth": 0, "zorder": 0.9}
        axes.fill_between(predicted.x, low, high, gid=f"band {name}", **look)
    for side in (low,) if predicted.is_line else (low, high):
        axes.plot(predicted.x, side, color=colour, linewidth=LAW, linestyle=dashes, zorder=1.5, gid=name)


def _law_look(predicted: Laws, frame: Frame, number: int) -> tuple[str, Any]:
    colour = PALE if len(predicted.names) > 1 else frame.style[predicted.names[0]].colour
    return colour, LAW_DASHES[number % len(LAW_DASHES)]


def _floor(ys: Sequence[float]) -> float:
    """Where an exact 0 stands on a logarithmic axis: at the decade below all others."""
    return 10.0 ** (math.floor(math.log10(min((y for y in ys if y > 0), default=1.0))) - 1)


def _raised(value: float, floor: float | None) -> float:
    return value if floor is None or value > 0 else floor


def _end_labels(frame: Frame, axes: "Axes", panel: Panel, height: float) -> None:
    """Right of the axes: the names of curves, what is predicted, and the words of guides, each led to its end."""
    entries = _entries(frame, axes, panel)
    sizes = [LINE * SMALL * (len(entry.lines) + BETWEEN * (len(entry.lines) > 1)) / height for entry in entries]
    places = spread([entry.at[1] for entry in entries], sizes, 0, 1)
    room = min(1.0, 1 / sum(sizes)) if entries else 1.0
    step = room * LINE * SMALL / height
    for entry, place in zip(entries, places, strict=True):
        axes.plot(
            [entry.at[0], 1 + LEAD / frame.width],
            [entry.at[1], place],
            color=entry.colour,
            linewidth=0.6,
            alpha=0.6,
            zorder=1,
            transform=axes.transAxes,
            clip_on=False,
            gid="leader",
        )
        entry.sample(axes, place)
        for k, line in enumerate(entry.lines):
            y = place + step * ((len(entry.lines) - 1) / 2 - k)
            axes.text(
                1 + NAME / frame.width, y, line, size=SMALL, color=entry.ink, va="center", transform=axes.transAxes
            )


def _entries(frame: Frame, axes: "Axes", panel: Panel) -> list[Entry]:
    to_axes = axes.transData + axes.transAxes.inverted()
    made = []
    for trace in panel.shown:
        # A line that ends early because nothing was answered beyond has its name in its lane, where it goes on.
        if trace.end and not _cut(trace, frame.last):
            x, y = to_axes.transform((trace.end[0], _raised(trace.end[1], frame.floor)))
            look = frame.style[trace.name]
            sample = _series_sample(frame, look)
            made.append(Entry((plain(trace.name),), (float(x), float(y)), look.colour, INK, sample))
    for k, predicted in enumerate(panel.laws):
        colour, dashes = _law_look(predicted, frame, k)
        sample = _line_sample(frame, colour, dashes, LAW)
        made.append(Entry(_law_words(predicted), _law_end(frame, axes, predicted), colour, PALE, sample))
    for line in frame.spec.guides:
        if line.axis == "y":
            y = float(to_axes.transform((frame.last, line.at))[1])
            made.append(Entry((line.label,), (1.0, y), PALE, PALE, _line_sample(frame, PALE, GUIDE_DASHES, GUIDE)))
    return made


def _law_end(frame: Frame, axes: "Axes", predicted: Laws) -> tuple[float, float]:
    """The last point of the highest law inside the axes: its end, or where it leaves them before."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [to_axes.transform((x, _raised(y, frame.floor))) for x, y in zip(predicted.x, predicted.high, strict=True)]
    last = max((k for k, (_, y) in enumerate(ends) if 0 <= y <= 1), default=len(ends) - 1)
    (x, y), beyond = ends[last], ends[last + 1 : last + 2]
    for u, v in beyond:
        edge = 1.0 if v > 1 else 0.0
        x, y = x + (u - x) * (edge - y) / (v - y), edge
    return float(x), min(max(float(y), 0.0), 1.0)


def _cut(trace: Trace, last: float) -> bool:
    return any(trace.lost) and (trace.end is None or trace.end[0] < last)


def _sample_at(frame: Frame) -> list[float]:
    return [1 + (LEAD + SAMPLE * part) / frame.width for part in (0, 0.5, 1)]


def _series_sample(frame: Frame, look: Look) -> Callable[["Axes", float], None]:
    def draw(axes: "Axes", y: float) -> None:
        xs = _sample_at(frame)
        common: dict[str, Any] = {"color": look.colour, "transform": axes.transAxes, "clip_on": False}
        axes.plot(xs, [y] * 3, linestyle=look.dashes, linewidth=1.3, **common)
        spot: dict[str, Any] = {"markersize": look.size(SPOT), "markeredgecolor": "white", "markeredgewidth": 0.5}
        axes.plot(xs[1:2], [y], marker=look.marker, **spot, **common)

    return draw


def _line_sample(frame: Frame, colour: str, dashes: Any, width: float) -> Callable[["Axes", float], None]:
    def draw(axes: "Axes", y: float) -> None:
        common: dict[str, Any] = {"color": colour, "transform": axes.transAxes, "clip_on": False}
        axes.plot(_sample_at(frame), [y] * 3, linestyle=dashes, linewidth=width, **common)

    return draw


def _draw_lanes(frame: Frame, strip: "Axes", lanes: Sequence[Trace]) -> None:
    strip.grid(False)
    strip.set_ylim(len(lanes) - 0.5, -0.5)
    strip.set_yticks([])
    strip.set_facecolor("#f4f4f4")
    strip.spines[:].set_visible(False)
    side: dict[str, Any] = {"size": SMALL, "color": PALE, "ha": "right", "va": "center", "transform": strip.transAxes}
    strip.text(-0.08 / frame.width, 0.5, "no value", **side)
    for k, trace in enumerate(lanes):
        strip.axhline(k, color=GRID, linewidth=0.5)
        look = frame.style[trace.name]
        ink: dict[str, Any] = {"size": SMALL, "color": look.colour, "weight": "bold"}
        for x, marks in zip(trace.x, trace.lost, strict=True):
            if marks:
                symbols = "".join(mark.symbol for mark in marks)
                strip.text(x, k, symbols, ha="center", va="center_baseline", gid=f"lost {trace.name}", **ink)
        y = 1 - (k + 0.5) / len(lanes)
        if _cut(trace, frame.last):
            _series_sample(frame, look)(strip, y)
        strip.text(1 + NAME / frame.width, y, plain(trace.name), size=SMALL, va="center", transform=strip.transAxes)
