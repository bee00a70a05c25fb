"""The blocks of a diagnosis: the verdict first, then what it rests on."""

from collections.abc import Iterator, Sequence
from math import isfinite

from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.diagnosis.page.charts import dependence_chart, digits_chart, stages_chart
from stabilitylab.diagnosis.page.figures import figures_table
from stabilitylab.diagnosis.result import Coefficient, Dependence, Diagnosis, Fix
from stabilitylab.report.blocks import Block, Code, Heading, Items, Picture, Stressed, TableBlock, Text
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.plain_cells import NONE, cap_note, digits_cell, number_cell, table_of_cells, text_cell

BEST = 3  # remedies with their code; the others are named
FIELDS = 12  # columns of the data in a table of its rows
MOST = 60  # coefficients, routes and relations in a table: of more, those that matter most
SERIOUS = {"error": "Digits are lost", "warning": "Digits could be better", "note": "Note", "healthy": "Healthy"}


def blocks_of(found: Diagnosis, *, brief: bool = False, all_digits: bool = True) -> tuple[Block, ...]:
    """Everything that a diagnosis says, in the order in which it matters.

    brief: of a healthy one without stages and without near dependence that does no harm. all_digits: of R² and
    predictions; else those that mean something.
    """
    return tuple(_blocks(found, is_short(found) if brief else False, all_digits))


def is_short(found: Diagnosis) -> bool:
    """Whether a brief page of a diagnosis leaves something out: where it is healthy, and there is more to say."""
    return found.severity == "healthy" and bool(found.steps or not _is_harmful(found.dependence))


def _is_harmful(of: Dependence | None) -> bool:
    return of is None or any(harm != "none" for harm in of.harm.values())


def _blocks(found: Diagnosis, short: bool, all_digits: bool) -> Iterator[Block]:
    yield Heading(1, (one_line(found.title),))
    yield Text((Stressed(_sentence(found.verdict), strong=True),))
    if found.unfinished:
        yield Text((f"Interrupted: not done are {found.unfinished}.",))
    if found.conclusions:
        yield Items(tuple((one_line(text),) for text in found.conclusions))
    yield Text((f"{_rows(found)}. Judged: {one_line(found.call)}.",))
    if found.notes:
        yield Items(tuple((one_line(note),) for note in found.notes))
    yield Heading(2, ("Coefficients",))
    shown = _worst_first(found.coefficients)
    if found.mode == "forecast":
        yield Text((
            "A forecast from condition numbers: no exact solution was computed, and the digits are those that a call "
            "of this kind keeps on such data as a rule.",
        ))  # fmt: skip
    if found.mode == "by blocks":
        yield Text((
            "The certified coefficients are those of all rows, from exact sums. The correct digits are a forecast: "
            "those that a call of this kind keeps as a rule on data with these means and products of columns. The "
            "call was not run.",
        ))  # fmt: skip
    yield TableBlock(_digits_table(found, shown))
    yield Picture("Correct digits of each coefficient, beside what data and noise leave", digits_chart(shown))
    if any(row.standard_error is not None for row in shown):
        yield TableBlock(_meaning_table(found, shown))
    if found.figures:
        yield TableBlock(figures_table(found.figures, all_digits=all_digits))
    if found.causes:
        yield from _causes(found)
    if found.steps and not short:
        yield from _stages(found)
    if found.fixes:
        yield from _fixes(found.fixes)
    if found.dependence is not None and not (short and not _is_harmful(found.dependence)):
        yield from _dependence(found)
    if found.routes:
        yield Heading(2, ("Libraries on these data",))
        yield TableBlock(routes_table(found))
    if found.shown:
        yield Heading(2, ("Rows of the data",))
        yield TableBlock(_rows_table(found))


def _causes(found: Diagnosis) -> Iterator[Block]:
    yield Heading(2, ("Causes",))
    items = []
    for one in found.causes:
        proof = f" Shown by removing it: {one.removal.rstrip('.')}." if one.removal else ""
        items.append((
            Stressed(f"{one.code} {one.title}.", strong=True),
            f" {one_line(_sentence(one.sentence))}{one_line(proof)} More: stabilitylab explain {one.code}.",
        ))  # fmt: skip
    yield Items(tuple(items))


