"""Tables for a terminal."""

from typing import TYPE_CHECKING

from stabilitylab.report.cells import Table
from stabilitylab.report.writers import visible

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text


def table(content: Table) -> "RichTable":
    """The table for a terminal; every text is literal, so that "[x]" is no markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable

    notes = "\n".join(f"{note.symbol} {note.sentence}".strip() for note in content.footnotes)
    made = RichTable(title=escaped(content.title), caption=escaped(notes), caption_justify="left", box=SIMPLE_HEAD)
    for head, scored in zip(content.header, content.scored, strict=True):
        made.add_column(escaped(head), justify="right" if scored else "left", overflow="fold")
    for left, row in zip(range(len(content.body), 0, -1), content.body, strict=True):
        if left == content.below:
            made.add_section()
        made.add_row(*(escaped(content.printed(cell), "yellow" if cell.failed else "") for cell in row))
    return made


def escaped(text: str, style: str = "") -> "Text":
    """A text in which rich sees no markup, and a terminal no control character."""
    from rich.text import Text

    return Text(visible(text), style=style)
