"""A diagnosis as a page: blocks first, of which each format is written, so that all of them say the same."""

import io
from typing import TYPE_CHECKING

from stabilitylab.diagnosis.page.blocks import blocks_of
from stabilitylab.report.writers import html, markdown, terminal

if TYPE_CHECKING:
    from stabilitylab.diagnosis.result import Diagnosis

UNBROKEN = 100_000  # characters of a line: no name is broken, whoever shows it breaks lines as it can


def to_html(found: "Diagnosis") -> str:
    """One page that loads nothing and runs nothing, with its styles and drawings inside."""
    return html.page(blocks_of(found), policy=html.ALONE)


def to_markdown(found: "Diagnosis") -> str:
    """The same in GitHub's dialect of Markdown, without the drawings, whose numbers stand in the tables."""
    return markdown.page([block for block in blocks_of(found) if not hasattr(block, "svg")])


def to_text(found: "Diagnosis") -> str:
    """The same as plain text."""
    from rich.console import Console

    written = io.StringIO()
    terminal.show(Console(file=written, width=UNBROKEN, highlight=False, color_system=None), blocks_of(found))
    return "\n".join(map(str.rstrip, written.getvalue().split("\n"))).strip("\n")


def to_fragment(found: "Diagnosis") -> str:
    """The same for a notebook: what stands in the body of the page."""
    page = to_html(found)
    return f"<div>{page[page.index('<body>') + len('<body>') : page.index('</body>')]}</div>"
