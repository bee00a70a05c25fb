"""What is wrong with a page in Markdown, by a parser that has no part in writing it, and the programs in it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BRACES = re.compile(r"\{[A-Za-z_][\w.]*(?:![rsa])?(?::[^{}]*)?\}")
_NONE = re.compile(r"(?<!or )(?<!is )\bNone\b(?! of\b)")
_ARGUMENTS = re.compile(r"\([^()]*\)")
_PROGRAM = re.compile(r"^\s*(?:import \w|from [\w.]+ import )", re.MULTILINE)
_OPEN = re.compile(r"(?<!\\)\|")


def parsed(text: str) -> list[Token]:
    """The tokens of a page in CommonMark with tables."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def faults(page: Path) -> list[str]:
    """The sentences that say what is wrong with a page, each with its line; none for a good one.

    Fences close, no code is empty, tables have equal columns and no program in a cell, links and images lead to what is
    there, and no text holds `None` or the braces of a number that was not filled in (but in the arguments of a call).
    """
    return faults_of(page.read_text("utf-8"), page)


def faults_of(text: str, page: Path) -> list[str]:
    """As `faults`, of a text that is or will be at that path."""
    lines, tokens = text.splitlines(), parsed(text)
    found: list[str] = []
    place, rows = 1, ""
    for token in tokens:
        place = token.map[0] + 1 if token.map else place
        if token.type in ("td_open", "th_open"):
            rows = token.type
        elif token.type in ("td_close", "th_close"):
            rows = ""
        told = [
            *(_of_code(token, lines) if token.type in ("fence", "code_block") else ()),
            *(_of_table(token, lines) if token.type == "table_open" else ()),
            *(_of_text(token, page, in_cell=bool(rows)) if token.type == "inline" else ()),
        ]
        found += [f"line {place}: {sentence}" for sentence in told]
    return found


def _of_code(token: Token, lines: list[str]) -> Iterator[str]:
    if token.content.strip() in ("", "None"):
        yield f"a code block that holds {token.content.strip() or 'nothing'}"
    if token.type == "fence" and token.map:
        last = lines[token.map[1] - 1].strip()
        if token.map[1] - token.map[0] < 2 or not last.startswith(token.markup) or set(last) != set(token.markup):
            yield "a fence that never closes"


def _of_table(token: Token, lines: list[str]) -> Iterator[str]:
    assert token.map
    counts = Counter(len(_OPEN.findall(line)) for line in lines[token.map[0] : token.map[1]])
    if len(counts) > 1:
        yield f"a table with rows of {', '.join(str(count - 1) for count in sorted(counts))} cells"


def _of_text(token: Token, page: Path, *, in_cell: bool) -> Iterator[str]:
    children = token.children or []
    words = "".join({"softbreak": "\n", "html_inline": "\n"}.get(c.type, c.content) for c in children)
    literal = "".join(c.content for c in children if c.type == "text")
    said = _ARGUMENTS.sub("()", literal)
    if _NONE.search(said):
        yield f"None in {literal!r}"
    if braces := _BRACES.search(said):
        yield f"the braces {braces[0]}"
    if in_cell and "\n" in words and _PROGRAM.search(words):
        yield f"a program in a cell of a table: {words!r}"
    if not in_cell and re.search(r"^\s*\|.*\|\s*$", token.content, re.MULTILINE):
        yield "lines with bars that are no table"
    for child in children:
        target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
        if child.type in ("link_open", "image") and (why := _dead(str(target or ""), page)):
            yield why


def _dead(target: str, page: Path) -> str:
    """Why a link leads nowhere; "" where it leads somewhere, or out of these pages."""
    if re.match(r"[a-z]+:", target):
        return ""
    name, _, anchor = unquote(target).partition("#")
    file = page.parent / name if name else page
    if not target or not file.exists():
        return f"nothing is at {target!r}"
    if anchor and anchor not in anchors(file):
        return f"{file.name} has no heading {anchor!r}"
    return ""


@cache
def _anchors(text: str) -> frozenset[str]:
    made: Counter[str] = Counter()
    named = set()
    tokens = parsed(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(c.content for c in inline.children or [] if c.type in ("text", "code_inline"))
            kept = "".join(c for c in words.strip().lower() if c.isalnum() or c in "-_ ")
            slug = kept.replace(" ", "-")
            named.add(f"{slug}-{made[slug]}" if made[slug] else slug)
            made[slug] += 1
    return frozenset(named)


def anchors(page: Path) -> frozenset[str]:
    """The anchors that GitHub gives the headings of a page: equal ones are numbered."""
    return _anchors(page.read_text("utf-8"))


@dataclass(frozen=True)
class Program:
    """A block of Python in a page: where it stands, and the paragraph that comes before it."""

    page: str
    line: int
    code: str
    before: str


def programs(page: Path) -> list[Program]:
    """The blocks of Python in a page, in their order."""
    before, made = "", []
    for token in parsed(page.read_text("utf-8")):
        if token.type == "inline":
            before = token.content
        elif token.type == "fence" and token.info.strip() == "python":
            assert token.map
            made.append(Program(page.name, token.map[0] + 1, token.content, before))
    return made


def words(page: Path) -> int:
    """How many words a page has, as `wc -w` counts them."""
    return len(page.read_text("utf-8").split())


LIMITS = {"index": 6000, "chapter": 5000}
"""How many words a page may have that is read from its beginning to its end."""


def too_long(page: Path) -> str:
    """How much longer than it may be the index or a chapter is; "" where it is not. Appendices have no limit."""
    if page.stem.endswith("-appendix") or page.stem.startswith("library-"):
        return ""
    limit = LIMITS["index" if page.stem == "index" else "chapter"]
    return f"{page.name} has {words(page)} words, and may have {limit}" * (words(page) > limit)
