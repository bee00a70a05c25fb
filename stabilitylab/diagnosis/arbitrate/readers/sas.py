"""The parameter estimates in a listing of PROC REG or PROC GLM of SAS."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.printed_table import row_of, rows_below
from stabilitylab.diagnosis.arbitrate.readers.reader import Block, Row, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text

_HEADING = re.compile(
    r"\s*(?:Variable|Parameter)\s+(Label\s+)?(DF\s+)?Estimate\s+Error\s+t\s+Value\s+Pr\s*>\s*\|t\|(.*)"
)
_BIASED = re.compile(r"(?<=\s)B(?=\s)")


@reader("SAS, parameter estimates", 1)
def sas(text: Text) -> Iterator[Block]:
    """The rows below "Variable DF Estimate Error t Value Pr > |t|"; what has no standard error is not in the model."""
    for place, line in enumerate(text.lines):
        heading = _HEADING.fullmatch(line.rstrip())
        if heading is not None:
            has_label, has_df = bool(heading[1]), bool(heading[2])
            more = len(re.sub(r"95% Confidence Limits|95% CL Mean", "low high", heading[3]).split())
            cells = 4 + has_df + more

            def read(row: str, has_label: bool = has_label, has_df: bool = has_df, cells: int = cells) -> Row | None:
                # B: an estimate that depends on the generalised inverse, in place of the degrees of freedom or behind.
                found = row_of(_BIASED.sub("1" if has_df else " ", row), cells)
                if found is None:
                    return None
                value, error = found.cells[has_df], found.cells[has_df + 1]
                name = found.name.split()[0] if has_label else found.name
                return Row(0, name, "NA" if error == "." else value)

            rows = rows_below(text, place, read, lambda row: not row.strip(), "the estimates that SAS prints")
            if rows:
                yield Block(rows, place + 1)
