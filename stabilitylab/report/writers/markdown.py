"""Pages in GitHub's dialect of Markdown."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from stabilitylab.core.markup import in_markdown, in_markdown_cell, opened
from stabilitylab.report.blocks import (
    Block,
    Code,
    FigureBlock,
    Heading,
    Items,
    Link,
    Picture,
    Spans,
    Stressed,
    TableBlock,
    Text,
    Typed,
)
from stabilitylab.report.cells import Table
from stabilitylab.report.writers import visible

SUFFIX = ".md"


def page(blocks: Sequence[Block]) -> str:
    """A page: its blocks with a blank line between."""
    return "\n".join(map(_block, blocks))


def table(content: Table) -> str:
    """A heading, the table, and the footnotes as a list. A row of dashes is the rule, which Markdown has not."""
    rows = [_row(in_markdown_cell(content.printed(cell)) for cell in row) for row in content.body]
    lines = [
        f"### {in_markdown_cell(content.title)}",
        "",
        _row(map(in_markdown_cell, content.header)),
        _row("---:" if scored else ":---" for scored in content.scored),
        *rows[: len(rows) - content.below],
        *[_row("—" for _ in content.header)] * bool(content.below),
        *rows[len(rows) - content.below :],
    ]
    if content.footnotes:
        lines += [
            "",
            *(f"- {in_markdown_cell(f'{note.symbol} {note.sentence}'.strip())}" for note in content.footnotes),
        ]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_flat(block.words)}\n"
        case Text():
            return f"{opened(_spans(block.spans))}\n"
        case Items():
            marks = (f"{k}." if block.numbered else "-" for k, _ in enumerate(block.items, 1))
            return "".join(f"{mark} {_flat(item)}\n" for mark, item in zip(marks, block.items, strict=True))
        case TableBlock():
            return table(block.table) + (f"\n[CSV]({quote(block.stem)}.csv)\n" if block.stem else "")
        case FigureBlock():
            return f"![{in_markdown(' '.join(block.title.split()))}]({quote(block.stem)}.svg)\n"
        case Picture():
            return f"*{in_markdown(' '.join(block.title.split()))}*\n"
        case Code():
            return _code(block)


def _code(block: Code) -> str:
    text = visible(block.text).strip("\n")
    if not block.language:
        return textwrap.indent(text, "    ") + "\n"
    fence = _ticks(text, 3)
    return f"{fence}{block.language}\n{text}\n{fence}\n"


def _flat(spans: Spans) -> str:
    """Spans in one line of the source."""
    return opened("<br>".join(line.strip() for line in _spans(spans).strip().split("\n")))


def _spans(spans: Spans) -> str:
    return "".join(map(_span, spans))


def _span(span: str | Typed | Stressed | Link) -> str:
    match span:
        case str():
            return in_markdown(span)
        case Typed():
            ticks = _ticks(span.words, 1)
            blank = " " * (len(ticks) > 1)  # what begins or ends in a tick needs one, and it is not shown
            return f"{ticks}{blank}{visible(span.words)}{blank}{ticks}"
        case Stressed():
            stars = "**" if span.strong else "*"
            return f"{stars}{in_markdown(span.words)}{stars}"
        case Link():
            target = (span.page and f"{quote(span.page)}{SUFFIX}") + (span.anchor and f"#{span.anchor}")
            return f"[{_spans(span.words)}]({target})"


def _ticks(text: str, least: int) -> str:
    """More ticks than stand together anywhere in the text: what code is set between."""
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+", text)), 0)
