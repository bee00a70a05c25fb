"""The coefficients in what summary() and summary2() of statsmodels print, and summary of linearmodels."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.printed_table import row_of, rows_below
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text

_HEADING = re.compile(r"\s*(?:coef|Coef\.|Parameter)\s+(?:std err|Std\. ?Err\.)\s+(\S.*)")
_RULE = re.compile(r"\s*[=-]{9,}\s*")


@reader("statsmodels, summary of a fit", 1)
def statsmodels_summary(text: Text) -> Iterator[Block]:
    """The block between two rules below "coef std err t P>|t| [0.025 0.975]"."""
    for place, line in enumerate(text.lines):
        heading = _HEADING.fullmatch(line.rstrip())
        if heading is not None:
            cells = 2 + len(heading[1].replace(" CI", "").split())

            def read(row: str, cells: int = cells) -> Row | None:
                found = row_of(row, cells)
                return None if found is None else Row(0, found.name, found.cells[0])

            ruled = place + 1 < len(text.lines) and _RULE.fullmatch(text.lines[place + 1]) is not None
            rows = rows_below(text, place + ruled, read, _ends, "the coefficients that statsmodels prints")
            if rows:
                yield Block(rows, place + 1)


def _ends(line: str) -> bool:
    return not line.strip() or _RULE.fullmatch(line) is not None
