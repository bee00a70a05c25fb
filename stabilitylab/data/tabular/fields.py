"""Blocks of fields out of delimited text, each row with the number of the line it ends on."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.data.tabular.encoding import UTF_8, undecodable

_LONGEST = 2**24  # characters of a line; one endless line would fill the memory


@dataclass(frozen=True)
class FieldBlock:
    """Rows of `width` fields, one after the other; lines: the number of each row's last line; read: bytes so far."""

    fields: Sequence[str]
    width: int
    lines: Sequence[int]
    read: int = 0

    def column(self, j: int) -> Sequence[str]:
        """Field j of every row."""
        return self.fields[j :: self.width]


def field_blocks(path: Path, separator: str, size: int, encoding: str = UTF_8, extra: int = 0) -> Iterator[FieldBlock]:
    """The first row as a block of its own, then blocks of up to `size` rows as wide as it; empty lines are left out.

    extra: how many fields more than the first row has the others have, as where R names rows and not their column.
    Raises InputError for text in another encoding, for double quotes that do not pair and for an endless line,
    ShapeError for a row of another width; each names file and line.
    """
    before, width = 0, 0
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding) as text:
        source = iter(partial(text.readline, _LONGEST), "")
        try:
            while chunk := list(islice(source, size if width else 1)):
                if max(map(len, chunk)) == _LONGEST:
                    raise InputError(f"{path}, behind line {before}: a line of more than {_LONGEST} characters")
                block = _split(chunk, separator, before, width)
                before += len(chunk)
                if block is None:
                    block, before = _parsed(path, chunk, source, separator, before - len(chunk), width)
                if block.lines:
                    width = block.width if width else block.width + extra
                    yield replace(block, read=raw.tell())
        except UnicodeError:  # that of UTF-16 without its mark is none of decoding
            raise undecodable(path, encoding) from None


def _split(chunk: Sequence[str], separator: str, before: int, width: int) -> FieldBlock | None:
    """Whole rows without quotes, split at the separators: several times faster than the csv module; None for others."""
    text = "".join(chunk)
    if width < 2 or separator == " " or '"' in text or {line.count(separator) for line in chunk} != {width - 1}:
        return None
    fields = text.replace("\n", separator).split(separator)
    return FieldBlock(fields[: width * len(chunk)], width, range(before + 1, before + len(chunk) + 1))


def _parsed(
    path: Path, chunk: Sequence[str], source: Iterator[str], separator: str, before: int, width: int
) -> tuple[FieldBlock, int]:
    """The rows that begin in the chunk, and the number of lines read: a quoted field may go on behind the chunk."""
    reader = csv.reader(chain(chunk, source), delimiter=separator, skipinitialspace=True, strict=True)
    fields: list[str] = []
    lines: list[int] = []
    try:
        while reader.line_num < len(chunk):
            row = next(reader)
            if not row or (row == [""] and width != 1):
                continue
            number = before + reader.line_num
            width = width or len(row)
            if len(row) != width:
                raise ShapeError(
                    f"{path}, line {number}: expected {width} fields, one for each name in the first line; got "
                    f"{len(row)}: quote fields that hold {separator!r}, or "
                    f"{'take out the others' if len(row) > width else 'give the missing ones'}"
                )
            fields += row
            lines.append(number)
    except csv.Error as error:
        raise InputError(f"{path}, line {before + reader.line_num}: {error}: see to the double quotes") from None
    return FieldBlock(fields, width, lines), before + reader.line_num
