"""A page for each library: what its routes are and declare, and what the chapters have found about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stabilitylab import bench, libraries
from stabilitylab.core.library import Library
from stabilitylab.core.types import Measurement
from stabilitylab.report.blocks import Block, Code, Heading, Link, TableBlock, Text, prose
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.rows import Rows
from stabilitylab.report.table import Listing

WORST = Listing(
    "The answers that fell furthest below what the data support",
    ("solver", "problem", "digits.min", "digits.supported", "status", "warnings", "note"),
)


class Section(Protocol):
    """What a chapter has to say about each library."""

    def sections(self, rows: Rows) -> Mapping[str, Sequence[Block]]:
        """Blocks for each library that it has something to say about, by the library's name."""


@dataclass(frozen=True)
class WorstAnswers:
    """The answers that fell furthest below what the data support, and a script that gives the worst again.

    where: what `Rows.where` takes. count: how many for each library. The rows need digits.min and digits.supported.
    """

    where: Mapping[str, Any] = field(default_factory=dict)
    count: int = 5

    def sections(self, rows: Rows) -> Mapping[str, Sequence[Block]]:
        """See `Section`. A library that keeps what the data support, to a digit, has none."""
        chosen = rows.where(**self.where)
        made: dict[str, Sequence[Block]] = {}
        for library in libraries.each():
            own = [row for row in chosen if bench.route(row.solver).label.library == library and fallen(row) >= 1]
            if own:
                worst = sorted(own, key=fallen, reverse=True)[: self.count]
                table = TableBlock(WORST.table(Rows(tuple(worst))))
                made[library.name] = (table, Text(("The first of them again:",)), Code(script(worst[0]), "python"))
        return made


def fallen(row: Measurement) -> float:
    """How many digits that the data support are not there: all of them where there is no answer."""
    digits, supported = row.scores["digits.min"], row.scores["digits.supported"]
    if not row.answered:
        return 16.0
    return 0.0 if digits is None or supported is None else supported - digits


def script(row: Measurement) -> str:
    """A few lines that measure a row of a published problem again: paste and run."""
    family = row.problem.partition("(")[0]
    arguments = ", ".join(f"{name}={value!r}" for name, value in row.parameters.items())
    return (
        "import stabilitylab as sl\n\n"
        f'problem = sl.problems.get("{family}")({arguments})\n'
        f'row = sl.measure("{row.solver}", problem, truth="{row.truth}")\n'
        'print(row["digits.min"], row.status, row.warnings, row.note)\n'
        "print(row.x)"
    )


def page(library: Library, sections: Mapping[str, Sequence[Block]], blas: str = "") -> tuple[Block, ...]:
    """The page of a library: its routes with what they declare, then under each chapter's question what it found.

    blas: what it computes with, named under the title.
    """
    blocks: list[Block] = [Heading(1, (f"{library.title} {library.version()}",))]
    blocks += [Text((f"BLAS and LAPACK: {blas}.",))] if blas else []
    blocks.append(TableBlock(_routes(library)))
    for question, section in sections.items():
        blocks += [Heading(2, prose(question)), *section]
    return (*blocks, Text((Link(("All chapters",), "index"),)))


def _routes(library: Library) -> Table:
    header = ("route", "what is called", "works in", "matrix solved", "exactly dependent columns", "cut-off")
    body = []
    for entry in libraries.catalog:
        label = entry.label
        if label.library == library:
            works_in = "the format it is given" if label.works_in == "input" else label.works_in
            texts = (
                label.name,
                entry.summary,
                works_in,
                label.solves,
                label.deficient_answer,
                label.cutoff_says or "none",
            )
            body.append(tuple(Cell(text, text) for text in texts))
    return Table("Its entry points, and what they declare", header, (False,) * len(header), tuple(body))
