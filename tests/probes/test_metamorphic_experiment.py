"""The chapter on metamorphic laws: a row for every route and law, no blank cell, and a script for every violation."""

from collections import Counter

import pytest

from paths import EXPERIMENTS
from stabilitylab import libraries
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
    assert {name for name, _ in asked} == {entry.label.name for entry in libraries.catalog if entry.label.available}
    assert {law for _, law in asked} == set(LAWS)
    assert all(asked[entry.label.name, "exact fit"] for entry in libraries.catalog if entry.label.available)


def test_a_probe_asks_the_routes_of_one_library():
    for probe in CHAPTER.rows("full"):
        assert {libraries.entry(name).label.library.name for name in probe.solvers} == {probe["library"]}


def test_a_cell_says_holds_or_how_far_apart_and_from_which_power_on_or_is_marked(rows):
    table = CHAPTER.appendix[0].table(rows)
    cells = {(line[0].text, head): cell for line in table.body for head, cell in zip(table.header, line, strict=True)}
    assert table.header == ("solver", *LAWS)
    assert cells["numpy.lstsq", "order of rows"].text == "holds (1)"
    assert cells["numpy.lstsq", "unit of a column"].text.startswith("1, 2")
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
