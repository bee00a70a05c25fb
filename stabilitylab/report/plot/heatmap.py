"""A heat map: digits as colour and as number in each cell, marks where there are none."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stabilitylab.report.cells import Cell
from stabilitylab.report.fields import check_fields
from stabilitylab.report.grid import REDUCED, STARTED_NOTE, capped_at, chosen, grid, named, scored_against
from stabilitylab.report.marks import ORDER, Mark, words
from stabilitylab.report.plot.sheet import INK, LINE, MARGIN, PALE, SMALL, WIDTH, key, sheet, text_width
from stabilitylab.report.plot.specs import HeatMap
from stabilitylab.report.rows import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path

CELL, DIGITS, STEPS, SLANT = 0.225, 16.0, 32, 40.0
BAND = 40  # the rows that a reader takes in under one line of heads


def draw_heat_map(spec: HeatMap, rows: Rows) -> "Figure":
    """The figure of a HeatMap. Raises NoRowsError, UnknownNameError, and SpecError when "only" meets several rows."""
    rows = chosen(rows, spec.where)
    check_fields(rows, spec.rows, spec.columns, spec.value)
    made = grid(
        rows,
        spec.rows,
        spec.columns,
        spec.value,
        reduce=spec.reduce,
        sort=spec.sort,
        flag=spec.flag,
        absent=spec.absent,
    )
    names = [named(spec.rows, name) for name in made.down]
    heads = [named(spec.columns, head) for head in made.across]
    counts = [place.text for place in made.places] if spec.sort == "leaderboard" else []
    # 1. Widths: the names on the left, the counts on the right, cells between that hold their widest text.
    left = max(text_width(name, SMALL) for name in names) + MARGIN + 0.1
    right = MARGIN + max([text_width(count, SMALL) + 0.12 for count in counts], default=0)
    widest = max(text_width(_text(cell), SMALL) for cells in made.cells for cell in cells) + 0.08
    head_widths = [text_width(head, SMALL) for head in heads]
    cell_width = max((WIDTH - left - right) / len(heads), widest, 0.34)
    slanted = max(head_widths) > cell_width - 0.08
    cell_width = min(cell_width, max(widest, 0.9, 0 if slanted else max(head_widths) + 0.1))
    cos, sin = math.cos(math.radians(SLANT)), math.sin(math.radians(SLANT))
    if slanted:
        # A slanted head leans to the right: what sticks out of the last columns needs room.
        ends = [(k + 0.5) * cell_width + w * cos for k, w in enumerate(head_widths)]
        right = max(right, max(ends) - len(heads) * cell_width + 0.2)
    above = max(head_widths) * sin + 0.22 if slanted else SMALL * LINE + 0.06
    width = max(WIDTH, left + right + len(heads) * cell_width)
    bands = _bands(len(names))
    bar = 0.62
    # 2. The sheet, and on it the map, in bands that each have the heads above them, and its colour bar.
    used = {counted.mark for cells in made.cells for cell in cells for counted in cell.marks}
    given = any(cell.given for cells in made.cells for cell in cells)
    height = bar + len(names) * CELL + len(bands) * above + 0.05
    page = sheet(spec.title, height, _foot(spec, rows, used, given), width)
    top = height - 0.05
    for first, last in bands:
        top -= above + (last - first) * CELL
        axes = page.axes(left, top, len(heads) * cell_width, (last - first) * CELL)
        _fill(axes, made.cells[first:last])
        axes.set_yticks([k + 0.5 for k in range(last - first)], names[first:last], size=SMALL)
        turned: dict[str, Any] = {"rotation": SLANT, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
        axes.set_xticks([k + 0.5 for k in range(len(heads))], heads, size=SMALL, **turned)
        axes.tick_params(length=0, pad=3, top=True, labeltop=True, bottom=False, labelbottom=False)
        for k, count in enumerate(counts[first:last]):
            axes.text(len(heads) + 0.1 / cell_width, k + 0.5, count, size=SMALL, va="center")
    _colour_bar(page.axes(left, bar - 0.25, min(2.6, len(heads) * cell_width), 0.11), words(spec.value))
    return page.figure


def _bands(count: int) -> list[tuple[int, int]]:
    """Rows 0 to count in bands of about equal height, none of more than BAND, as (first, last + 1)."""
    parts = -(-count // BAND)
    ends = [round(k * count / parts) for k in range(parts + 1)]
    return list(pairwise(ends))


def _text(cell: Cell) -> str:
    """The text and the symbols of a cell; the table has counts and numbers of footnotes, for which it is too small."""
    symbols = "".join(counted.mark.symbol for counted in cell.marks)
    return f"{cell.text}{symbols}"


def _fill(axes: "Axes", cells: tuple[tuple[Cell, ...], ...]) -> None:
    """Cells on white, divided by white lines; those of one colour are one shape, however many they are."""
    from matplotlib.patches import PathPatch

    places: dict[Any, list[tuple[int, int]]] = {}
    texts: dict[str, list[tuple[int, int, str]]] = {}
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            face: Any = "white" if cell.absent else "#e4e4e4"
            ink = PALE if cell.absent else INK
            if isinstance(cell.value, (int, float)):
                face = _colour(cell.value)
                ink = "white" if _luminance(face) < 0.179 else "black"
            places.setdefault(face, []).append((i, j))
            texts.setdefault(ink, []).append((i, j, _text(cell)))
    height, width = len(cells), len(cells[0])
    for face, here in places.items():
        if face != "white":
            # A line as thick as a cell is high takes half the room of a box in the file.
            look: dict[str, Any] = {"edgecolor": face, "linewidth": 72 * CELL, "capstyle": "butt"}
            axes.add_patch(PathPatch(_lines(_merged(here)), fill=False, clip_on=False, gid="faces", **look))
    lines = [*((0, i, width, i) for i in range(height + 1)), *((j, 0, j, height) for j in range(width + 1))]
    axes.add_patch(PathPatch(_lines(lines), fill=False, edgecolor="white", linewidth=0.8, clip_on=False))
    for ink, written in texts.items():
        for i, j, text in written:
            axes.text(j + 0.5, i + 0.52, text, size=SMALL, color=ink, ha="center", va="center", gid="cell")
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.spines[:].set_visible(False)


def _merged(places: Sequence[tuple[int, int]]) -> list[tuple[float, float, float, float]]:
    """Lines along the middle of cells (row, column); those side by side in a row are one line."""
    lines: list[tuple[float, float, float, float]] = []
    for i, j in places:
        if lines and lines[-1][2:] == (j, i + 0.5):
            lines[-1] = (*lines[-1][:2], j + 1, i + 0.5)
        else:
            lines.append((j, i + 0.5, j + 1, i + 0.5))
    return lines


def _lines(ends: Sequence[tuple[float, float, float, float]]) -> "Path":
    """Lines (x, y) to (u, v) as one path."""
    from matplotlib.path import Path

    path = Path([point for x, y, u, v in ends for point in ((x, y), (u, v))], (Path.MOVETO, Path.LINETO) * len(ends))
    path.should_simplify = False
    return path


def _colour(digits: float) -> tuple[float, float, float]:
    """The colour of digits: one of STEPS, which the bar shows."""
    from matplotlib import colormaps

    step = min(max(math.floor(digits / DIGITS * STEPS), 0), STEPS - 1)
    red, green, blue, _ = colormaps["cividis"]((step + 0.5) / STEPS)
    return red, green, blue


def _luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance (WCAG 2.1); black and white contrast equally with 0.179."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colour_bar(axes: "Axes", name: str) -> None:
    from matplotlib.patches import Rectangle

    for k in range(STEPS):
        # Each step reaches a little under the next, so that no seam shows between them.
        width = DIGITS / STEPS
        reach = width * min(1.5, STEPS - k)
        axes.add_patch(Rectangle((k * width, 0), reach, 1, facecolor=_colour((k + 0.5) * width), edgecolor="none"))
    axes.set_xlim(0, DIGITS)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_xticks([0, 4, 8, 12, 16], ["0", "4", "8", "12", "16"], size=SMALL)
    axes.tick_params(length=2, pad=2)
    axes.spines[:].set_visible(False)
    axes.text(1.04, 0.5, name, size=SMALL, va="center", transform=axes.transAxes)


def _foot(spec: HeatMap, rows: Rows, used: set[Mark], given: bool) -> list[str]:
    order = [mark.name for mark in ORDER]
    lines = [key(sorted(used, key=lambda mark: order.index(mark.name)))] if used else []
    about = [*filter(None, [scored_against(rows)]), capped_at(rows)]
    if spec.reduce != "only":
        about.append(f"A cell is {REDUCED[spec.reduce]} of its rows.")
    if spec.sort == "leaderboard":
        about.append(
            "On the right: in how many columns the row is within a digit of the best; a smaller difference is no rank."
        )
        if given:
            about.append(STARTED_NOTE)
    return [*lines, " ".join([*about, *filter(None, [spec.note])])]
