"""Every page that a run writes is whole, and its programs print what it says: an experiment run from end to end."""

import re

import pytest

from page_programs import disagreement, run
from pages import anchors, faults, parsed, programs
from planted import experiment
from stabilitylab.lab.book import write_index
from stabilitylab.lab.experiment import load
from stabilitylab.lab.runner import run_experiment

TEXT = """
from stabilitylab.lab import Experiment, Finding, HeatMap, Listing, Pivot, Remedy, WorstAnswers, cases

EXPERIMENT = Experiment(
    problems=cases("real.timestamps_s", elapsed=(False, True)),
    solvers=("numpy.*",),
    truths=("decimal",),
    metrics=("digits.min", "digits.supported"),
    tables=(Pivot("Digits | of [all]"),),
    appendix=(Listing("Each row", ("solver", "problem", "digits.min", "note")),),
    figures=(HeatMap("Digits"),),
    findings=(Finding("Of {who}, nothing is known.", lambda rows: None),),
    remedies=(Remedy("Count from the first stamp.", lambda rows: True, code="print(3)  # 3"),),
    symptoms=("my slope is `1e-6`",),
    sections=(WorstAnswers(),),
)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    loaded = load(experiment(out / "experiments", text=TEXT, question="What | becomes of `the` *slope*?"))
    write_index([run_experiment(loaded, size="quick", jobs=1, out=out).chapter], out)
    return out


NAMES = ["glossary", "index", "library-numpy", "planted", "planted-appendix"]


def test_there_is_a_page_for_the_chapter_its_tables_the_library_and_the_book(folder):
    assert sorted(page.stem for page in folder.glob("*.md")) == NAMES
    assert sorted(page.stem for page in folder.glob("*.html")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_that_a_run_writes_is_whole(folder, name):
    page = folder / f"{name}.md"
    assert faults(page) == []
    assert parsed(page.read_text("utf-8"))[0].tag == "h1"
    assert anchors(page)


def test_the_programs_of_the_page_of_a_library_print_what_it_says(folder):
    found = programs(folder / "library-numpy.md")
    assert len(found) == 1
    assert "sl.measure(" in found[0].code
    assert [disagreement(found[0], *outcome) for outcome in run([found[0].code])] == [""]


def test_every_page_leads_to_the_next(folder):
    text = {name: (folder / f"{name}.md").read_text("utf-8") for name in NAMES}
    assert "(planted.md)" in text["index"]
    assert "(library-numpy.md)" in text["index"]
    assert "(planted-appendix.md)" in text["planted"]
    assert "(planted.md)" in text["planted-appendix"]
    assert "(planted.md)" in text["library-numpy"]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_and_heading_that_a_page_in_html_names_is_there(folder, name):
    text = (folder / f"{name}.html").read_text("utf-8")
    targets = set(re.findall(r'(?:href|src)="([^"]+)"', text))
    assert targets
    for target in targets:
        file, _, heading = target.partition("#")
        there = folder / (file or f"{name}.html")
        assert there.exists(), target
        assert not heading or f' id="{heading}"' in there.read_text("utf-8"), target
