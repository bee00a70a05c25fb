"""A name and a number on each line, blanks between them, as pandas prints a series."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text, is_value

_TYPE = re.compile(r"(?:Name: .*, )?(?:Length: \d+, )?dtype: \S+")


@reader("names and numbers, blanks between", 2)
def named_lines(text: Text) -> Iterator[Block]:
    """Every line a name and a number, but that in which pandas names the type."""
    lines = [(k, line.strip()) for k, line in enumerate(text.lines, 1) if line.strip() and not _TYPE.fullmatch(line)]
    parts = [(k, line.rsplit(None, 1)) for k, line in lines]
    if not lines or not all(len(part) == 2 and is_value(part[1]) and not is_value(part[0]) for _, part in parts):
        return
    if "\t" in text.content or any(name.rstrip()[-1:] in (",", ";") for _, (name, _) in parts):
        return
    yield Block(tuple(Row(k, name, value) for k, (name, value) in parts), lines[0][0])
