"""The sheet that every figure is drawn on: size in inches, fonts, title above, explanations below; axes and guides.

All lengths are inches and measured before anything is placed, so that nothing is clipped and nothing overlaps.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stabilitylab.report.fields import SpecError
from stabilitylab.report.marks import Mark, is_digits, superscript
from stabilitylab.report.plot.labels import in_rows
from stabilitylab.report.plot.specs import Guide
from stabilitylab.scoring import metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0
TITLE, LABEL, SMALL = 12.5, 10.0, 9.0
INK, PALE, GRID = "#222222", "#666666", "#dddddd"
LINE = 1.35 / 72  # the height of a line of text per point of its size
HARD = "\u00a0"  # a space at which a line is not broken if it can be broken elsewhere
MARGIN = 0.12
GUIDE, GUIDE_DASHES = 0.9, (0, (4, 3))  # the width of a guide in points, and its dashes


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
    """Text in lines no wider than `width`, broken at spaces, and elsewhere only where there is no other way.

    That is at hard spaces, and within a word that is wider than a line.
    """
    lines: list[str] = []
    for word in text.replace("\n", " ").split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
            continue
        while text_width(word, size, bold) > width and len(word) > 1:
            fits = next(k for k in range(len(word) - 1, 0, -1) if k == 1 or text_width(word[:k], size, bold) <= width)
            at = word.rfind(HARD, 1, fits + 1)
            lines.append(word[: at if at > 0 else fits])
            word = word[at + 1 if at > 0 else fits :]
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
    return "; ".join(f"{mark.symbol} {mark.sentence}".replace(" ", HARD) for mark in dict.fromkeys(marks))


def power_of_ten(value: float, _: object = None) -> str:
    """The label of a decade: 1, 10, then 10⁸."""
    exponent = round(math.log10(value))
    return str(10**exponent) if exponent in (0, 1) else f"10{superscript(exponent)}"


def better(score: str) -> str:
    """An arrow along the axis to where a score is better; "" for what is no score. All but digits are errors."""
    if is_digits(score):
        return "  → better"
    return "  ← better" if score in metrics.catalog else ""


def limits(log: bool, values: Sequence[float], digits: bool = False) -> tuple[float, float]:
    """The ends of an axis that shows these values, of a logarithmic one as logarithms to base 10."""
    if log:
        first, last = decades(values)
        pad = 0.03 * (last - first) + 0.1
        return first - pad, last + pad
    if digits:
        return -0.7, max(4, 4 * math.ceil(max(values, default=16.0) / 4)) + 0.7
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = 0.06 * (high - low) or 1.0
    return low - pad, high + pad


def part(value: float, log: bool, values: Sequence[float], digits: bool = False) -> float:
    """How far along the axis that shows these values a value stands: 0 at its lower end, 1 at its upper."""
    low, high = limits(log, values, digits)
    return ((math.log10(value) if log else value) - low) / (high - low)


def decades(values: Sequence[float]) -> tuple[int, int]:
    """The whole decades that hold these values, as exponents; two at least."""
    low, high = min(values, default=1.0), max(values, default=1.0)
    first, last = math.floor(math.log10(low) + 0.01), math.ceil(math.log10(high) - 0.01)
    return first, max(last, first + 1)


def scale(axes: "Axes", which: str, log: bool, values: Sequence[float], digits: bool = False) -> None:
    """Limits and ticks of one axis: whole decades, digits from 0 up, or round numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    limit = axes.set_xlim if which == "x" else axes.set_ylim
    low, high = limits(log, values, digits)
    if log:
        getattr(axes, f"set_{which}scale")("log")
        first, last = decades(values)
        stride = -(-(last - first) // 9)
        limit(10.0**low, 10.0**high)
        axis.set_major_locator(FixedLocator([10.0**k for k in range(first, last + 1) if k % stride == 0]))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(power_of_ten))
    elif digits:
        last = round(high - 0.7)
        limit(low, high)
        axis.set_major_locator(FixedLocator(range(0, last + 1, 2 if last <= 8 else 4)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}"))
    else:
        limit(low, high)
        # A tick beyond the limits is not drawn, and its label, which is not either, would count as off the page.
        axis.set_major_locator(FixedLocator([v for v in axis.get_major_locator()() if low <= v <= high]))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.6g}".replace("-", "−")))
    axes.grid(True, axis=which)  # type: ignore[arg-type]
    axes.tick_params(axis=which, length=3)  # type: ignore[arg-type]


def check_guides(guides: Sequence[Guide], x_is_log: bool, y_is_log: bool) -> None:
    """Raise SpecError for a guide that has no place on its axis."""
    for line in guides:
        if line.at <= 0 and (x_is_log if line.axis == "x" else y_is_log):
            raise SpecError(
                f"the guide {line.label!r} stands at {line.axis} = {line.at:g}, which no logarithmic axis has: "
                f"set log_{line.axis}=False, or choose a place above 0"
            )


def guide_lines(axes: "Axes", guides: Sequence[Guide]) -> None:
    """Dashed lines over the whole axes, one for each guide; their words stand outside, where nothing crosses them."""
    for line in guides:
        draw = axes.axhline if line.axis == "y" else axes.axvline
        draw(line.at, color=PALE, linewidth=GUIDE, linestyle=GUIDE_DASHES, zorder=1, gid="guide")


@dataclass(frozen=True)
class Heads:
    """The words of the guides at an x, over the axes: each begins at its line, in as many rows as they need."""

    guides: tuple[Guide, ...]
    lines: tuple[float, ...]
    places: tuple[tuple[float, int], ...]
    widths: tuple[float, ...]
    width: float

    @classmethod
    def of(
        cls, guides: Sequence[Guide], width: float, room: float, log: bool, values: Sequence[float], digits: bool
    ) -> "Heads":
        """Of those of the guides that stand at an x, over axes of that width in inches.

        room: from the left of the axes to where words must end. values: what the axis shows.
        """
        across = tuple(line for line in guides if line.axis == "x")
        lines = tuple(width * part(line.at, log, values, digits) for line in across)
        widths = tuple(text_width(line.label, SMALL) + 0.12 for line in across)
        return cls(across, lines, tuple(in_rows(lines, widths, room)), widths, width)

    @property
    def height(self) -> float:
        """The height of the rows."""
        return LINE * SMALL * max([row + 1 for _, row in self.places], default=0) + 0.03 * bool(self.places)

    def draw(self, axes: "Axes") -> None:
        """Write them over the axes, and lead each line up to its words."""
        tall = axes.get_position().height * axes.get_figure().get_figheight()  # type: ignore[union-attr]
        for line, x, (left, row) in zip(self.guides, self.lines, self.places, strict=True):
            if row and not self._meets_words(x, row):
                top = 1 + (row + 0.6) * SMALL * LINE / tall
                look: dict[str, Any] = {"color": PALE, "linewidth": GUIDE, "linestyle": GUIDE_DASHES}
                place: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False, "gid": "guide"}
                axes.plot([x / self.width] * 2, [1, top], **look, **place)
            axes.annotate(
                line.label,
                ((left + 0.05) / self.width, 1),
                (0, 2.5 + row * SMALL * LINE * 72),
                xycoords="axes fraction",
                textcoords="offset points",
                size=SMALL,
                color=PALE,
                ha="left",
                va="bottom",
                gid="guide name",
            )

    def _meets_words(self, x: float, row: int) -> bool:
        """Whether a line at x up to a row would cross words in the rows below."""
        below = zip(self.places, self.widths, strict=True)
        return any(other < row and left < x < left + width for (left, other), width in below)
