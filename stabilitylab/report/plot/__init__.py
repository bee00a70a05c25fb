"""Figures: `draw(spec, rows)` makes one from a Lines, HeatMap or Scatter, and `save` writes it as SVG and PNG.

Matplotlib is imported when a figure is drawn. Nothing of its global state is changed: figures are made without pyplot,
and settings hold inside `draw` and `save` only. Equal rows give equal bytes.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from stabilitylab.report.plot.sheet import style
from stabilitylab.report.plot.specs import Guide, HeatMap, Lines, Scatter
from stabilitylab.report.plot.svg import compact
from stabilitylab.report.rows import Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Guide", "HeatMap", "Lines", "Scatter", "Spec", "draw", "save"]

Spec: TypeAlias = Lines | HeatMap | Scatter


def draw(spec: Spec, rows: Rows) -> "Figure":
    """The figure of a spec. Raises NoRowsError, UnknownNameError for a field no row has, SpecError for a wrong spec."""
    from stabilitylab.report.plot.heatmap import draw_heat_map
    from stabilitylab.report.plot.lines import draw_lines
    from stabilitylab.report.plot.scatter import draw_scatter

    with style():
        if isinstance(spec, Lines):
            return draw_lines(spec, rows)
        return draw_heat_map(spec, rows) if isinstance(spec, HeatMap) else draw_scatter(spec, rows)


def save(figure: "Figure", stem: Path | str) -> tuple[Path, Path]:
    """STEM.svg, made compact, and STEM.png, 1600 pixels for 8 inches, without date and version: bytes reproduce."""
    svg, png = Path(f"{stem}.svg"), Path(f"{stem}.png")
    svg.parent.mkdir(parents=True, exist_ok=True)
    with style():
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        svg.write_text(compact(drawn.getvalue()), "utf-8", newline="\n")
        figure.savefig(png, format="png", dpi=200, metadata={"Software": None})
    return svg, png
