"""A table of numbers with what is said about it, as text, in Markdown and in HTML; every text in it is escaped."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import TypeAlias

from stabilitylab.core.markup import in_html, in_markdown_cell
from stabilitylab.core.printable import one_line

WIDTH = 110  # characters of a line of prose

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""What is said, each behind what it is said of."""


@dataclass(frozen=True)
class Page:
    """A title, a table whose first column holds names, what is said above and below it, and warnings before all."""

    title: str
    header: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]
    head: Pairs = ()
    foot: Pairs = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [line for text in self.warnings for line in (one_line(f"Warning: {text}"), "")]
        table = [tuple(map(one_line, row)) for row in (self.header, *self.body)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rows = ("  ".join(_aligned(row, widths)).rstrip() for row in table)
        parts = [_wrapped(self.title), _in_text(self.head), list(rows), _in_text(self.foot)]
        return "\n".join([*said, *"\n\n".join("\n".join(part) for part in parts if part).split("\n")])

    def __repr__(self) -> str:
        return str(self)

    def to_markdown(self) -> str:
        """The same in GitHub's dialect of Markdown."""
        lines = [f"**Warning: {in_markdown_cell(text)}**\n" for text in self.warnings]
        lines += [f"### {in_markdown_cell(self.title)}\n", *_list(self.head)]
        lines += [_row(self.header), _row(["---"] + ["---:"] * (len(self.header) - 1), str), *map(_row, self.body)]
        return "\n".join([*lines, "", *_list(self.foot)]).rstrip("\n") + "\n"

    def _repr_html_(self) -> str:
        said = "".join(f"<p><strong>Warning: {in_html(text)}</strong></p>\n" for text in self.warnings)
        header = "".join(
            f'<th style="text-align:{_side(k)}">{in_html(text)}</th>' for k, text in enumerate(self.header)
        )
        rows = "".join(f"<tr>{_cells(row)}</tr>\n" for row in self.body)
        return (
            f"<div>\n{said}<p>{in_html(self.title)}</p>\n{_in_html(self.head)}"
            f"<table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n{_in_html(self.foot)}</div>"
        )


# --- text


def _wrapped(text: str, behind: str = "") -> list[str]:
    indent = " " * len(behind)
    return wrap(
        behind + one_line(text), WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _in_text(pairs: Pairs) -> list[str]:
    width = max((len(name) for name, _ in pairs), default=0)
    return [line for name, text in pairs for line in _wrapped(text, f"{name:<{width}}  ")]


def _aligned(row: Iterable[str], widths: Iterable[int]) -> Iterator[str]:
    for k, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield f"{cell:>{width}}" if k else f"{cell:<{width}}"


# --- Markdown


def _row(cells: Iterable[str], escaped: Callable[[str], str] = in_markdown_cell) -> str:
    return f"| {' | '.join(map(escaped, cells))} |"


def _list(pairs: Pairs) -> list[str]:
    return [*(f"- {in_markdown_cell(f'{name}: {text}')}" for name, text in pairs), *[""] * bool(pairs)]


# --- HTML


def _side(column: int) -> str:
    return "right" if column else "left"


def _cells(row: Iterable[str]) -> str:
    first, *others = row
    name = f'<th style="text-align:left">{in_html(first)}</th>'
    return name + "".join(f'<td style="text-align:right">{in_html(text)}</td>' for text in others)


def _in_html(pairs: Pairs) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left">{in_html(name)}</th><td style="text-align:left">{in_html(text)}</td></tr>\n'
        for name, text in pairs
    )
    return f"<table>\n<tbody>\n{rows}</tbody>\n</table>\n" if rows else ""
