"""What is printed: text out of a file or an error, and numbers of digits.

No character of such a text moves a cursor, colours or breaks a line; no number of digits is more than a format holds.
"""

from collections.abc import Sequence


def one_decimal(value: float) -> str:
    """A number of digits with one decimal, but 15.95, the cap of float64, with two: it holds no 16.0."""
    text = f"{value + 0.0:.1f}"  # + 0.0: no -0.0
    return f"{value:.2f}" if text == "16.0" and value < 16 else text


def quoted(names: Sequence[str], most: int = 5) -> str:
    """Names out of a table for a message: 'a', 'b', ... in quotes, of many the first."""
    return ", ".join(map(repr, names[:most])) + ", ..." * (len(names) > most)


def visible(text: str) -> str:
    """Text with every control character but the newline written out, so that none reaches a terminal or a page."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """Text with every control character written out, newlines as \\n: a name that holds one is still one row."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
