"""The chapter on metamorphic laws: a row for every route and law, no blank cell, and a script for every violation."""

from collections import Counter

import pytest

from paths import EXPERIMENTS
from stabilitylab import libraries
from stabilitylab.core.types import Measurement
from stabilitylab.lab.experiment import load
from stabilitylab.probes.metamorphic import LAWS
from stabilitylab.report.rows import Rows, from_json, to_json
from stabilitylab.report.writers import markdown

CHAPTER = load(EXPERIMENTS / "equal_regressions_get_unequal_answers.py").experiment


@pytest.fixture(scope="module")
def rows():
    """What is measured of NumPy, in brief, as it is kept and read again."""
    probes = [probe for probe in CHAPTER.rows("quick") if probe["library"] == "numpy"]
    measured = [row for probe in probes for row in CHAPTER.measure(probe)]
    return Rows(tuple(from_json(to_json(row)) for row in measured))


def test_every_route_that_is_here_is_asked_about_every_law_that_suits_it_once():
    asked = Counter((solver, probe.problem) for probe in CHAPTER.rows("full") for solver in probe.solvers)
    assert set(asked.values()) == {1}
    here = {e.label.name for e in libraries.catalog if e.label.available and not e.label.penalised}
    assert {name for name, _ in asked} == here
    assert {law for _, law in asked} == set(LAWS)
    assert all(asked[name, "exact fit"] for name in here)


def test_a_probe_asks_the_routes_of_one_library():
    for probe in CHAPTER.rows("full"):
        assert {libraries.entry(name).label.library.name for name in probe.solvers} == {probe["library"]}


def test_a_cell_says_holds_or_how_far_apart_and_from_which_power_on_or_is_marked(rows):
    table = CHAPTER.appendix[0].table(rows)
    cells = {(line[0].text, head): cell for line in table.body for head, cell in zip(table.header, line, strict=True)}
    assert table.header == ("solver", *LAWS)
    assert cells["numpy.lstsq", "order of rows"].text == "holds (1)"
    assert cells["numpy.lstsq", "unit of a column"].text.startswith("1 (from 2")
    assert cells["numpy.lstsq", "unit of a column"].mark == "‡"
    assert cells["numpy.lstsq", "sparse matrix"].mark == "⊘"
    assert cells["numpy.polyfit", "added column"].absent


def test_the_chapter_shows_the_default_calls(rows):
    table = CHAPTER.tables[0].table(rows)
    assert [line[0].text for line in table.body] == ["numpy.lstsq"]
    assert table.header == ("solver", *LAWS)


def test_every_violation_comes_with_a_script(rows):
    table = CHAPTER.appendix[1].table(rows)
    broken = [row for row in rows if row["facts.outcome"] == "broken"]
    assert [(line[0].text, line[1].text) for line in table.body] == [(row.solver, row.problem) for row in broken]
    assert all(f'get("{row.solver}")' in row["facts.script"] for row in broken)


def test_the_page_of_a_library_shows_what_its_routes_break(rows):
    (section,) = CHAPTER.sections
    pages = section.sections(rows)
    assert set(pages) == {"numpy"}
    assert "stabilitylab as sl" in markdown.page(pages["numpy"])
    held = Rows(tuple(row for row in rows if row["facts.outcome"] != "broken"))
    assert section.sections(held) == {}


def test_the_findings_count_what_is_in_the_rows(rows):
    checked = [finding.check(rows) for finding in CHAPTER.findings]
    broken = sum(row["facts.outcome"] == "broken" for row in rows if row.problem == "unit of a column")
    routes = len({row.solver for row in rows})
    assert checked[0].says.startswith(f"{broken} of {routes} routes")
    assert all(found.holds for found in checked if "scikit" not in found.says)


def planted(solver, law, outcome, **more):
    """A row of a route and a law with what the chapter's sentences read."""
    apart = {"holds": 0.0, "broken": 0.5, "refused": None}[outcome]
    scores = {"apart": apart, "pairs": 3} | ({"power": 0} if outcome == "broken" else {}) | more
    return Measurement(
        law, {}, solver, "float64", "float64", "", "SOLVED", "", (), None, None, scores, facts={"outcome": outcome}
    )


def test_a_law_that_a_route_refuses_is_neither_obeyed_nor_counted():
    """`numpy.lstsq` breaks a law that `numpy.polyfit` was not put to, and refuses one that the other obeys."""
    rows = Rows(
        (
            planted("numpy.polyfit", "unit of a column", "holds"),
            planted("numpy.polyfit", "unit of y", "holds"),
            planted("numpy.polyfit", "sparse matrix", "holds"),
            planted("numpy.lstsq", "unit of a column", "broken"),
            planted("numpy.lstsq", "unit of y", "holds"),
            planted("numpy.lstsq", "sparse matrix", "refused"),
            planted("numpy.lstsq", "added column", "broken"),
            planted("r.lm", "unit of a column", "refused"),
        )
    )
    says = CHAPTER.remedies[0].check(rows).says
    assert "of the 2 laws that both were put to and answered, it breaks 0 " in says
    assert says.endswith("`numpy.linalg.lstsq` 1.")
    units = CHAPTER.findings[0].check(rows).says
    assert units.startswith("1 of 2 routes")
    assert units.endswith("1 others do not answer every problem.")


def test_the_order_of_rows_is_refuted_by_a_difference_that_its_sentence_leaves_out():
    """A law that float32 excuses at 1e-4 holds, but then more routes than those named differ by more than 1e-6."""
    rows = [planted(f"r{k}", "order of rows", "holds") for k in range(20)]
    named = [*rows, planted("s", "order of rows", "broken")]
    assert CHAPTER.findings[4].check(Rows(tuple(named))).holds
    excused = planted("t", "order of rows", "holds", apart=1e-4)
    assert CHAPTER.findings[4].check(Rows((*named, excused))).holds is False
