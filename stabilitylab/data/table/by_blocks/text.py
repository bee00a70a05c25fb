"""A text file that is read by blocks: its first lines say how it is written, and what its columns are."""

import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from stabilitylab.core.errors import InputError
from stabilitylab.data.table.by_blocks.columns import LongColumn, of_text
from stabilitylab.data.table.by_blocks.long_file import LongFile, RawBlock
from stabilitylab.data.table.content import GZIP, content_of
from stabilitylab.data.table.table import Dating, Table
from stabilitylab.data.table.text_files import ReadText, TextOptions, table_of_text, text_in
from stabilitylab.data.tabular.columns import BLOCK_FIELDS
from stabilitylab.data.tabular.encoding import marked
from stabilitylab.data.tabular.fields import field_blocks

FIRST = 2**20  # bytes from which it is found out how the file is written


@dataclass(frozen=True)
class Packed:
    """A text compressed by gzip, which can be opened as its path can."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    def open(self, mode: str = "r", encoding: str | None = None, errors: str | None = None) -> IO[Any]:
        """As Path.open, for reading."""
        raw: Any = gzip.GzipFile(self.path)
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding=encoding, errors=errors)


@dataclass(frozen=True, eq=False)
class LongText(LongFile):
    """text: its first rows. dating: how dates are read."""

    path: Path
    text: ReadText
    table: Table
    dating: Dating
    packed: bool = False

    place = "line"

    @classmethod
    def open(cls, path: Path, options: TextOptions, needed: Sequence[str] | None, dating: Dating) -> "LongText":
        """Read the first lines. Raises the errors of `table_of` for these."""
        with path.open("rb") as raw:
            packed = raw.read(len(GZIP)) == GZIP
        text = text_in(path, whole_lines(content_of(path, FIRST), path), options, needed)
        table = table_of_text(path, text, missing="drop", needed=needed, dating=dating)
        return cls(path, text, replace(table, notes=tuple(text.notes)), dating, packed)

    @property
    def first(self) -> Table:
        """As of every long file."""
        return self.table

    @cached_property
    def size(self) -> int:
        """As of every long file."""
        if not self.packed:
            return self.path.stat().st_size
        with self.path.open("rb") as raw:  # the length that is written at its end, modulo 2**32
            raw.seek(-4, io.SEEK_END)
            return max(int.from_bytes(raw.read(4), "little"), self.path.stat().st_size)

    def column(self, name: str, *, as_labels: bool) -> LongColumn:
        """As of every long file."""
        found = next(column for column in self.text.columns if column.name == name)
        return of_text(found, self.dating, as_labels=as_labels)

    def blocks(self, names: Sequence[str], rows: int | None) -> Iterator[RawBlock]:
        """As of every long file."""
        known = [column.name for column in self.text.columns]
        chosen = [self.text.places[known.index(name)] for name in names]
        source = cast("Path", Packed(self.path) if self.packed else self.path)
        size = rows or max(1, BLOCK_FIELDS // (len(known) + 1))
        found = field_blocks(source, self.text.separator, size, self.text.encoding, extra=int(self.text.extra))
        next(found, None)
        for block in found:
            yield RawBlock([block.column(j) for j in chosen], block.lines, block.read)


def whole_lines(content: bytes, path: Path) -> bytes:
    """The first lines of a text as far as they are whole, and no quoted field goes on behind them."""
    if len(content) < FIRST:
        return content
    encoding = marked(content[:4])
    text = content.decode(encoding or "latin-1", "ignore")
    end = text.rfind("\n")
    while end > 0 and text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, end)
    if end <= 0:
        raise InputError(f"{path}: no line ends within {FIRST} bytes: this is no table of text")
    return text[: end + 1].encode(encoding or "latin-1")
