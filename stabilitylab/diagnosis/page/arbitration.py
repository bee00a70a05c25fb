"""The blocks of an arbitration: the verdict, a sentence and a table for each answer, and how answers differ."""

from collections.abc import Iterator

from stabilitylab.core.printable import one_line
from stabilitylab.diagnosis.arbitrate.result import NONE_TRIED, Arbitration, Judged
from stabilitylab.report.blocks import Block, Heading, Items, Stressed, TableBlock, Text
from stabilitylab.report.cells import Table
from stabilitylab.report.plain_cells import NONE, digits_cell, text_cell


def blocks_of_arbitration(found: Arbitration) -> tuple[Block, ...]:
    """Everything that an arbitration says, in the order in which it matters."""
    return tuple(_blocks(found))


def _blocks(found: Arbitration) -> Iterator[Block]:
    yield Heading(1, (f"Answers to {one_line(found.asked)}",))
    yield Text((Stressed(one_line(found.verdict), strong=True),))
    if found.unfinished:
        yield Text((one_line(found.unfinished),))
    yield Text((f"{found.rows} rows of {one_line(found.target)}.",))
    if found.pairs:
        yield Items(tuple((one_line(text),) for text in found.pairs))
    for one in found.answers:
        yield Heading(2, (one_line(one.name),))
        yield Text((one_line(one.sentence),))
        for cause in one.found:
            proof = f" {one_line(cause.removal).rstrip('.')}." if cause.removal else ""
            page = f" More: stabilitylab explain {cause.code}."
            yield Text((
                Stressed(f"{cause.code} {one_line(cause.title)}.", strong=True),
                f" {one_line(cause.sentence).rstrip('.')}.{proof}{page}",
            ))  # fmt: skip
        if one.ties:
            yield Text(("The digits printed do not tell this question from others:",))
            yield Items(tuple((one_line(tie),) for tie in one.ties))
        if one.coefficients:
            yield TableBlock(_table(one))
    if found.notes:
        yield Heading(2, ("What was read",))
        yield Items(tuple((one_line(note),) for note in found.notes))


def _table(one: Judged) -> Table:
    other = one.code not in ("", NONE_TRIED)
    header = ["coefficient", "as printed", "certified", "correct digits"]
    header += ["certified, of the question asked", "correct digits of that"] if other else []
    body = []
    for row in one.coefficients:
        cells = [text_cell(row.name), text_cell(row.printed), text_cell(_shown(row.exact)), digits_cell(row.digits)]
        cells += [text_cell(_shown(row.asked)), digits_cell(row.asked_digits)] if other else []
        body.append(tuple(cells))
    of = one.question or "the question asked"
    note = f"certified: the double nearest to the exact coefficient of {one_line(of)}"
    return Table("Coefficients", tuple(header), (False, *[True] * (len(header) - 1)), tuple(body), (note,))


def _shown(value: float | None) -> str:
    return NONE if value is None else repr(value)
