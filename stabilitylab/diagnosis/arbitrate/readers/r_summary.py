"""The coefficients in what R prints for summary(lm(...)), summary(glm(...)) and coef(summary(...))."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.printed_table import STARS, row_of, rows_below
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text

_COLUMN = re.compile(r"Std\. Error|[tz] value|Pr\(>\|[tz]\|\)|CI Lower|CI Upper|DF|df")


@reader("R, summary of a fit", 1)
def r_summary(text: Text) -> Iterator[Block]:
    """The block below "Estimate Std. Error t value Pr(>|t|)"; of one too wide for its page, the part with estimates."""
    for place, line in enumerate(text.lines):
        cells = _cells(line)
        if cells:

            def read(row: str, cells: int = cells) -> Row | None:
                found = row_of(row, cells, STARS)
                return None if found is None else Row(0, found.name, found.cells[0])

            rows = rows_below(text, place, read, _ends, "the coefficients that R prints")
            if rows:
                yield Block(rows, place + 1)


def _cells(line: str) -> int:
    """How many cells a row has below this line; 0 where it is no heading."""
    head, found, rest = line.partition("Estimate")
    if not found or head.strip() or _COLUMN.sub("", rest).strip():
        return 0
    alone = not rest.strip()
    return 0 if alone and not head.startswith(" ") else 1 + len(_COLUMN.findall(rest))


def _ends(line: str) -> bool:
    """Whether a table ends with this line: a blank one, a rule, or the heading of columns that did not fit beside."""
    return not line.strip() or line.startswith("---") or (line[:1] == " " and not _COLUMN.sub("", line).strip())
