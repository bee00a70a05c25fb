"""What is shown as a page: blocks first, of which each format is written, so that all say the same."""

import io
from collections.abc import Sequence

from stabilitylab.report.blocks import Block, Picture
from stabilitylab.report.writers import html, markdown, terminal

UNBROKEN = 100_000  # characters of a line: no name is broken, whoever shows it breaks lines as it can


def to_html(blocks: Sequence[Block]) -> str:
    """One page that loads nothing and runs nothing, with its styles and drawings inside."""
    return html.page(blocks, policy=html.ALONE)


def to_markdown(blocks: Sequence[Block]) -> str:
    """The same in GitHub's dialect of Markdown, without the drawings, whose numbers stand in the tables."""
    return markdown.page([block for block in blocks if not isinstance(block, Picture)])


def to_text(blocks: Sequence[Block]) -> str:
    """The same as plain text."""
    from rich.console import Console

    written = io.StringIO()
    terminal.show(Console(file=written, width=UNBROKEN, highlight=False, color_system=None), blocks)
    return "\n".join(map(str.rstrip, written.getvalue().split("\n"))).strip("\n")


def to_fragment(blocks: Sequence[Block]) -> str:
    """The same for a notebook: what stands in the body of the page."""
    page = to_html(blocks)
    return f"<div>{page[page.index('<body>') + len('<body>') : page.index('</body>')]}</div>"
