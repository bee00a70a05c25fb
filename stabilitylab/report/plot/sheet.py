"""The sheet that every figure is drawn on: size in inches, fonts, palette, title above, explanations below.

All lengths are inches and measured before anything is placed, so that nothing is clipped and nothing overlaps.
Okabe-Ito colours (Okabe and Ito, 2008), and a marker and dashes for each series, so that series differ in grey too.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stabilitylab.report.marks import Mark, superscript
from stabilitylab.report.plot.specs import Guide

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0
TITLE, LABEL, SMALL = 12.5, 10.0, 9.0
INK, PALE, GRID = "#222222", "#666666", "#dddddd"
LINE = 1.35 / 72  # the height of a line of text per point of its size
MARGIN = 0.12

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1, 1, 1, 1, 1)))


@dataclass(frozen=True)
class Look:
    """How a series is told from the others: by colour, marker and dashes."""

    colour: str
    marker: str
    dashes: Any


def looks(names: Sequence[Any]) -> dict[Any, Look]:
    """A look for each name; no two alike among the first 420."""
    cycle = zip(itertools.cycle(_COLOURS), itertools.cycle(_MARKERS), itertools.cycle(_DASHES), strict=False)
    return {name: Look(*look) for name, look in zip(names, cycle, strict=False)}


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's defaults with ours on top, whatever the process has set, and all as it was on leaving."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": LABEL,
                "text.color": INK,
                "text.parse_math": False,  # a "$" in a name is a dollar
                "axes.edgecolor": PALE,
                "axes.labelcolor": INK,
                "axes.linewidth": 0.8,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.axisbelow": True,
                "xtick.color": PALE,
                "ytick.color": PALE,
                "xtick.labelcolor": INK,
                "ytick.labelcolor": INK,
                "xtick.labelsize": SMALL,
                "ytick.labelsize": SMALL,
                "grid.color": GRID,
                "grid.linewidth": 0.6,
                "lines.linewidth": 1.6,
                "lines.markersize": 5,
                "svg.hashsalt": "stabilitylab",
            }
        )
        yield


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """The width of one line of text in inches."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    renderer = RendererAgg(8, 8, 100)  # type: ignore[no-untyped-call]
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    return float(renderer.get_text_width_height_descent(text, font, False)[0]) / 100  # type: ignore[no-untyped-call]


def wrapped(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """Text in lines no wider than `width`, broken at spaces but not at hard ones; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.replace("\n", " ").split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
            continue
        while text_width(word, size, bold) > width and len(word) > 1:
            fits = next(k for k in range(len(word) - 1, 0, -1) if k == 1 or text_width(word[:k], size, bold) <= width)
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def balanced(text: str, size: float, width: float) -> list[str]:
    """Bold text in as few lines as `width` allows, of lengths as equal as can be."""
    lines = wrapped(text, size, width, bold=True)
    for percent in range(50, 100, 5):
        if len(even := wrapped(text, size, width * percent / 100, bold=True)) == len(lines):
            return even
    return lines


@dataclass(frozen=True)
class Sheet:
    """A figure of width x total with a free band over its whole width, `bottom` above its lower edge."""

    figure: "Figure"
    width: float
    total: float
    bottom: float

    def axes(self, left: float, bottom: float, width: float, height: float) -> "Axes":
        """Axes of that place and size, the bottom counted from the band's."""
        w, h = self.width, self.total
        return self.figure.add_axes((left / w, (self.bottom + bottom) / h, width / w, height / h))


def sheet(title: str, height: float, paragraphs: Iterable[str], width: float = WIDTH) -> Sheet:
    """A figure with the title on top, a free band of that height, and the paragraphs below it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    room = width - 2 * MARGIN
    head = balanced(title, TITLE, room)
    foot = [line for paragraph in paragraphs for line in wrapped(paragraph, SMALL, room)]
    above = MARGIN + len(head) * TITLE * LINE + 0.03
    below = MARGIN + len(foot) * SMALL * LINE + 0.06
    total = above + height + below
    figure = Figure(figsize=(width, total))
    FigureCanvasAgg(figure)
    for k, line in enumerate(head):
        y = 1 - (MARGIN + k * TITLE * LINE) / total
        figure.text(MARGIN / width, y, line, size=TITLE, weight="bold", va="top")
    for k, line in enumerate(foot, 1):
        y = (MARGIN + (len(foot) - k) * SMALL * LINE) / total
        figure.text(MARGIN / width, y, line, size=SMALL, va="bottom", color=INK)
    return Sheet(figure, width, total, below)


def key(marks: Iterable[Mark]) -> str:
    """The marks with their sentences, in one paragraph that breaks between marks."""
    return "; ".join(f"{mark.symbol} {mark.sentence}".replace(" ", "\u00a0") for mark in dict.fromkeys(marks))


def power_of_ten(value: float, _: object = None) -> str:
    """The label of a decade: 1, 10, then 10⁸."""
    exponent = round(math.log10(value))
    return str(10**exponent) if exponent in (0, 1) else f"10{superscript(exponent)}"


def scale(axes: "Axes", which: str, log: bool, values: Sequence[float], digits: bool = False) -> None:
    """Limits and ticks of one axis: whole decades, digits from 0 up, or round numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    limit = axes.set_xlim if which == "x" else axes.set_ylim
    if log:
        getattr(axes, f"set_{which}scale")("log")
        low, high = min(values, default=1.0), max(values, default=1.0)
        first, last = math.floor(math.log10(low) + 0.01), math.ceil(math.log10(high) - 0.01)
        last = max(last, first + 1)
        stride = -(-(last - first) // 9)
        pad = 0.03 * (last - first) + 0.1
        limit(10.0 ** (first - pad), 10.0 ** (last + pad))
        axis.set_major_locator(FixedLocator([10.0**k for k in range(first, last + 1) if k % stride == 0]))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(power_of_ten))
    elif digits:
        last = max(4, 4 * math.ceil(max(values, default=16.0) / 4))
        limit(-0.7, last + 0.7)
        axis.set_major_locator(FixedLocator(range(0, last + 1, 2 if last <= 8 else 4)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}"))
    else:
        low, high = min(values, default=0.0), max(values, default=1.0)
        pad = 0.06 * (high - low) or 1.0
        limit(low - pad, high + pad)
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.6g}".replace("-", "−")))
    axes.grid(True, axis=which)  # type: ignore[arg-type]
    axes.tick_params(axis=which, length=3)  # type: ignore[arg-type]


def guide(axes: "Axes", line: Guide, *, outside: bool = False, high: bool = False) -> None:
    """A dashed line over the whole axes; its words stand at its start on white, or for an x on top of the axes.

    high: the words of an x stand at its far end instead, where curves that fall leave room.
    """
    across = line.axis == "y"
    (axes.axhline if across else axes.axvline)(line.at, color=PALE, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    # On top, the words lean towards the middle, so that they stay over the axes.
    place = axes.transAxes.inverted().transform(axes.transData.transform((line.at, axes.get_ylim()[0])))[0]
    on_top = outside and not across
    axes.annotate(
        line.label,
        (0, line.at) if across else (line.at, int(on_top or high)),
        (4, 3) if across else (0 if on_top else 3, -3 if high else 3),
        xycoords=axes.get_yaxis_transform() if across else axes.get_xaxis_transform(),
        textcoords="offset points",
        size=SMALL,
        color=PALE,
        rotation=0 if across or on_top else 90,
        ha="right" if on_top and place > 0.5 else "left",
        va="top" if high and not across else "bottom",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        zorder=1.2,
    )