def _stages(found: Diagnosis) -> Iterator[Block]:
    yield Heading(2, ("Where the digits were lost",))
    yield Text((
        "The first stages are run as the call did, the rest exactly. What a stage moves a coefficient by is signed, "
        "and all of them add up to its error.",
    ))  # fmt: skip
    names = [row.name for row in found.coefficients]
    yield TableBlock(_stages_table(found, names))
    drawn = stages_chart(found)
    if drawn:
        yield Picture("How far each stage moves a coefficient, relative to it", drawn)
    if found.checks:
        yield Items(tuple((one_line(text),) for text in found.checks))


def _stages_table(found: Diagnosis, names: Sequence[str]) -> Table:
    chosen = _of_most_interest(found)
    body = []
    for step in found.steps:
        said = "; ".join(filter(None, ("dominant" * step.is_dominant, "cancels another" * step.cancels)))
        cells = [text_cell(step.stage), text_cell(step.says), digits_cell(step.digits)]
        cells += [number_cell(step.change[names.index(name)], 3) for name in chosen]
        body.append((*cells, text_cell(said or NONE)))
    header = ("stage", "what it does", "digits left", *(f"moves {one_line(name)} by" for name in chosen), "")
    return table_of_cells("Stages", header, body, scored=(False, False, *[True] * (1 + len(chosen)), False))


def _of_most_interest(found: Diagnosis) -> list[str]:
    """The coefficients of fewest digits, four at most."""
    return [row.name for row in _worst_first(found.coefficients)[:4]]


def _fixes(fixes: Sequence[Fix]) -> Iterator[Block]:
    yield Heading(2, ("What brings the digits back",))
    yield Text(("Each was applied to these data and scored again.",))
    for one in fixes[:BEST]:
        before, after = one_decimal(one.digits_before), one_decimal(one.digits_after)
        tail = f" {_capital(_sentence(one.says))}" if one.says else ""
        cost = f" Cost: {one.cost.rstrip('.')}." if one.cost else ""
        other = "" if one.same_coefficients else " The coefficients then answer another question."
        yield Text((
            Stressed(one_line(_sentence(one.sentence)), strong=True),
            f" {before} digits before, {after} after.{cost}{other}{tail}",
        ))  # fmt: skip
        if one.line.strip():
            yield Code(one.line)
    if fixes[BEST:]:
        others = "; ".join(f"{one_line(one.sentence)} ({one_decimal(one.digits_after)} digits)" for one in fixes[BEST:])
        yield Text((f"Also: {others}.",))


def _dependence(found: Diagnosis) -> Iterator[Block]:
    of = found.dependence
    assert of is not None, "the caller has looked"
    yield Heading(2, ("Columns that say nearly the same",))
    yield Text((one_line(_sentence(of.says)),))
    numbers = f"Condition number {_short(of.cond)}, with columns of norm 1 {_short(of.cond_scaled)}."
    yield Text((numbers,))
    if of.near:
        header = ("relation", "holds", "condition index", "left over, of the column")
        body = [
            (
                text_cell(one.relation),
                text_cell("exactly" if one.is_exact else "within rounding" if one.within_rounding else "nearly"),
                number_cell(one.condition_index, 3),
                number_cell(one.distance, 2),
            )
            for one in of.near[:MOST]
        ]
        yield TableBlock(table_of_cells("Relations", header, body, scored=(False, False, True, True)))
    harmed = [(name, harm) for name, harm in of.harm.items() if harm != "none"][:MOST]
    if harmed:
        body = [
            (text_cell(name), text_cell(harm), number_cell(of.vif.get(name), 3), text_cell(_proportions(found, name)))
            for name, harm in harmed
        ]
        header = ("coefficient", "harm", "VIF", "variance by condition index")
        yield TableBlock(table_of_cells("Harm", header, body, scored=(False, False, True, False)))
    drawn = dependence_chart(of, [row.name for row in found.coefficients])
    if drawn:
        yield Picture("Share of each coefficient's variance by condition index (Belsley, Kuh and Welsch 1980)", drawn)


def _proportions(found: Diagnosis, name: str) -> str:
    """The condition indexes that explain more than a tenth of the variance of a coefficient."""
    of = found.dependence
    assert of is not None, "the caller has looked"
    j = next((j for j, row in enumerate(found.coefficients) if row.name == name), None)
    if j is None or not of.proportions or j >= len(of.proportions[0]):
        return NONE
    pairs = [(row[j], index) for row, index in zip(of.proportions, of.indexes, strict=True) if row[j] > 0.1]
    return ", ".join(f"{share:.0%} by {_short(index)}" for share, index in sorted(pairs, reverse=True)) or NONE


# --- tables


