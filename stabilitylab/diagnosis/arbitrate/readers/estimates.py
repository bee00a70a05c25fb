"""A table of estimates beside their standard errors, in cells: of Excel, of broom, of write.csv, of pyfixest."""

import csv
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import SEPARATORS, Text, is_value

_ESTIMATES = frozenset({"estimate", "estimates", "coef", "coefficient", "coefficients", "parameter", "b", "beta"})
_ERRORS = frozenset({"stderror", "standarderror", "standarderrors", "stderr", "se", "stderrors", "bse"})


@reader("estimates and standard errors", 2)
def estimates(text: Text) -> Iterator[Block]:
    """The column in front of the standard errors, with the names in the nearest column of texts before it."""
    place = 0
    while place < len(text.lines):
        heading = _heading(text.lines[place])
        place += 1
        if heading is None:
            continue
        separator, j = heading
        begins, rows = place, []
        while place < len(text.lines):
            cells = _cells(text.lines[place], separator)
            if cells and all(set(cell) <= set(":-") for cell in cells):  # the rule below a heading of Markdown
                place += 1
                continue
            name = _name(cells, j)
            if not name:
                break
            place += 1
            rows.append(Row(place, name, cells[j].strip()))
        if rows:
            yield Block(tuple(rows), begins)


def _heading(line: str) -> tuple[str, int] | None:
    """The separator of a heading and the place of the estimates; None where a line is none."""
    for separator in (*SEPARATORS, "|"):
        cells = ["".join(c for c in cell.casefold() if c.isalpha()) for cell in _cells(line, separator)]
        for j in range(len(cells) - 1):
            if j and cells[j] in _ESTIMATES and cells[j + 1] in _ERRORS:
                return separator, j
    return None


def _cells(line: str, separator: str) -> list[str]:
    if separator == "|":
        stripped = line.strip()
        return [cell.strip() for cell in stripped[1:-1].split("|")] if stripped.startswith("|") else []
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


def _name(cells: list[str], j: int) -> str:
    """The name of the coefficient in column j; "" where a row has none, or no estimate."""
    if len(cells) <= j or not cells[j].strip():
        return ""
    return next((cell.strip() for cell in reversed(cells[:j]) if cell.strip() and not is_value(cell)), "")
