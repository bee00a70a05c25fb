"""The bytes of a text file, unpacked where they are compressed, and the encoding that they are in."""

import gzip
import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from stabilitylab.core.errors import Argument, EmptyError, InputError
from stabilitylab.data.tabular.encoding import UTF_8, marked
from stabilitylab.data.tabular.foreign import foreign

GZIP = b"\x1f\x8b"
LARGEST = 2**31  # bytes of text that are read at once
CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))  # of which no text holds any
ARCHIVES = (GZIP, b"PK\x03\x04", b"PAR1", b"\xfd7zXZ\0", b"BZh")


@dataclass(frozen=True)
class Content:
    """The bytes of a text in memory, which can be opened as its path can."""

    path: Path
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    def open(self, mode: str = "r", encoding: str | None = None, errors: str | None = None) -> IO[Any]:
        """As Path.open, for reading."""
        raw = io.BytesIO(self.content)
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding=encoding, errors=errors)


def content_of(path: Path, first: int | None = None) -> bytes:
    """The bytes of a text, unpacked; the first of them where a number is given.

    Raises InputError for what is no text, and for more than `LARGEST` bytes where all are asked for.
    """
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP)) == GZIP
        if not packed:
            _refuse_foreign(path)
        raw.seek(0)
        try:
            most = LARGEST + 1 if first is None else first
            content = gzip.GzipFile(fileobj=raw).read(most) if packed else raw.read(most)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InputError(f"{path} is a damaged file of gzip: fetch it again") from None
    if len(content) > LARGEST:
        raise InputError(
            f"{path} holds more than {LARGEST // 2**30} GiB, which is not read at once: "
            f"diagnose it by blocks, sl.diagnose(path, by_blocks=True), or {'unpack it, and ' * packed}fit it so, "
            f"sl.fit_file(path, target=...)"
        )
    if packed and (content.startswith(ARCHIVES) or content[257:262] == b"ustar"):
        raise InputError(f"{path} is an archive within one of gzip: unpack it first, to one table of text")
    if not content:
        raise EmptyError(f"{path} is empty: expected a line of column names, then rows of numbers")
    return content


def _refuse_foreign(path: Path) -> None:
    """Raise InputError for a file that is no text; text in UTF-16, which `foreign` names as well, is read."""
    says = foreign(path)
    if says is not None and not any(isinstance(part, Argument) and part.name == "encoding" for part in says):
        raise InputError(f"{path} ", *says)


def found_encoding(path: Path, content: bytes) -> str:
    """UTF-8, the encoding that the mark in front names, or cp1252 or latin-1 where the bytes are no UTF-8.

    The last two give every byte a character, so that numbers are read rightly in them, and letters perhaps not.
    Raises InputError for bytes that no text has.
    """
    mark = marked(content[:4])
    if mark is not None:
        return mark
    for encoding in (UTF_8, "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            if len(content.translate(None, CONTROLS)) < len(content):
                raise InputError(f"{path} is no text: save the table as CSV in UTF-8") from None
            continue
        return encoding
    return "latin-1"