def _digits_table(found: Diagnosis, rows: Sequence[Coefficient]) -> Table:
    forecast, certified_too = found.mode != "exact", found.mode != "forecast"
    header = ("coefficient", "correct digits", one_line(found.call), "certified", "data support", "noise leaves")
    body = []
    for row in rows:
        own = row.printed or (NONE if row.returned is None else repr(row.returned))
        certified = NONE if row.certified is None else repr(row.certified) + (" (exact)" * row.is_exactly_zero)
        body.append((
            text_cell(row.name), digits_cell(row.digits), text_cell(own), text_cell(certified),
            digits_cell(row.supported), digits_cell(row.statistical),
        ))  # fmt: skip
    of_digits = "correct digits: -log10 of the relative error, 15.95 at most: float64 holds no more"
    notes: tuple[str, ...] = ("correct digits: expected, not measured" if forecast else of_digits,)
    if certified_too:
        notes = (
            "certified: the double nearest to the exact coefficient of the numbers as given",
            *notes,
            "data support: digits that are left when every number changes within its rounding",
            "noise leaves: -log10(standard error / |coefficient|)",
        )
    left = len(found.coefficients) - len(rows)
    more = (f"{left} more coefficients, with as many digits or more, are in the JSON",) if left else ()
    return table_of_cells("Digits", header, body, (False, *[True] * 5), (*notes, *more))


def _meaning_table(found: Diagnosis, rows: Sequence[Coefficient]) -> Table:
    share = f"{100 * found.level:.12g} %"
    header: tuple[str, ...] = ("coefficient", "standard error", "t", "p", f"{share} from", "to")
    own = any(row.digits_of_standard_error is not None for row in rows)
    if own:
        header += ("digits of standard error", "of t", "of p")
    body = []
    for row in rows:
        cells = [text_cell(row.name), number_cell(row.standard_error, 6), number_cell(row.t, 6), _p(row)]
        cells += [number_cell(row.lower, 6), number_cell(row.upper, 6)]
        if own:
            cells += [digits_cell(v) for v in (row.digits_of_standard_error, row.digits_of_t, row.digits_of_p)]
        body.append(tuple(cells))
    notes = ("certified; the last columns: correct digits of those that came with the call",) if own else ("certified",)
    return table_of_cells("Uncertainty", header, body, (False, *[True] * (len(header) - 1)), notes)


def routes_table(found: Diagnosis) -> Table:
    """The digits of every route that was asked, in their order: those that lost digits first."""
    rows = found.routes[:MOST]
    body = [
        (text_cell(one.route), digits_cell(one.worst), text_cell(one.says), text_cell(", ".join(one.causes) or NONE))
        for one in rows
    ]
    header = ("route", "digits of the worst coefficient", "how it ended", "causes")
    left = len(found.routes) - len(rows)
    notes = (*((f"{left} more in the JSON",) if left else ()), *cap_note(one.worst for one in rows))
    return table_of_cells("Routes", header, body, (False, True, False, False), notes)


def _rows_table(found: Diagnosis) -> Table:
    names = list(found.shown[0].cells)[:FIELDS]
    body = [
        (text_cell(row.place), text_cell(row.why), *(text_cell(row.cells.get(name, "")) for name in names))
        for row in found.shown[:MOST]
    ]
    left = len(found.shown[0].cells) - len(names)
    notes = (f"{left} more columns in the JSON",) if left else ()
    return table_of_cells("Rows", ("row", "why", *map(one_line, names)), body, (False,) * (2 + len(names)), notes)


# --- cells and words


def _p(row: Coefficient) -> Cell:
    if row.p is None or row.t is None:
        return Cell(NONE)
    return Cell("< 5e-324" if row.p == 0 and isfinite(row.t) else f"{row.p:.3g}", row.p)


def _short(value: float) -> str:
    return f"{value:.2g}" if isfinite(value) else "infinite"


def _sentence(text: str) -> str:
    text = one_line(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rows(found: Diagnosis) -> str:
    left = f", {found.rows_left_out} left out" if found.rows_left_out else ""
    return f"{found.rows} rows{left}, {len(found.coefficients)} coefficients of {one_line(found.target)}"


def _worst_first(rows: Sequence[Coefficient]) -> list[Coefficient]:
    """All in their order, or of many those of fewest digits."""
    if len(rows) <= MOST:
        return list(rows)
    return sorted(rows, key=lambda row: -1.0 if row.digits is None else row.digits)[:MOST]
