"""The coefficients in the table that regress and other estimation commands of Stata print."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.printed import of_text
from stabilitylab.diagnosis.arbitrate.readers.printed_table import unreadable
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text

_HEADING = re.compile(r"[^|]*\|\s+(?:coef\.|coefficient)\s+(?:robust\s+)?std\.\s?err\..*", re.IGNORECASE)
_RULE = re.compile(r"\s*-{3,}\s*")
_CROSSED = re.compile(r"\s*-+\+-+\s*")
_OMITTED = re.compile(r"\((?:omitted|base|empty|constrained)\)")
_NUMERIC = re.compile(r"^(?:c|[oib]*\d*[bno]*)\.")


@reader("Stata, regress", 1)
def stata(text: Text) -> Iterator[Block]:
    """The rows below "y | Coefficient Std. err. t P>|t| [95% conf. interval]", levels with the name of their factor."""
    for place, line in enumerate(text.lines):
        if _HEADING.fullmatch(line.rstrip()):
            rows = _rows(text, place)
            if rows:
                yield Block(rows, place + 1)


def _rows(text: Text, heading: int) -> tuple[Row, ...]:
    found: list[Row] = []
    factor = ""
    for place in range(heading + 1, len(text.lines)):
        line = text.lines[place]
        if _CROSSED.fullmatch(line):
            continue
        left, bar, right = line.partition("|")
        if not line.strip() or _RULE.fullmatch(line):
            break
        if not bar:
            raise unreadable(text, place, line, "the coefficients that Stata prints")
        if not right.strip():
            factor = left.strip()
            continue
        cells = right.split()
        absent = _OMITTED.search(right) is not None
        if not left.strip() or not (absent or (of_text(cells[0]) is not None and len(cells) > 2)):
            raise unreadable(text, place, line, "the coefficients that Stata prints")
        name = _level(factor, left.strip()) if factor and left.endswith("  ") else _crossed(left.strip())
        found.append(Row(place + 1, name, "NA" if absent else cells[0]))
    return tuple(found)


def _level(factor: str, levels: str) -> str:
    """The coefficient of "b" below "group", or of "b" below "group#c.dose": "group b:dose"."""
    parts, names = factor.split("#"), []
    left = iter(levels.split() if sum(not part.startswith("c.") for part in parts) > 1 else [levels])
    for part in parts:
        name = _NUMERIC.sub("", part)
        names.append(name if part.startswith("c.") else f"{name} {next(left, '')}".strip())
    return ":".join(names)


def _crossed(name: str) -> str:
    """The coefficient of "c.x#c.x", which is that of x^2, or of "c.x#c.z", of x:z."""
    parts = [_NUMERIC.sub("", part) for part in name.split("#")]
    if len(parts) > 1 and len(set(parts)) == 1:
        return f"{parts[0]}^{len(parts)}"
    return ":".join(parts)
