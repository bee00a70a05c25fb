"""Text out of a file or an error, as it may be printed: no character of it moves a cursor, colours or breaks a line."""


def visible(text: str) -> str:
    """Text with every control character but the newline written out, so that none reaches a terminal or a page."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """Text with every control character written out, newlines as \\n: a name that holds one is still one row."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
