"""A page says what the rows say: every finding with its verdict, every table and figure, nothing left from before."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pages import faults, programs
from planted import experiment
from stabilitylab.core import environment
from stabilitylab.core.library import Library
from stabilitylab.core.types import Measurement
from stabilitylab.lab import glossary
from stabilitylab.lab.book import INDEX, write_index, written_before
from stabilitylab.lab.chapter import publish, refresh, write_chapter
from stabilitylab.lab.experiment import Experiment, Loaded
from stabilitylab.lab.finding import Finding, Remedy
from stabilitylab.lab.glossary import linked
from stabilitylab.report.blocks import FigureBlock, Heading, Items, Link, TableBlock, Text, Typed, anchor, plain_words
from stabilitylab.report.plot import HeatMap
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.report.table import Listing, Pivot
from stabilitylab.report.writers import markdown


def row(problem, solver, digits):
    scores = {"digits.min": digits}
    return Measurement(problem, {}, solver, "float64", "float64", "matrix", "SOLVED", "", (), None, (1.0,), scores)


NASTY = r"a|b <script>alert(1)</script> \1 \g<1> & c"
ROWS = Rows((row("p", "good", 12.0), row("q", "good", 3.0), row("p", NASTY, 1.0), row(NASTY, NASTY, 0.0)))
FINDINGS = (
    Finding(
        "The best keeps {best:.1f} digits.", lambda rows: True, lambda rows: {"best": max(rows.values("digits.min"))}
    ),
    Finding("The worst keeps more.", lambda rows: False),
    Finding("Nobody answers.", lambda rows: bool(rows.where(solver="nobody"))),
)
MADE_BY = f"Made by `python experiments/chapter.py`; [all chapters]({INDEX}), [glossary](glossary.md)."
WITH_THE_INDEX = {INDEX, "glossary.md"}
EXPERIMENT = Experiment(
    problems=(),
    solvers=(),
    findings=FINDINGS,
    tables=(Pivot("Digits | of <all>"), Listing("Each row", ("problem", "solver", "digits.min"))),
    figures=(HeatMap("Digits & more"), HeatMap("Again")),
)


def loaded(name="chapter", question="Who keeps <digits> | and why?", experiment=EXPERIMENT):
    return Loaded(name, Path(f"{name}.py"), question, "Text with `code`.", experiment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@pytest.fixture(scope="module")
def chapter(folder):
    return write_chapter(loaded(), ROWS, folder)


def plain(experiment=EXPERIMENT):
    """Without figures, which take their time."""
    return replace(experiment, figures=())


# --- the page


def test_a_page_holds_question_text_and_every_finding_with_its_verdict(chapter, folder):
    page = (folder / "chapter.md").read_text("utf-8")
    assert page.startswith("# Who keeps &lt;digits&gt; \\| and why?\n\nText with `code`.\n")
    assert "- *holds*: The best keeps 12.0 digits.\n" in page
    assert "- **REFUTED**: The worst keeps more.\n" in page
    assert "- *not checked here*: Nobody answers. (no row has solver='nobody')\n" in page
    assert [finding.verdict for finding in chapter.findings] == ["holds", "REFUTED", "not checked here"]
    assert not chapter.holds
    place = page.splitlines().index(MADE_BY) + 1
    later = [f"line {place}: nothing is at '{name}'" for name in (INDEX, "glossary.md")]  # with the index
    assert faults(folder / "chapter.md") == later
    assert f"[all chapters]({INDEX})" in page


def test_what_is_not_here_is_a_sentence_and_the_tables_that_need_it_are_left_out(tmp_path, monkeypatch):
    needy = replace(
        plain(),
        solvers=("numpy.lstsq",),
        findings=(Finding("It keeps {k}.", lambda rows: False, needs=("numpy.lstsq",)),),
        tables=(Pivot("Digits"), Pivot("Of the absent", where={"solver": "numpy.lstsq"})),
        figures=(HeatMap("Of the absent", where={"solver": "numpy.lstsq"}),),
    )
    with pytest.raises(NoRowsError):
        write_chapter(loaded(experiment=needy), ROWS, tmp_path)
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere | get it"))
    chapter = write_chapter(loaded(experiment=needy), ROWS, tmp_path)
    page = (tmp_path / "chapter.md").read_text("utf-8")
    assert "Passed over, for it is not here: NumPy: nowhere \\| get it\n" in page
    assert "- *not checked here*: It keeps …. (nowhere \\| get it)\n" in page
    assert (len(chapter.tables), len(chapter.figures), chapter.holds) == (1, 0, True)


def test_every_file_a_page_names_is_there_and_no_other(chapter, folder):
    in_markdown = set(re.findall(r"\]\(([^)]+)\)", (folder / "chapter.md").read_text("utf-8")))
    in_html = set(re.findall(r'(?:href|src)="([^"]+)"', (folder / "chapter.html").read_text("utf-8")))
    there = {path.name for path in folder.iterdir()}
    assert there == set(chapter.files)
    assert in_markdown - WITH_THE_INDEX == {name for name in there if name.endswith((".csv", ".svg"))}
    assert in_html - {"index.html", "glossary.html"} == there - {"chapter.md", "chapter.html"}
    assert len(there) == 2 + 2 * 2 + 2 * 2
    assert all((folder / name).stat().st_size for name in there)


def test_a_page_stands_in_the_same_order_in_both_formats(chapter, folder):
    marks = ["Text with", "The best keeps", "The worst keeps", "chapter-figure1.svg", "chapter-figure2.svg"]
    marks += ["chapter-table1.csv", "Each row", "chapter-table2.csv", "Made by"]
    for name in chapter.files[:2]:
        page = (folder / name).read_text("utf-8")
        assert [page.index(mark) for mark in marks] == sorted(page.index(mark) for mark in marks), name
    blocks = [type(block) for block in chapter.blocks]
    assert blocks == [Heading, Text, Items, FigureBlock, FigureBlock, TableBlock, TableBlock, Text]


def test_names_are_text_and_never_markup(chapter, folder):
    page = (folder / "chapter.md").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in lines[:4]}) == 1, "a name broke a table"
    assert "![Digits &amp; more](chapter-figure1.svg)" in page


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\x1b[31m'


def test_nothing_from_outside_is_markup(tmp_path):
    """A problem, a solver, a warning, a docstring, a number in a finding: each tries to be an element."""
    scores = {"digits.min": 1.0}
    wild = Measurement(
        HOSTILE, {}, HOSTILE, "float64", "float64", "matrix", "WARNED", HOSTILE, (HOSTILE,), None, (1.0,), scores
    )
    experiment = Experiment(
        findings=(Finding("See {what}.", lambda rows: False, lambda rows: {"what": f"`{HOSTILE}` and {HOSTILE}"}),),
        tables=(Pivot(HOSTILE), Listing("Each row", ("problem", "solver", "warnings", "note"), note=HOSTILE)),
    )
    one = Loaded("wild", Path("wild.py"), f"Is {HOSTILE} so?", f"Some {HOSTILE}\n\n    {HOSTILE}", experiment)
    write_index([write_chapter(one, Rows((wild,)), tmp_path)], tmp_path)
    for name in ("wild.html", "index.html"):
        page = (tmp_path / name).read_text("utf-8")
        assert "<script" not in page
        assert page.count("<img") == (name == "index.html")
        assert "\x1b" not in page
        assert page.count("&lt;script&gt;alert(2)") >= (6 if name == "wild.html" else 3)
        assert set(re.findall(r"<(\w+)", page)) <= set(OURS.split())
    for name in ("wild.md", "index.md"):
        page = (tmp_path / name).read_text("utf-8")
        bare = re.sub(r"`[^`]*`|^    .*$", "", page, flags=re.MULTILINE)
        assert set(re.findall(r"<(\w+)", bare)) <= {"br"}
        assert "\x1b" not in page
        assert page.count("&lt;script&gt;alert(2)") >= (6 if name == "wild.md" else 3)


OURS = (
    "html head meta title style body h1 h2 h3 p a code pre em strong ol ul li div table thead tbody tr th td figure img"
)


def test_equal_rows_give_equal_bytes(chapter, folder, tmp_path):
    assert write_chapter(loaded(), Rows(tuple(ROWS)), tmp_path) == chapter
    for name in chapter.files:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    assert b"\r" not in (folder / "chapter.md").read_bytes()


def test_what_an_earlier_run_left_of_a_chapter_goes_and_its_neighbours_stay(tmp_path):
    stale = {"chapter-table7.csv", "chapter-figure3.png", "chapter.md", "chapter.html"}
    kept = {"chapter-two.md", "chapter-two-table1.csv", "another-table1.csv", "chapter.txt", "xchapter.md", "rows"}
    for name in stale | kept:
        (tmp_path / name).write_text("old")
    written = write_chapter(loaded(experiment=plain()), ROWS, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept | set(written.files)
    assert {(tmp_path / name).read_text() for name in kept} == {"old"}


# --- the book


def test_the_index_lists_every_chapter_with_a_link_that_leads_to_it(tmp_path):
    questions = ("Which solver keeps the digits of NumPy's, and why?", "What's lost - 10 digits?")
    chapters = [write_chapter(loaded(f"c{k}", q, plain()), ROWS, tmp_path) for k, q in enumerate(questions)]
    write_index(chapters, tmp_path)
    index = (tmp_path / INDEX).read_text("utf-8")
    for k, question in enumerate(questions, 1):
        assert f"{k}. [{question}](#" in index
        assert f"\n## {question}\n" in index
        assert f"[The whole chapter](c{k - 1}.md)" in index
    assert "(#which-solver-keeps-the-digits-of-numpys-and-why)" in index
    assert "(#whats-lost---10-digits)" in index
    page = (tmp_path / "index.html").read_text("utf-8")
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r' id="([^"]+)"', page))
    assert '<a href="c1.html">The whole chapter</a>' in page
    assert index.count("*holds*: The best keeps 12.0 digits.") == 2
    assert "- python: " in index
    assert faults(tmp_path / INDEX) == []


def test_only_the_first_figure_of_a_chapter_is_in_the_index_and_no_table(chapter, tmp_path):
    write_index([chapter], tmp_path)
    index = (tmp_path / INDEX).read_text("utf-8")
    assert index.count("chapter-figure1.svg") == 1
    assert "chapter-figure2" not in index
    assert "chapter-table" not in index
    assert "\n|" not in index


# --- what to do instead, symptoms, appendix

REMEDIES = (
    Remedy(
        "Ask `good`, which keeps {best:.1f} digits.",
        lambda rows: True,
        lambda rows: {"best": max(rows.values("digits.min"))},
        code="import numpy as np\n\nprint(np.pi)  # 3.14",
    ),
    Remedy("Ask nobody.", lambda rows: bool(rows.where(solver="nobody")), code="print(0)"),
)
SYMPTOMS = ("my slope is `1e-6`", "NA <in> place of a coefficient")
BIG = Listing("Each row of | all", ("problem", "solver", "digits.min"))


def instructive(**more):
    changes = {"findings": (), "remedies": REMEDIES, "symptoms": SYMPTOMS, "appendix": (BIG, BIG), **more}
    return replace(plain(), **changes)


def test_what_to_do_instead_stands_on_the_chapter_with_its_programs_and_on_the_index_without(tmp_path):
    chapter = write_chapter(loaded(experiment=instructive()), ROWS, tmp_path)
    write_index([chapter], tmp_path)
    for name in ("chapter.md", INDEX):
        text = (tmp_path / name).read_text("utf-8")
        begins = "# What to do instead\n\n*holds*: Ask `good`, which keeps 12.0 digits.\n\n"
        assert begins + ("*not" if name == INDEX else "```python\nimport") in text
        assert "*not checked here*: Ask nobody. (no row has solver='nobody')\n" in text
        shown = () if name == INDEX else REMEDIES
        assert [one.code for one in programs(tmp_path / name)] == [f"{remedy.code}\n" for remedy in shown]
        assert faults(tmp_path / name) == []
    page = (tmp_path / "chapter.html").read_text("utf-8")
    assert "<pre><code>import numpy as np\n\nprint(np.pi)  # 3.14</code></pre>" in page


def test_a_refuted_remedy_is_a_refuted_finding(tmp_path):
    wrong = Remedy("Ask `good`.", lambda rows: False, code="print(0)")
    chapter = write_chapter(loaded(experiment=instructive(remedies=(wrong,))), ROWS, tmp_path)
    assert not chapter.holds
    assert "**REFUTED**: Ask `good`." in (tmp_path / "chapter.md").read_text("utf-8")


def test_the_index_begins_with_what_a_person_sees_and_leads_to_the_chapter_in_one_step(tmp_path):
    one = write_chapter(loaded("one", "First?", instructive()), ROWS, tmp_path)
    two = write_chapter(loaded("two", "Second?", instructive(symptoms=SYMPTOMS[:1])), ROWS, tmp_path)
    write_index([one, two], tmp_path)
    index = (tmp_path / INDEX).read_text("utf-8")
    assert "- my slope is `1e-6`: [chapter 1](one.md) and [chapter 2](two.md)\n" in index
    assert "- NA &lt;in&gt; place of a coefficient: [chapter 1](one.md)\n" in index
    headings = re.findall(r"^## (.*)", index, re.MULTILINE)
    assert headings[:3] == ["What you see, and where to read", "The condition number", "The chapters"]
    write_index([replace(one, symptoms=())], tmp_path)
    assert "What you see" not in (tmp_path / INDEX).read_text("utf-8")


def test_a_chapter_of_another_run_is_named_where_its_page_is(tmp_path):
    text = 'EXPERIMENT = Experiment(symptoms=("it is slow",), chapter={})'
    for name, chapter in (("apart", 2), ("before", 1), ("never_run", 3)):
        declared = f"from stabilitylab.lab import Experiment\n{text.format(chapter)}"
        experiment(tmp_path / "experiments", name, declared, question=f"What does {name} cost?")
    experiment(tmp_path / "experiments", "broken", "1 / 0")
    for name in ("apart", "before", "broken", "chapter"):
        (tmp_path / f"{name}.md").write_text("written before", "utf-8")
    now = write_chapter(loaded(experiment=plain()), ROWS, tmp_path)
    others = written_before(tmp_path / "experiments", [now], tmp_path)
    assert [one.name for one in others] == ["before", "apart"]
    write_index([now], tmp_path, others=others)
    index = (tmp_path / INDEX).read_text("utf-8")
    assert "- [What does before cost?](before.md)\n- [What does apart cost?](apart.md)\n" in index
    assert "- it is slow: [before](before.md) and [apart](apart.md)\n" in index


def test_large_tables_stand_on_a_page_of_their_own(tmp_path):
    chapter = write_chapter(loaded(experiment=instructive()), ROWS, tmp_path)
    write_index([chapter], tmp_path)
    page, more = (tmp_path / f"chapter{end}.md" for end in ("", "-appendix"))
    assert "Each row of" not in page.read_text("utf-8")
    assert "[More tables, line by line](chapter-appendix.md)" in page.read_text("utf-8")
    assert more.read_text("utf-8").count("### Each row of \\| all") == 2
    assert "[CSV](chapter-appendix-table2.csv)" in more.read_text("utf-8")
    assert faults(page) == faults(more) == []
    made = {path.name for path in tmp_path.iterdir()} - {*WITH_THE_INDEX, "index.html", "glossary.html"}
    assert {name for name in made if not name.startswith("condition-number")} == set(chapter.files)
    assert {"chapter-appendix.html", "chapter-appendix-table1.csv", "chapter-appendix-table1.jsonl"} <= made
    published = tmp_path / "published"
    publish([chapter], tmp_path, published)
    assert {"chapter-appendix.md", "chapter-appendix-table1.csv"} <= {path.name for path in published.iterdir()}
    write_chapter(loaded(experiment=instructive(appendix=())), ROWS, tmp_path)
    assert not list(tmp_path.glob("chapter-appendix*")), "what an earlier run left"


def test_a_library_is_told_what_to_do_by_the_remedies_that_concern_it(tmp_path):
    class Section:
        def sections(self, rows):
            return {"numpy": [Text(("Of NumPy.",))], "scipy": [Text(("Of SciPy.",))]}

    remedies = (
        Remedy("For all.", lambda rows: True, code="print(0)"),
        Remedy("For NumPy.", lambda rows: True, needs=("numpy.lstsq",), code="print(0)"),
        Remedy("For none.", lambda rows: False, code="print(0)"),
    )
    here = instructive(remedies=remedies, sections=(Section(),))
    elsewhere = instructive(remedies=remedies[:2])
    chapters = [write_chapter(loaded(n, f"{n}?", e), ROWS, tmp_path) for n, e in (("here", here), ("other", elsewhere))]
    write_index(chapters, tmp_path)
    numpy, scipy = ((tmp_path / f"library-{name}.md").read_text("utf-8") for name in ("numpy", "scipy"))
    advice = [re.findall(r"^- (.*)$", text.partition("###")[0], re.MULTILINE) for text in (numpy, scipy)]
    assert advice[0] == ["For all. More: [here?](here.md)", "For NumPy. More: [here?](here.md), [other?](other.md)"]
    assert advice[1] == ["For all. More: [here?](here.md)"]
    assert "[The whole chapter](here.md)." in numpy
    assert "other.md" not in scipy


def test_what_chapters_say_alike_to_a_library_is_one_line(tmp_path):
    """Four lines of one page began with the same advice, each with the digits of another chapter."""

    class Section:
        def sections(self, rows):
            return {"numpy": [Text(("Of NumPy.",))]}

    def told(says):
        return instructive(remedies=(Remedy(says, lambda rows: True, code="print(0)"),), sections=(Section(),))

    said = {"a": "Scale columns: 9 digits.", "b": "Scale columns: 8 digits.", "c": "Centre columns: 7 digits."}
    chapters = [write_chapter(loaded(name, f"{name}?", told(says)), ROWS, tmp_path) for name, says in said.items()]
    write_index(chapters, tmp_path)
    advice = re.findall(r"^- (.*)$", (tmp_path / "library-numpy.md").read_text("utf-8").partition("###")[0], re.M)
    assert advice == [
        "Scale columns: 9 digits. More: [a?](a.md), [b?](b.md)",
        "Centre columns: 7 digits. More: [c?](c.md)",
    ]


def test_the_first_use_of_a_term_leads_to_its_explanation_and_the_condition_number_to_the_first_page(tmp_path):
    text = "By QR, and again QR, at a condition number (explained on the\nfirst page) of `QR` and raw columns."
    one = replace(loaded(experiment=instructive()), text=text)
    page = tmp_path / "chapter.md"
    chapter = write_chapter(one, ROWS, tmp_path)
    write_index([chapter], tmp_path)
    assert (
        "By [QR](glossary.md#qr), and again QR, at a condition number "
        "([explained on the\nfirst page](index.md#the-condition-number)) of `QR` and [raw](glossary.md#raw) columns."
    ) in page.read_text("utf-8")
    assert faults(page) == faults(tmp_path / "glossary.md") == []


def test_publishing_copies_pages_tables_and_drawings_and_removes_stale_ones(chapter, folder, tmp_path):
    target = tmp_path / "deep" / "tables"
    publish([chapter], folder, target)
    for stale in ("chapter-table9.csv", "chapter-table1.jsonl", "chapter-figure1.png", "chapter.html"):
        (target / stale).write_text("stale")
    (target / "chapter-two.md").write_text("a neighbour")
    publish([chapter], folder, target)
    published = {"chapter.md"} | {
        f"chapter-{kind}" for kind in ("table1.csv", "table2.csv", "figure1.svg", "figure2.svg")
    }
    assert {path.name for path in target.iterdir()} == {*published, "chapter-two.md"}
    assert all((target / name).read_bytes() == (folder / name).read_bytes() for name in published)
    links = re.findall(r"\]\(([^)]+)\)", (target / "chapter.md").read_text("utf-8"))
    assert set(links) - WITH_THE_INDEX <= published, "what is published names what is not"


def test_the_published_index_is_in_markdown_only(chapter, tmp_path):
    write_index([chapter], tmp_path, [".md"])
    assert {path.name for path in tmp_path.iterdir()} == {*WITH_THE_INDEX, "condition-number.svg"}


# --- tables embedded in a page

BETWEEN = """# A page with \\1 and | of its own

