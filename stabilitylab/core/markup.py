"""Texts out of a file or an error as other formats show them: as text, whatever they hold.

Each format has one function. A text that is not escaped can be a tag, a link, a new column or a formula.
"""

import re

from stabilitylab.core.printable import one_line, visible

_SPECIAL = re.compile(r"([\\`*_\[\]|~$#])")
_OPENING = re.compile(r"^(\d*)([.)+=-])(?=[\s.)+=-]|$)", re.MULTILINE)
_IN_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
)  # a field that begins with one of these is evaluated by spreadsheets


def in_markdown(text: str) -> str:
    """Text that Markdown, and HTML inside Markdown, shows as it stands. Its lines stay lines."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", text)


def opened(text: str) -> str:
    """Lines of Markdown none of which begins a list or underlines a heading."""
    return _OPENING.sub(r"\1\\\2", text)


def in_markdown_cell(text: str) -> str:
    """A text in one line of Markdown, with <br> for a newline, as it stands."""
    return "<br>".join(line.strip() for line in opened(in_markdown(text.strip())).split("\n"))


def in_html(text: str) -> str:
    """Text that HTML shows as it stands, within a quoted attribute too."""
    return visible(text).translate(_IN_HTML)


def in_csv(text: str) -> str:
    """A field of RFC 4180. The csv module leaves a lone carriage return bare when lines end in LF."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def named_in_csv(name: str) -> str:
    """A name as a field: in one line, and with an apostrophe in front where a spreadsheet would take it for a formula.

    Source: OWASP, CSV Injection. Numbers need none: a sign in front of digits is no formula.
    """
    text = one_line(name)
    return in_csv(f"'{text}" if text.lstrip().startswith(_FORMULA) else text)
