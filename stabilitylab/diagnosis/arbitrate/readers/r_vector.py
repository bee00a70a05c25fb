"""The named numbers that R prints for coef(fit), and for a fit below "Coefficients:"."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.printed import of_text
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text, is_value

_WORD = re.compile(r"\S+")


@reader("R, named numbers", 1)
def r_vector(text: Text) -> Iterator[Block]:
    """Lines of names, each above a line of as many numbers, which end where the names do."""
    rows: list[Row] = []
    place = 0
    while place < len(text.lines):
        pair = _pair(text.lines[place], text.lines[place + 1]) if place + 1 < len(text.lines) else None
        if pair is not None:
            rows += [Row(place + 2, name, value) for name, value in pair]
            place += 2
            continue
        yield from _block(text, rows)
        rows = []
        place += 1
    yield from _block(text, rows)


def _block(text: Text, rows: list[Row]) -> Iterator[Block]:
    """The rows, where most of their names are coefficients: five numbers of the residuals are named Min, 1Q, ... ."""
    if rows and 2 * sum(text.is_known(row.name) for row in rows) > len(rows):
        yield Block(tuple(rows), rows[0].line - 1)


def _pair(names: str, values: str) -> list[tuple[str, str]] | None:
    """The numbers of a line with the names that stand above them, set flush right; None where it holds others."""
    found = list(_WORD.finditer(values))
    if not found or not names.strip() or not all(is_value(word[0]) for word in found):
        return None
    if any(of_text(word) is not None for word in names.split()):
        return None
    ends = [word.end() for word in found]
    cut = [names[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]
    flush = all(end <= len(names) and names[end - 1 : end].strip() and not names[end : end + 1].strip() for end in ends)
    if not (flush and all(cut) and not names[ends[-1] :].strip()):
        cut = names.split()  # pasted without the blanks in front, say
    if len(cut) != len(found):
        return None
    return list(zip(cut, (word[0] for word in found), strict=True))
