"""The registry of readers: each takes the coefficients out of a text that is its own, and leaves others alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.diagnosis.arbitrate.readers.text import Text as Text


class Row(NamedTuple):
    """One coefficient: the number of its line, its name and its value as they were printed."""

    line: int
    name: str
    value: str


class Block(NamedTuple):
    """The coefficients of one answer. program: its name where the text has one. line: where it begins."""

    rows: tuple[Row, ...]
    line: int
    program: str = ""


@dataclass(frozen=True)
class Form(Label):
    """A form in which coefficients are written.

    stage: readers of the first stage that find something are those that count: 1 what a program printed, known by its
    headings; 2 tables known by their headings or names; 3 any other.
    """

    stage: int


Reads: TypeAlias = Callable[[Text], Iterable[Block]]

catalog: Catalog[Form] = Catalog("reader of answers", __name__.rpartition(".")[0])


def reader(name: str, stage: int, *, source: str = "") -> Callable[[Reads], Reads]:
    """Tie a form to the function that yields the blocks of a text in that form, none for a text that is not.

    The function raises InputError for a text of its form that is damaged, with the line.
    """
    return catalog.register(Form(name=name, source=source, stage=stage))


def blocks_of(text: Text) -> Sequence[Block]:
    """The coefficients in a text, by the readers of the first stage that finds any, in the order of the text."""
    entries = list(catalog)
    for stage in sorted({entry.label.stage for entry in entries}):
        found = [block for one in entries if one.label.stage == stage for block in one.function(text)]
        if found:
            return sorted(found, key=lambda block: block.line)
    return []
