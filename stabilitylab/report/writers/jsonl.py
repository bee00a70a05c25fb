"""Tables as JSON lines, for programs."""

import json

from stabilitylab.report.cells import Table


def table(content: Table) -> str:
    """One line per cell: table, row (index), name (first cell), column, value, text, status, details."""
    return "".join(
        json.dumps(
            {
                "table": content.title,
                "row": index,
                "name": row[0].text,
                "column": head,
                "value": cell.value,
                "text": content.printed(cell),
                "status": cell.status,
                "details": cell.details,
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        + "\n"
        for index, row in enumerate(content.body)
        for head, cell in zip(content.header, row, strict=True)
    )
