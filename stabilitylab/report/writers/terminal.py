"""Pages and tables for a terminal."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stabilitylab.report import blocks
from stabilitylab.report.blocks import Block, Code, Heading, Items, Stressed, TableBlock, plain_words
from stabilitylab.report.cells import Table
from stabilitylab.report.writers import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table as RichTable
    from rich.text import Text


def page(content: Sequence[Block]) -> "Iterator[RenderableType]":
    """What a terminal shows of a page, a block after the other; figures are left to formats that can show them."""
    from rich.padding import Padding

    for block in content:
        match block:
            case Heading():
                yield escaped(plain_words(block.words), "bold")
            case blocks.Text():
                strong = any(isinstance(span, Stressed) and span.strong for span in block.spans)
                yield escaped(plain_words(block.spans), "bold" if strong else "")
            case Items():
                for number, item in enumerate(block.items, 1):
                    mark = f"{number}. " if block.numbered else "- "
                    yield escaped(mark + plain_words(item))
            case TableBlock():
                yield table(block.table)
            case Code():
                yield Padding(escaped(block.text.rstrip("\n")), (0, 0, 0, 4), expand=False)


def show(console: "Console", content: Sequence[Block]) -> None:
    """Print a page, with a line between its blocks; where there is no terminal no line is broken."""
    from rich.table import Table as RichTable

    for shown in page(content):
        if isinstance(shown, RichTable) and not console.is_terminal:
            # rich would break title and notes to the width of the table.
            title, notes, shown.title, shown.caption = shown.title, shown.caption, None, None
            for part in filter(None, (title, shown, notes)):
                console.print(part, soft_wrap=part is not shown)
        else:
            console.print(shown, soft_wrap=not console.is_terminal)
        console.print()


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
