"""Every page in the checkout is whole, by a parser that has no part in writing it; and each kind of fault is seen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages import faults, faults_of, programs, too_long
from paths import ROOT
from stabilitylab import libraries
from stabilitylab.lab.experiment import find
from stabilitylab.report.blocks import Code, Heading, Items, Stressed, TableBlock, Text, Typed
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.writers import markdown

TABLES = ROOT / "experiments" / "tables"
PAGES = sorted([*TABLES.glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

GOOD = """# A page's `title`, in *short*

See [the end](#the-end) or [another](other.md#its-title), <https://example.org> or ![a figure](figure.svg).
None of these is `None` or `{name}`; it gives a row or None, and calls fit(A, None, {order: degree}).

| name | digits |
| :--- | ---: |
| a \\| b | 12.0 |
| c | {"version": 1} |

```python
print(None, "{name}")
```

    indented

## The end
"""

FAULTS = {
    "a fence that never closes": ("## The end", "```python\nprint(1)\n\n## The end", "a fence that never closes"),
    "a fence that closes in its last line": ("## The end", "```python\nNone```\n\n## The end", "that never closes"),
    "an empty script": ('print(None, "{name}")\n', "", "a code block that holds nothing"),
    "a script that is None": ('print(None, "{name}")', "None", "a code block that holds None"),
    "a row with a cell too many": ("| c | ", "| c | d | ", "a table with rows of 2, 3 cells"),
    "a row with a cell too few": ("| a \\| b | 12.0 |", "| a \\| b |", "a table with rows of 1, 2 cells"),
    "a bar that is not escaped": ("a \\| b", "a | b", "a table with rows of 2, 3 cells"),
    "a table whose rule is too short": ("| :--- | ---: |", "| :--- |", "lines with bars that are no table"),
    "a script in a cell": ("| c |", "| import numpy as np<br>print(np) |", "a program in a cell"),
    "a script in a cell, behind a comment": ("| c |", "| # k<br>from a import b |", "a program in a cell"),
    "a number in a sentence that is None": ("in *short*", "keeps None digits", "None in"),
    "a link to no page": ("(other.md#its-title)", "(nowhere.md)", "nothing is at 'nowhere.md'"),
    "a link to no heading": ("#its-title", "#another", "other.md has no heading 'another'"),
    "a link to no heading here": ("(#the-end)", "(#the-beginning)", "page.md has no heading 'the-beginning'"),
    "a link to nothing": ("(#the-end)", "()", "nothing is at ''"),
    "an image that is not there": ("(figure.svg)", "(figure2.svg)", "nothing is at 'figure2.svg'"),
    "a number that is None": ("| 12.0 |", "| None |", "None in 'None'"),
    "braces in a sentence": ("in *short*", "by {digits:.1f} digits", "the braces {digits:.1f}"),
    "braces without a format": ("in *short*", "of {best}", "the braces {best}"),
}


def written(folder, text):
    page = folder / "page.md"
    page.write_text(text, "utf-8")
    (folder / "other.md").write_text("# Its title\n", "utf-8")
    (folder / "figure.svg").write_text("<svg/>", "utf-8")
    return page


def test_a_page_that_is_whole_has_no_fault(tmp_path):
    assert faults(written(tmp_path, GOOD)) == []


@pytest.mark.parametrize("kind", FAULTS)
def test_a_planted_fault_is_seen(tmp_path, kind):
    whole, broken, said = FAULTS[kind]
    assert GOOD.count(whole) == 1
    found = faults(written(tmp_path, GOOD.replace(whole, broken)))
    assert any(said in sentence for sentence in found), found


def test_equal_headings_have_numbered_anchors(tmp_path):
    page = written(tmp_path, "# One\n\n## One\n\n[a](#one) [b](#one-1)\n")
    assert faults(page) == []
    assert faults(written(tmp_path, page.read_text("utf-8") + "[c](#one-2)\n"))


def test_the_programs_of_a_page_come_with_what_is_said_before_them(tmp_path):
    (found,) = programs(written(tmp_path, GOOD + "\nLook:\n\n```sh\nls\n```\n"))
    assert (found.page, found.line, found.before) == ("page.md", 11, '{"version": 1}')
    assert found.code == 'print(None, "{name}")\n'


# What opens or closes something in Markdown, and lines; a page made of these in every place is still whole.
marks = st.text("ab|`\\*_[]<>#~-+=.$&!1: \n", min_size=1, max_size=12).filter(lambda text: text.strip("` \n"))
words = st.tuples(marks, st.builds(Typed, marks), st.builds(Stressed, marks.filter(str.isalnum)))
tables = st.lists(marks, min_size=4, max_size=4).map(
    lambda four: Table(four[0], (four[1], "b"), (False, True), ((Cell(four[2]), Cell(four[3])),), (four[0],))
)
blocks = st.one_of(
    st.builds(Heading, st.integers(1, 3), words),
    st.builds(Text, words),
    st.builds(Items, st.tuples(words, words)),
    st.builds(Code, marks, st.sampled_from(["", "python"])),
    st.builds(TableBlock, tables),
)


@given(st.lists(blocks, min_size=1, max_size=4))
def test_a_page_of_any_blocks_is_whole(drawn):
    page = markdown.page([*drawn, Heading(2, ("The end",))])
    assert faults_of(page, Path("page.md")) == []
    assert page.endswith("## The end\n")


@pytest.mark.parametrize("nothing", ["", " \n", None])
def test_a_block_of_code_without_code_is_refused(nothing):
    with pytest.raises(ValueError, match="a block of code needs lines"):
        Code(nothing, "python")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_of_the_checkout_is_whole(page):
    assert faults(page) == []


@pytest.mark.parametrize("page", sorted(TABLES.glob("*.md")), ids=lambda page: page.name)
def test_a_page_of_the_book_can_be_read_through(page):
    assert not too_long(page)


@pytest.mark.parametrize(("name", "limit"), [("index", 6000), ("a_chapter", 5000)])
def test_a_page_that_is_too_long_is_seen(tmp_path, name, limit):
    page = tmp_path / f"{name}.md"
    page.write_text("word " * limit, "utf-8")
    assert not too_long(page)
    page.write_text("word " * (limit + 1), "utf-8")
    assert too_long(page) == f"{name}.md has {limit + 1} words, and may have {limit}"
    (tmp_path / f"{name}-appendix.md").write_text(page.read_text("utf-8"), "utf-8")
    assert not too_long(tmp_path / f"{name}-appendix.md")


def test_every_page_of_the_book_is_of_an_experiment_or_a_library_that_there_is():
    names = {path.stem for path in find(ROOT / "experiments")}
    known = {"glossary", "index", *names, *(f"{name}-appendix" for name in names)}
    known |= {f"library-{library.name}" for library in libraries.each()}
    assert {page.stem for page in TABLES.glob("*.md")} - known == set()
