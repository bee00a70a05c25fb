"""Two columns name, value; or a column of names and one for each program."""

from collections.abc import Iterator

from stabilitylab.core.errors import EmptyError, NotNumericError, ShapeError
from stabilitylab.core.printable import one_line
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text, is_value


@reader("programs in columns", 3)
def programs_in_columns(text: Text) -> Iterator[Block]:
    """Every text that no other reader knows. Raises InputError and its kinds where it is no such table, by line."""
    rows = text.rows
    if not rows:
        raise text.refused(f"{text.file} has no cell that is not blank: give a line for each, such as", EmptyError)
    width = len(rows[0][1])
    if max(len(row) for _, row in rows) < 2:
        raise text.refused(
            f"{text.file} has one column: give two, name and value; or paste the table that summary of R or "
            "statsmodels, regress of Stata, or PROC REG of SAS prints; or write lines such as",
            ShapeError,
        )
    for line, row in rows:
        if len(row) != width:
            raise text.refused(
                f"line {line} of {text.file} has {_cells(len(row))} and line {rows[0][0]} has {width}: give each line "
                "a name and the values, such as",
                ShapeError,
            )
    header = not any(map(is_value, rows[0][1][1:]))
    programs, body = (rows[0][1][1:], rows[1:]) if header else ([""] * (width - 1), rows)
    if not body:
        raise text.refused(f"{text.file} has a header and no coefficients: give a line for each, such as", EmptyError)
    if width > 2 and not header:
        raise text.refused(
            f"{text.file} has {width - 1} columns of numbers without names: put a first line such as name,R,SAS on top"
        )
    for k, program in enumerate(programs, 1):
        own = "" if width == 2 else one_line(program.strip()) or f"{text.label}, column {k + 1}"
        found = tuple(Row(line, row[0], row[k]) for line, row in body if row[k].strip())
        for one in found:
            if not is_value(one.value):
                raise NotNumericError(
                    f"{own or text.label}: line {one.line} of {text.file}, coefficient {one.name!r}: "
                    f"{_shown(one.value)} is no number: write it as -1.5 or 2e-3, with a point"
                )
        yield Block(found, rows[0][0], own)


def _shown(value: str) -> str:
    """A cell for a message, shortened."""
    text = one_line(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"
