"""The coefficients that gretl prints for a model."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.printed_table import STARS, row_of, rows_below
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text

_HEADING = re.compile(r"\s*coefficient\s+std\. error\s+(?:t-ratio|z)\s+p-value\s*")
_RULE = re.compile(r"\s*-{9,}\s*")


@reader("gretl, a model", 1)
def gretl(text: Text) -> Iterator[Block]:
    """The rows below "coefficient std. error t-ratio p-value"."""
    for place, line in enumerate(text.lines):
        if _HEADING.fullmatch(line):
            ruled = place + 1 < len(text.lines) and _RULE.fullmatch(text.lines[place + 1]) is not None
            rows = rows_below(text, place + ruled, _read, lambda row: not row.strip(), "the model that gretl prints")
            if rows:
                yield Block(rows, place + 1)


def _read(line: str) -> Row | None:
    found = row_of(line, 4, STARS)
    return None if found is None else Row(0, found.name, found.cells[0])
