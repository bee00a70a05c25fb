"""Blocks and tables in a format, a file each: Markdown, HTML, CSV, JSON lines, and the terminal.

Equal blocks give equal bytes, and lines end in LF. Each format has one function that escapes a text.
"""


def visible(text: str) -> str:
    """Text with every control character but the newline written out, so that none reaches a terminal or a page."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