<!-- table chapter 1 -->
{first}
<!-- end -->
Prose that stays: 1 | 2 \\\\ <!-- end -->

<!-- table chapter 2 -->
{second}
<!-- end -->
<!-- table other 1 -->
another chapter's
<!-- end -->
"""


def page_with(tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("old", ["old", "", "| a | b |\n| --- | --- |\n\\g<0>"])
def test_only_what_is_between_markers_is_replaced_and_twice_is_once(chapter, tmp_path, old):
    path = page_with(tmp_path, BETWEEN.format(first=old, second=old))
    refresh(path, [chapter])
    first, second = (markdown.table(block.table).rstrip() for block in chapter.tables)
    assert path.read_text("utf-8") == BETWEEN.format(first=first, second=second)
    assert "\\|" in first
    refresh(path, [chapter])
    assert path.read_text("utf-8") == BETWEEN.format(first=first, second=second)


def test_an_empty_block_does_not_swallow_what_follows(chapter, tmp_path):
    text = "<!-- table chapter 1 -->\n<!-- end -->\nprose\n<!-- table other 1 -->\nx\n<!-- end -->\n"
    path = page_with(tmp_path, text)
    refresh(path, [chapter])
    assert "\nprose\n<!-- table other 1 -->\nx\n<!-- end -->\n" in path.read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "no markers at all\n",
        "<!-- table chapter 1 -->\nnever ended\n<!-- table other 1 -->\nx\n<!-- end -->\n",
        "<!-- table chapter 9 -->\nno such table\n<!-- end -->\n",
        "<!-- table chapterx1 1 -->\nanother name\n<!-- end -->\n",
    ],
)
def test_a_page_without_a_whole_block_of_the_chapter_stays_as_it_is(chapter, tmp_path, text):
    path = page_with(tmp_path, text)
    refresh(path, [replace(chapter, name="chapter.1"), chapter])
    assert path.read_text("utf-8") == text


def test_the_environment_is_printed_as_text(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "stamp", lambda: {"processor": "<b>|", "blas": [{"version": None}]})
    write_index([], tmp_path)
    index = (tmp_path / INDEX).read_text("utf-8")
    assert "- processor: &lt;b&gt;\\|\n" in index
    assert '- blas: \\[{"version": null}\\]\n' in index
    assert "<li>processor: &lt;b&gt;|</li>" in (tmp_path / "index.html").read_text("utf-8")


def test_the_words_that_chapters_use_are_in_the_glossary():
    """A newcomer met gelsd, eps, ulp, raw and copies, and nothing said what they are."""
    met = ("eps", "gelsd", "QR", "SVD", "ulp", "copies", "raw", "minimum-norm", "BLAS", "float64", "backward error")
    assert set(met) <= set(glossary.TERMS)
    for term in met:
        (spans,) = (linked(Text((f"By {term}.",)), set()).spans,)
        assert plain_words(spans) == f"By {term}."
        assert [span.anchor for span in spans if isinstance(span, Link)] == [anchor((term,))]
    assert linked(Text(("A crawled copy.", Typed("raw"))), set()).spans == ("A crawled copy.", Typed("raw"))


def test_the_index_shows_every_remedy_and_leaves_the_programs_to_the_chapter(tmp_path):
    remedies = tuple(Remedy(f"Do {k}.", lambda rows: True, code=f"print({k})") for k in (1, 2))
    chapter = write_chapter(loaded(experiment=instructive(remedies=remedies)), ROWS, tmp_path)
    write_index([chapter], tmp_path)
    page, index = ((tmp_path / name).read_text("utf-8") for name in ("chapter.md", INDEX))
    assert "print(1)" in page
    assert "print(2)" in page
    assert "Do 1." in index
    assert "Do 2." in index
    assert "print(" not in index
    assert "and the programs of the remedies" in index


def test_the_index_shows_the_first_findings_and_every_refuted_one_and_says_how_many_are_left(tmp_path):
    holds = [k != 6 for k in range(8)]
    findings = tuple(Finding(f"Number {k}.", lambda rows, held=held: held) for k, held in enumerate(holds))
    chapter = write_chapter(loaded(experiment=instructive(findings=findings)), ROWS, tmp_path)
    write_index([chapter], tmp_path)
    page, index = ((tmp_path / name).read_text("utf-8") for name in ("chapter.md", INDEX))
    assert [k for k in range(8) if f"Number {k}." in page] == list(range(8))
    assert [k for k in range(8) if f"Number {k}." in index] == [0, 1, 6]
    assert "with 5 more findings, its tables and the programs of the remedies" in index
