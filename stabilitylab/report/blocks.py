"""What a page is made of: headings, paragraphs, lists, tables, figures and code, before any format.

A page is a sequence of blocks, and a writer of `report.writers` turns it into one format. Texts are spans. A `str`
among them is literal: each writer escapes it, so that no name of a problem, message of a library or sentence of a
docstring is taken for markup. What an author means as code or wants to stress is a span of its own; `prose` finds both.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from stabilitylab.report.cells import Table


@dataclass(frozen=True)
class Typed:
    """Words as one types them: a name in a program, a command."""

    words: str


@dataclass(frozen=True)
class Stressed:
    """Words in italics, or in bold where they are strong."""

    words: str
    strong: bool = False


Words: TypeAlias = tuple[str | Typed | Stressed, ...]


@dataclass(frozen=True)
class Link:
    """Words that lead to a page, named without the suffix of a format, or to a heading of this page by its anchor."""

    words: Words
    page: str = ""
    anchor: str = ""


Spans: TypeAlias = tuple[str | Typed | Stressed | Link, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the page's own."""

    level: int
    words: Words

    @property
    def anchor(self) -> str:
        """What a link to it names; see `anchor`."""
        return anchor(self.words)


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    spans: Spans


@dataclass(frozen=True)
class Items:
    """A list, numbered from 1 or not."""

    items: tuple[Spans, ...]
    numbered: bool = False


@dataclass(frozen=True)
class TableBlock:
    """A table under its title, with its footnotes. stem: the name of its files without suffix, "" where it has none."""

    table: Table
    stem: str = ""


@dataclass(frozen=True)
class FigureBlock:
    """A figure, in files of that name without suffix. title: what stands for it where it cannot be seen."""

    title: str
    stem: str


@dataclass(frozen=True)
class Picture:
    """A drawing that stands in the page itself, where the format can hold it. title: what is said in its place.

    svg: an element of SVG, made of escaped texts. It repeats what tables of the page say.
    """

    title: str
    svg: str


@dataclass(frozen=True)
class Code:
    """Lines in a language, "" for none, that are shown as they stand.

    Raises ValueError where there is nothing to show: an empty block cannot be told from one that was not made.
    """

    text: str
    language: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not self.text.strip():
            raise ValueError(f"a block of code needs lines; got {self.text!r}: leave the block out")


Block: TypeAlias = Heading | Text | Items | TableBlock | FigureBlock | Picture | Code


def plain_words(spans: Spans) -> str:
    """Spans as a text without any markup."""
    parts = (span if isinstance(span, str) else span.words for span in spans)
    return "".join(part if isinstance(part, str) else plain_words(part) for part in parts)


def anchor(words: Words) -> str:
    """The anchor that renderers of Markdown make of a heading; pages in other formats use the same."""
    return re.sub(r"[^\w\- ]", "", plain_words(words).lower()).replace(" ", "-")


_MEANT = re.compile(r"`([^`]+)`|(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])")


def prose(text: str) -> Words:
    """A sentence as an author writes it: `...` is typed, *...* is stressed, and everything else is literal."""
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[str | Typed | Stressed]:
    last = 0
    for found in _MEANT.finditer(text):
        if found.start() > last:
            yield text[last : found.start()]
        yield Stressed(found[2]) if found[1] is None else Typed(found[1])
        last = found.end()
    if last < len(text):
        yield text[last:]


def paragraphs(text: str) -> tuple[Text | Code, ...]:
    """The paragraphs of a docstring; one whose lines are all indented is code."""
    made: list[Text | Code] = []
    for part in re.split(r"\n[ \t]*\n", text.strip("\n")):
        if part.strip() and all(line.startswith("    ") for line in part.splitlines()):
            made.append(Code(textwrap.dedent(part)))
        elif part.strip():
            made.append(Text(prose(part.strip())))
    return tuple(made)
