"""A page for each library: what its routes are and declare, and what the chapters have found about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stabilitylab import bench, libraries
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.library import Library
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import Measurement, Status
from stabilitylab.lab.glossary import GLOSSARY
from stabilitylab.report.blocks import Block, Code, Heading, Items, Link, Spans, TableBlock, Text, prose
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.row_marks import UNCERTAIN
from stabilitylab.report.rows import Rows
from stabilitylab.report.table import Listing
from stabilitylab.scoring.reporting import WORST_FIRST, how_reported, in_words

WORST = Listing(
    "Answers below what the data support",
    ("solver", "problem", "digits.min", "digits.supported", "status", "warnings", "note"),
    note="Silent ones first, then those of which only the rank tells, those with a warning, NA, and refusals; answers "
    "that are not wrong come last, by the digits lost.",
)


class Section(Protocol):
    """What a chapter has to say about each library."""

    def sections(self, rows: Rows) -> Mapping[str, Sequence[Block]]:
        """Blocks for each library that it has something to say about, by the library's name."""


@dataclass(frozen=True)
class WorstAnswers:
    """Answers below what the data support, by how they were reported, and a script that gives the first again.

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
                worst = sorted(own, key=place)[: self.count]
                first = worst[0]
                kept = (
                    "no answer" if first["digits.min"] is None else f"{one_decimal(first['digits.min'])} correct digits"
                )
                made[library.name] = (
                    TableBlock(worst_table(worst, len(own))),
                    Text((f"The first of them again, with {kept} ({in_words(first)}):",)),
                    Code(script(first), "python"),
                )
        return made


def place(row: Measurement) -> tuple[int, float]:
    """Its place among the worst answers: by how it was reported, `WORST_FIRST`, and by the digits that are not there.

    An answer that is not wrong, or not judged, comes after all that are.
    """
    reporting = how_reported(row)
    return len(WORST_FIRST) if reporting is None else WORST_FIRST.index(reporting), -fallen(row)


def worst_table(rows: Sequence[Measurement], of: int) -> Table:
    """The rows line by line, each with how it was reported, in the words of `Reporting`; of: how many there are."""
    table = WORST.table(Rows(tuple(rows)))
    title = table.title if of == len(rows) else f"{table.title}: the worst {len(rows)} of {of}"
    at = WORST.columns.index("status")
    body = []
    for row, cells in zip(rows, table.body, strict=True):
        said = in_words(row)
        body.append((*cells[:at], Cell(said, said), *cells[at:]))
    header = (*table.header[:at], "how it was reported", *table.header[at:])
    return Table(title, header, (*table.scored[:at], False, *table.scored[at:]), tuple(body), table.notes)


def fallen(row: Measurement) -> float:
    """How many digits that the data support are not there; all of them where there is no answer."""
    digits, supported = row.scores["digits.min"], row.scores["digits.supported"]
    if supported is None:
        return 0.0
    return supported if not row.answered else 0.0 if digits is None else supported - digits


def script(row: Measurement) -> str:
    """A few lines that measure a row of a published problem again: paste and run."""
    family = row.problem.partition("(")[0]
    remark = "  # 0 where the note says NA" if row.status == Status.DROPPED.name else ""
    arguments = ", ".join(f"{name}={value!r}" for name, value in row.parameters.items())
    return (
        "import stabilitylab as sl\n\n"
        f'problem = sl.problems.get("{family}")({arguments})\n'
        f'row = sl.measure("{row.solver}", problem, truth="{row.truth}")\n'
        'print(row["digits.min"], row.status, row.warnings, row.note)\n'
        f"print(row.x){remark}"
    )


def page(
    library: Library, sections: Mapping[str, Sequence[Block]], advice: Sequence[Spans] = (), blas: str = ""
) -> tuple[Block, ...]:
    """The page of a library: what to do, its routes with what they declare, and under each question what was found.

    advice: sentences that say what to do with this library. blas: what it computes with, named under the title.
    """
    blocks: list[Block] = [Heading(1, (f"{library.title} {library.version()}",))]
    blocks += [Text((f"BLAS and LAPACK loaded: {blas}.",))] if blas else []
    if advice:
        blocks += [Text(("What to do:",)), Items(tuple(advice))]
    blocks.append(TableBlock(_routes(library)))
    for question, section in sections.items():
        blocks += [Heading(2, prose(question)), *section]
    return (*blocks, Text((Link(("All chapters",), "index"), ", ", Link(("glossary",), GLOSSARY), ".")))


def _routes(library: Library) -> Table:
    header = (
        "route",
        "what is called",
        "works in",
        "matrix solved",
        "exactly dependent columns",
        "cut-off",
        "settings of the lab",
    )
    body = []
    for entry in libraries.catalog:
        label = entry.label
        if label.library == library:
            texts = (
                label.name,
                entry.summary,
                works_in(label),
                label.solves,
                dependent(label),
                label.cutoff_says or "none declared",
                label.called_under or "none",
            )
            body.append(tuple(Cell(text, text) for text in texts))
    return Table("Its entry points, and what they declare", header, (False,) * len(header), tuple(body), (LEGEND,))


LEGEND = (
    "Matrix solved: raw is the columns as given. Exactly dependent columns, which have many solutions: minimum-norm is "
    "the shortest of them, basic leaves columns out, whose coefficients are 0 or NA, refuses is an error, and where "
    "nothing is declared, anything may come. Cut-off: when a direction counts as not there; where none is declared, a "
    "tolerance, a penalty or an early stop may lose one all the same. Settings of the lab: what this lab sets beside "
    "the call, and users do not have unless they ask for it; the call's arguments are the route's."
)


def works_in(label: RouteLabel) -> str:
    """The format that a route computes in, in words: that of the data where it takes more than one."""
    if label.works_in != "input":
        return label.works_in
    return label.scalars[0] if len(label.scalars) == 1 else f"the format given, {' or '.join(label.scalars)}"


def dependent(label: RouteLabel) -> str:
    """What a route declares to answer to exactly dependent columns, in words."""
    if label.deficient_answer == "none":
        return "nothing declared"
    doubtful = ", where round-off lets it see them" if UNCERTAIN in label.tags else ""
    return f"{label.deficient_answer}{doubtful}"
