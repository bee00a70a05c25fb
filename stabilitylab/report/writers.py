"""A Table as Markdown, CSV, JSON lines, or in the terminal. Equal tables give equal bytes; lines end in LF."""

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from stabilitylab.report.cells import Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_SPECIAL = re.compile(r"([\\`*_\[\]|~$#])")
_LEADING = re.compile(r"^(\d*)([.)+=-])(?=[\s.)+=-]|$)")


def visible(text: str) -> str:
    """Text with every control character but the newline written out, so that none reaches a terminal or a page."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def escaped(text: str) -> str:
    """Text that Markdown, and HTML inside Markdown, shows as it stands: in one line, with <br> for a newline."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text.strip()))
    return "<br>".join(line.strip() for line in text.split("\n"))


def markdown(table: Table) -> str:
    """A heading, the table in GitHub's dialect, and the footnotes as a list."""
    lines = [
        f"### {escaped(table.title)}",
        "",
        _line(map(escaped, table.header)),
        _line("---:" if scored else ":---" for scored in table.scored),
        *(_line(escaped(table.printed(cell)) for cell in row) for row in table.body),
    ]
    if table.footnotes:
        lines += ["", *(f"- {escaped(f'{note.symbol} {note.sentence}'.strip())}" for note in table.footnotes)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def csv(table: Table) -> str:
    """Values in full, one line per row; behind each column of results stands a column `NAME status`.

    A status names the marks ("refused", "rank reduced; lucky 2/8") and is empty for a plain value; a value is empty
    only where the status says why. Floats read back to the same bits. Footnotes are not part of it.
    """
    header = zip(table.header, table.scored, strict=True)
    lines = [[name for head, scored in header for name in ([head, f"{head} status"] if scored else [head])]]
    for row in table.body:
        line: list[str] = []
        for cell, scored in zip(row, table.scored, strict=True):
            line += ["" if cell.value is None else str(cell.value), *[cell.status] * scored]
        lines.append(line)
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


def _quoted(text: str) -> str:
    """A field of RFC 4180. The csv module leaves a lone carriage return bare when lines end in LF."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def jsonl(table: Table) -> str:
    """One line per cell: table, row (index), name (first cell), column, value, text, status, details."""
    return "".join(
        json.dumps(
            {
                "table": table.title,
                "row": index,
                "name": row[0].text,
                "column": head,
                "value": cell.value,
                "text": table.printed(cell),
                "status": cell.status,
                "details": cell.details,
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        + "\n"
        for index, row in enumerate(table.body)
        for head, cell in zip(table.header, row, strict=True)
    )


def rich_table(table: Table) -> "RichTable":
    """The table for a terminal; every text is literal, so that "[x]" is no markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    notes = "\n".join(f"{note.symbol} {note.sentence}".strip() for note in table.footnotes)
    made = RichTable(
        title=Text(visible(table.title)), caption=Text(visible(notes)), caption_justify="left", box=SIMPLE_HEAD
    )
    for head, scored in zip(table.header, table.scored, strict=True):
        made.add_column(Text(visible(head)), justify="right" if scored else "left", overflow="fold")
    for row in table.body:
        made.add_row(*(Text(visible(table.printed(cell)), style="yellow" if cell.failed else "") for cell in row))
    return made
