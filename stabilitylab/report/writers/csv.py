"""Tables as comma-separated values, RFC 4180 but for the ends of lines."""

from stabilitylab.core.markup import in_csv
from stabilitylab.report.cells import Table


def table(content: Table) -> str:
    """Values in full, one line per row; behind each column of results stands a column `NAME status`.

    A status names the marks ("refused", "rank reduced; lucky 2/8") and is empty for a plain value; a value is empty
    only where the status says why. Floats read back to the same bits. Footnotes are not part of it.
    """
    header = zip(content.header, content.scored, strict=True)
    lines = [[name for head, scored in header for name in ([head, f"{head} status"] if scored else [head])]]
    for row in content.body:
        line: list[str] = []
        for cell, scored in zip(row, content.scored, strict=True):
            line += ["" if cell.value is None else str(cell.value), *[cell.status] * scored]
        lines.append(line)
    return "".join(",".join(map(in_csv, line)) + "\n" for line in lines)
