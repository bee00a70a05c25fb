"""The names of coefficients in the first line, and a line of numbers for each program."""

from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text, is_value


@reader("programs in rows", 2)
def programs_in_rows(text: Text) -> Iterator[Block]:
    """Of a table whose first line names coefficients, and whose first column names others, or holds numbers too."""
    if not text.is_rectangle or len(text.rows) < 2:
        return
    (_, header), *body = text.rows
    named = not all(is_value(row[0]) for _, row in body)
    names, first = header[named:], [row[0] for _, row in body]
    across, down = sum(map(text.is_known, names)), sum(map(text.is_known, first))
    if 2 * across <= len(names) or (named and down * len(names) >= across * len(first)):
        return
    for line, row in body:
        pairs = [(name, value) for name, value in zip(names, row[named:], strict=True) if value.strip()]
        yield Block(tuple(Row(line, name, value) for name, value in pairs), line, row[0].strip() if named else "")
