"""The drawings of a diagnosis as SVG: digits, stages, near dependence. Every text in them is escaped.

They are drawn here and not by matplotlib, so that they follow the light or dark colours of the page, hold text that can
be searched and read aloud, and weigh a few kilobytes.
"""

from collections.abc import Iterator, Sequence
from math import isfinite, log10

from stabilitylab.core.markup import in_html
from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.diagnosis.result import Coefficient, Dependence, Diagnosis

ROW, NAME, WIDE, RIGHT = 22, 170, 420, 150  # heights and widths in pixels
TALL, BAR, MARKS = 30, 11, 22  # of a row with marks below its bar: its height, that of the bar, the middle of the marks
LETTER, MARGIN = 7, 14  # the width of a letter, at most as a rule, and that beside a name
PHONE = 360  # pixels across
LEGIBLE = 560  # width below which letters are too small to read: on a phone a wider drawing scrolls
FULL = 16.0  # digits at the right end of an axis
FEW = 4.0  # digits below which a bar has the colour of a warning
LETTERS = 24  # of a name; the whole one is shown when it is pointed at
MOST_DRAWN = 6  # coefficients whose stages are drawn
COLLINEAR = 5.0  # condition index from which a row is drawn


def digits_chart(rows: Sequence[Coefficient]) -> str:
    """Bars of correct digits, a coefficient each; below each a stroke at those the data support, a ring at the noise's.

    The marks have a lane of their own, so that none lies on a number or in a bar.
    """
    left = min(NAME, MARGIN + LETTER * max((len(_cut(row.name)) for row in rows), default=0))
    parts = list(_axis(left, TALL * len(rows) + ROW, "digits"))
    for k, row in enumerate(rows):
        y = TALL * k + ROW
        parts.append(_name(row.name, y - 2, left))
        if row.digits is None:
            parts.append(_words(left + 4, y + 13, "not scored"))
        else:
            parts.append(_bar(left, y + 3, _along(row.digits), BAR, row.digits < FEW))
            parts.append(_words(left + _along(row.digits) + 5, y + 13, one_decimal(row.digits)))
        if row.supported is not None:
            x = round(left + _along(row.supported), 1)
            parts.append(f'<path d="M{x} {y + MARKS - 5}V{y + MARKS + 5}" stroke="currentColor" stroke-width="2"/>')
        if row.statistical is not None:
            x = round(left + _along(row.statistical), 1)
            parts.append(f'<circle cx="{x}" cy="{y + MARKS}" r="4" fill="none" stroke="currentColor"/>')
    foot = TALL * len(rows) + ROW + 30
    parts.append(_words(0, foot, "bar: correct digits;  | : digits the data support;  ○ : digits the noise leaves"))
    return _svg(parts, foot + 10, left + WIDE + RIGHT // 2)


def stages_chart(found: Diagnosis) -> str:
    """For each of the worst coefficients a bar a stage, as long as the digits it spoils; "" where nothing moved."""
    order = sorted(
        (j for j, row in enumerate(found.coefficients) if row.certified and row.digits is not None),
        key=lambda j: found.coefficients[j].digits or 0.0,
    )[:MOST_DRAWN]
    parts: list[str] = []
    y = 0
    for j in order:
        row = found.coefficients[j]
        moved = [(step.stage, step.change[j] / abs(row.certified or 1.0)) for step in found.steps if step.change[j]]
        if not moved:
            continue
        parts.append(_words(0, y + 16, one_line(row.name), bold=True))
        for stage, share in moved:
            y += ROW
            left = max(0.0, min(FULL, -log10(abs(share)))) if isfinite(share) and share else 0.0
            parts.append(_name(stage, y))
            parts.append(_bar(NAME + _along(left), y + 4, _along(FULL - left), ROW - 8, left < FEW))
            sign = "+" if share > 0 else "−"
            parts.append(_words(NAME + WIDE + 6, y + 15, f"{sign}{abs(share):.1e} of it"))
        y += ROW + 8
    if not parts:
        return ""
    parts.append(_words(0, y + 16, "a bar reaches from the digits that the stage leaves to the 16 of float64"))
    return _svg(parts, y + 26)


def dependence_chart(of: Dependence, names: Sequence[str]) -> str:
    """Variance proportions as a grid: a row for each large condition index, a column for each coefficient."""
    large = [k for k, index in enumerate(of.indexes) if index >= COLLINEAR]
    columns = list(range(len(names)))
    if not of.proportions or len(of.proportions[0]) != len(names):
        return ""
    if not large or len(columns) > 2 * LETTERS:
        return ""
    top, size = 110, 26
    parts = []
    for place, j in enumerate(columns):
        x = NAME + size * place + size // 2 + 4
        text = f'<text transform="translate({x} {top - 6}) rotate(-60)">{in_html(_cut(names[j]))}</text>'
        parts.append(f"<g><title>{in_html(one_line(names[j]))}</title>{text}</g>")
    for line, k in enumerate(large):
        y = top + size * line
        parts.append(_name(f"index {of.indexes[k]:.3g}" if isfinite(of.indexes[k]) else "index infinite", y + 3))
        for place, j in enumerate(columns):
            share = min(1.0, max(0.0, of.proportions[k][j]))
            shown = f"{share:.0%}"
            parts.append(
                f'<rect x="{NAME + size * place}" y="{y}" width="{size - 2}" height="{size - 2}" '
                f'fill="var(--link)" fill-opacity="{0.08 + 0.92 * share:.2f}"><title>{shown}</title></rect>'
            )
    width = NAME + size * len(columns) + 60
    return _svg(parts, top + size * len(large) + 8, width)


# --- pieces


def _axis(left: int, bottom: int, words: str) -> Iterator[str]:
    for digits in range(0, 17, 4):
        x = left + _along(float(digits))
        yield f'<path d="M{round(x, 1)} {ROW - 4}V{bottom + 4}" stroke="var(--line)"/>'
        yield _words(x - 4, ROW - 8, str(digits))
    yield _words(left + WIDE + 14, ROW - 8, words)


def _along(digits: float) -> float:
    """Pixels for so many digits."""
    return WIDE * max(0.0, min(FULL, digits)) / FULL


def _bar(x: float, y: float, width: float, height: float, bad: bool) -> str:
    colour = "var(--bad)" if bad else "var(--link)"
    place = f'x="{round(x, 1)}" y="{round(y, 1)}" width="{round(max(width, 1), 1)}"'
    return f'<rect {place} height="{height}" fill="{colour}"/>'


def _name(text: str, y: float, left: int = NAME) -> str:
    shown = f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{in_html(_cut(text))}</text>'
    return f"<g><title>{in_html(one_line(text))}</title>{shown}</g>"


def _words(x: float, y: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{round(x, 1)}" y="{round(y, 1)}"{weight}>{in_html(text)}</text>'


def _cut(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _svg(parts: Sequence[str], height: float, width: float = NAME + WIDE + RIGHT) -> str:
    inside = "".join(parts)
    least = f"min-width:{min(width, LEGIBLE):.0f}px"
    wide = ' class="wide"' if width > PHONE else ""
    return f'<svg{wide} viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" style="{least}">{inside}</svg>'
