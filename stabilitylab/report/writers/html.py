"""Pages in HTML: one file each, with its styles inside, light or dark as the reader's system is, down to a phone.

jinja2 is imported when a page is written. It escapes every text that the template prints, which is all there is.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from stabilitylab.report.blocks import (
    Block,
    Code,
    FigureBlock,
    Heading,
    Items,
    Link,
    Picture,
    Stressed,
    TableBlock,
    Text,
    Typed,
    plain_words,
)
from stabilitylab.report.writers import visible

if TYPE_CHECKING:
    from jinja2 import Template

SUFFIX = ".html"
_KINDS: dict[type, str] = {
    Code: "code",
    FigureBlock: "figure",
    Heading: "heading",
    Items: "items",
    Picture: "picture",
    TableBlock: "table",
    Text: "text",
    Link: "link",
    Stressed: "stressed",
    Typed: "typed",
    str: "literal",
}
"""What the template calls a block or a span."""


ALONE = "default-src 'none'; style-src 'unsafe-inline'"
"""The content security policy of a page that loads nothing and runs nothing: all that it shows is in its file."""


def page(blocks: Sequence[Block], policy: str = "") -> str:
    """A whole page, titled as its first heading. policy: its content security policy, "" for none.

    Raises KeyError for what is no block.
    """
    title = next((plain_words(block.words) for block in blocks if isinstance(block, Heading)), "stabilitylab")
    return _template().render(title=title, blocks=blocks, policy=policy) + "\n"


def escaped(text: object) -> object:
    """A text without control characters, as markup that shows it as it stands; what is markup already stays."""
    from markupsafe import Markup, escape

    return escape(visible(text)) if isinstance(text, str) and not isinstance(text, Markup) else text


def drawing(of: Picture) -> object:
    """The SVG of a picture as markup."""
    from markupsafe import Markup

    return Markup(of.svg)  # its texts are escaped by whoever drew it


def _kind(of: object) -> str:
    return _KINDS[type(of)]


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("stabilitylab.report.writers", "."),
        autoescape=True,
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["kind"] = _kind
    made.filters["drawing"] = drawing
    return made.get_template("page.html.jinja")
