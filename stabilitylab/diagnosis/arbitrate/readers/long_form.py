"""One number a line: program, coefficient, value, in any order of the columns."""

from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text, is_value


@reader("long form", 2)
def long_form(text: Text) -> Iterator[Block]:
    """Three columns, of which one has numbers, one the names of coefficients, and the other those of programs."""
    if not text.is_rectangle or len(text.rows[0][1]) != 3:
        return
    first = text.rows[0][1]
    body = text.rows if any(map(is_value, first)) else text.rows[1:]
    columns = list(zip(*(row for _, row in body), strict=True))
    numbers = [j for j, column in enumerate(columns) if all(is_value(cell) or not cell.strip() for cell in column)]
    if len(numbers) != 1:
        return
    a, b = (j for j in range(3) if j != numbers[0])
    known = [sum(map(text.is_known, set(column))) for column in columns]
    if known[a] == known[b]:  # none is, or both may be the names of coefficients
        return
    names, programs = (a, b) if known[a] > known[b] else (b, a)
    found: dict[str, list[Row]] = {}
    for line, row in body:
        if row[numbers[0]].strip():
            found.setdefault(row[programs].strip(), []).append(Row(line, row[names], row[numbers[0]]))
    for program, rows in found.items():
        yield Block(tuple(rows), rows[0].line, program)
