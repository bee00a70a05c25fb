"""A picture of the condition number: two equations as lines that cross, and how far a small change of b moves x.

The rows of A (2, 2) have length 1 and make an angle t; its singular values are sqrt(2) cos(t/2) and sqrt(2) sin(t/2),
so that cond(A) = cot(t/2). Of all changes of b by a given share, b = (1, 1) and db along (1, -1) move x the furthest:
|dx| / |x| = cond(A) |db| / |b|. Nothing in it is measured; condition numbers and moves are computed from the angles.

Source: Higham (2002), section 1.6 and theorem 7.2; Trefethen and Bau (1997), lecture 12.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.report.plot.sheet import GRID, INK, LABEL, LINE, MARGIN, PALE, SMALL, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "A small change of b moves the solution little where the lines cross, and far where they are nearly parallel"
ANGLES = (90.0, 8.0)
"""The angles in degrees at which the lines of the two panels cross."""

CHANGE = 0.03
"""|db| / |b|."""

LINES, MOVES = "#224488", "#CC4400"  # the lines, and where the solution can move

HEIGHT, HALF, TEXT = 1.8, 0.72, 2.6  # of the axes in inches, half the width shown with |x| = 1, lines of text below


@dataclass(frozen=True)
class Crossing:
    """Two lines A x = b that cross at x = (0, 1) at an angle in degrees, and b after the change that moves x most."""

    angle: float

    @property
    def A(self) -> Array:
        """The lines' normals (2, 2), of length 1."""
        half = np.radians(self.angle) / 2
        return np.array([[-np.sin(half), np.cos(half)], [np.sin(half), np.cos(half)]])

    @property
    def x(self) -> Array:
        """The solution (2,)."""
        return np.array([0.0, 1.0])

    @property
    def b(self) -> Array:
        """b (2,) = A x."""
        return np.asarray(self.A @ self.x)

    @property
    def change(self) -> Array:
        """db (2,), as large a share of b as CHANGE."""
        return np.asarray(CHANGE * self.b * np.array([-1.0, 1.0]))

    @property
    def moved(self) -> Array:
        """The solution (2,) of A x = b + db."""
        return np.asarray(np.linalg.solve(self.A, self.b + self.change))

    @property
    def cond(self) -> float:
        """cond(A) in the 2-norm."""
        return float(np.linalg.cond(self.A))

    @property
    def move(self) -> float:
        """|dx| / |x|."""
        return float(np.linalg.norm(self.moved - self.x) / np.linalg.norm(self.x))


def picture() -> "Figure":
    """The figure: lines that cross at a wide angle, and lines that are nearly parallel, under the same change of b."""
    below = TEXT * SMALL * LINE
    page = sheet(TITLE, HEIGHT + below + MARGIN, ())
    room = (page.width - 3 * MARGIN) / len(ANGLES)
    for place, angle in enumerate(ANGLES):
        axes = page.axes(MARGIN + place * (room + MARGIN), below, room, HEIGHT)
        _panel(axes, Crossing(angle), room)
    return page.figure


def _panel(axes: "Axes", of: Crossing, room: float) -> None:
    """The two lines, the strips within which b may change, where they overlap, and x before and after."""
    across = np.array([-HALF, HALF])
    for normal, right in zip(of.A, of.b, strict=True):
        at = [(right * (1 + sign * CHANGE) - normal[0] * across) / normal[1] for sign in (-1, 0, 1)]
        axes.fill_between(across, at[0], at[2], color=LINES, alpha=0.2, linewidth=0)
        axes.plot(across, at[1], color=LINES, linewidth=1.4)
    signs = np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)])
    corners = np.array([np.linalg.solve(of.A, of.b * (1 + CHANGE * sign)) for sign in signs])
    axes.fill(corners[:, 0], corners[:, 1], color=MOVES, alpha=0.8, linewidth=0, zorder=2)
    arrow = {"arrowstyle": "->", "color": INK, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (of.moved[0], of.moved[1]), (of.x[0], of.x[1]), arrowprops=arrow, zorder=3)
    axes.plot(*of.x, marker="o", color=INK, markersize=5, zorder=4)
    tall = HALF * HEIGHT / room
    axes.set_xlim(-HALF, HALF)
    axes.set_ylim(1 - tall, 1 + tall)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(GRID)
    said = (
        (f"lines at {of.angle:.0f}°: condition number {of.cond:.1f}", LABEL, INK),
        (f"b changes by {CHANGE:.0%}, the solution by {of.move:.0%}", SMALL, PALE),
    )
    for line, (words, size, colour) in enumerate(said):
        lower = -(4 + line * LABEL * 1.4)
        axes.annotate(
            words,
            (0.5, 0),
            (0, lower),
            size=size,
            color=colour,
            ha="center",
            va="top",
            xycoords="axes fraction",
            textcoords="offset points",
        )
