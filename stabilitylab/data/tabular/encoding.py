"""How the characters of a text file are stored: the encoding by its name, and the likely one of what is no UTF-8."""

import codecs
import io
from itertools import islice
from pathlib import Path

from stabilitylab.core.errors import Argument, InputError
from stabilitylab.core.suggest import did_you_mean

UTF_8 = "utf-8-sig"  # with or without a byte order mark in front
COMMON = (
    "utf-8",
    "utf-16",
    "cp1252",
    "latin-1",
    "iso-8859-15",
    "mac-roman",
    "cp1250",
    "cp1251",
    "shift_jis",
    "gb18030",
)
_LINES = 10_000  # that are looked at behind the first that is no UTF-8
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def named(encoding: str) -> str:
    """The encoding of text that Python knows by this name. Raises InputError for a name of none."""
    if not isinstance(encoding, str):
        raise InputError(f"encoding must be a name, such as 'utf-8'; got {encoding!r}")
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        known = codecs.lookup(encoding).name
    except (LookupError, ValueError):  # the second for a name that holds a NUL
        hint = did_you_mean(encoding, COMMON, plural="common ones")
        raise InputError(f"no encoding of text is named {encoding!r}: {hint}") from None
    return UTF_8 if known == "utf-8" else known


def marked(start: bytes) -> str | None:
    """The encoding that the mark at the beginning of a text names, other than UTF-8; None without one."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def undecodable(path: Path, encoding: str) -> InputError:
    """The error for a file that is no text in this encoding, with the first such line, and the likely encoding."""
    try:
        with path.open(encoding=encoding, errors="replace") as text:
            number = next((k for k, line in enumerate(text, 1) if "\ufffd" in line), 1)
    except UnicodeError:  # as of utf-16 without the mark that says which
        number = 1
    if encoding != UTF_8:
        return InputError(f"{path}, line {number}: this is no text in {encoding}: name another, ", _argument("utf-8"))
    return InputError(
        f"{path}, line {number}: expected text in UTF-8: save the file so, or say what it is, most likely ",
        _argument(_likely(path, number)),
    )


def _likely(path: Path, number: int) -> str:
    """cp1252, of Windows in Western Europe and America, where it has the characters; else latin-1, which has all."""
    with path.open("rb") as raw:
        text = b"".join(islice(raw, number - 1, number - 1 + _LINES))
    try:
        text.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _argument(encoding: str) -> Argument:
    return Argument("encoding", encoding)
