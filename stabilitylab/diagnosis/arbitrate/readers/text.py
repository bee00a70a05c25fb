"""A text that holds coefficients: its lines, its cells, and the error that shows what to write in its place."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path

from stabilitylab.core.errors import EmptyError, InputError, StabilityLabError
from stabilitylab.core.printable import one_line
from stabilitylab.data.tabular.encoding import UTF_8, marked
from stabilitylab.diagnosis.arbitrate.printed import is_absent, of_text
from stabilitylab.diagnosis.arbitrate.spelling import normal

LARGEST_FILE = 10_000_000  # bytes of a file of coefficients
SEPARATORS = ",;\t"


@dataclass(frozen=True, eq=False)
class Text:
    """label: of the answer. file: what messages call the text. order: the coefficients of the question asked. known:
    the names, in normal form, of the coefficients that some question of the table has."""

    label: str
    file: str
    content: str
    order: Sequence[str]
    known: Collection[str]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines, without what only typesetting needs."""
        return tuple(self.content.replace("\N{NO-BREAK SPACE}", " ").split("\n"))

    @cached_property
    def separator(self) -> str:
        """Of the cells of a table: what the first line that is not blank has most of."""
        first = next((line for line in self.lines if line.strip()), "")
        return max(SEPARATORS, key=first.count)

    @cached_property
    def rows(self) -> tuple[tuple[int, list[str]], ...]:
        """The rows that are not blank, each with the number of its line and its cells. Raises InputError."""
        reader = csv.reader(StringIO(self.content), delimiter=self.separator, skipinitialspace=True)
        try:
            return tuple((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
        except csv.Error as error:
            raise self.refused(
                f"line {reader.line_num} of {self.file}: {error}: save it as CSV, lines such as"
            ) from None

    @property
    def is_rectangle(self) -> bool:
        """Whether all rows have as many cells, two or more."""
        return len({len(row) for _, row in self.rows}) == 1 and len(self.rows[0][1]) > 1

    def is_known(self, name: str) -> bool:
        """Whether a text names a coefficient of a question of the table."""
        return bool(name.strip()) and normal(name) in self.known

    def refused(self, says: str, kind: type[StabilityLabError] = InputError) -> StabilityLabError:
        """The error that says this of the text, with three lines below that could be read in its place."""
        error = kind(f"{self.label}: {says}")
        names = [_cell(name) for name in [*self.order, "dose", "age"][:2]]
        lines = [f"name,{_cell(self.label)},SAS", f"{names[0]},9.635362,9.6354", f"{names[1]},1.743777,1.7438"]
        error.picture = "".join(f"\n    {one_line(line)}" for line in lines)
        return error


def is_value(cell: str) -> bool:
    """Whether a cell is a number, or says that there is none."""
    return of_text(cell) is not None or is_absent(cell)


def text_of_file(label: str, path: Path, order: Sequence[str], known: Collection[str]) -> Text:
    """The text of a file in UTF-8, in UTF-16 with its mark, or in the encoding of Windows.

    Raises InputError where it is none, EmptyError where it is blank.
    """
    file = repr(one_line(str(path)))
    try:
        if path.is_dir():
            raise InputError(f"{label}: {file} is a folder: name a CSV file with two columns, name and value")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{label}: {file} is too large to hold coefficients: name a file of name, value")
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"{label}: there is no file {file}: give the path of a CSV file, or a dict name -> value"
        ) from None
    except OSError as error:
        raise InputError(f"{label}: {file} cannot be read ({error.strerror}): give another path") from None
    return text_of(label, file, _decoded(label, file, content), order, known)


def text_of(label: str, file: str, content: str, order: Sequence[str], known: Collection[str]) -> Text:
    """The text of an answer. Raises InputError for characters that no text has, EmptyError where it is blank."""
    if "\x00" in content:
        raise InputError(f"{label}: {file} is no text: save it as CSV in UTF-8")
    text = Text(label, file, content.replace("\r\n", "\n").replace("\r", "\n"), order, known)
    if not content.strip():
        raise text.refused(f"{file} is empty: give a line for each coefficient, name,value, such as", EmptyError)
    return text


def _decoded(label: str, file: str, content: bytes) -> str:
    tried = [marked(content)] if marked(content) else [UTF_8, "cp1252"]
    for encoding in filter(None, tried):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{label}: {file} is no text in UTF-8: save it as CSV in UTF-8")


def _cell(name: str) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow([name])
    return out.getvalue()
