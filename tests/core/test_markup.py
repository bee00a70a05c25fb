"""A text is the same text in every format, whatever it holds: no tag, no column, no formula."""

import csv
import html
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stabilitylab.core.markup import in_csv, in_html, in_markdown_cell, named_in_csv
from stabilitylab.core.printable import visible

TEXTS = st.text() | st.text(alphabet="=+-@\t\r\n \"',;|<>&\\`*_[]#x1")


@given(TEXTS)
@example('a"b\rc,d')
def test_a_field_of_csv_reads_back(text):
    ((read,),) = csv.reader(io.StringIO(f"{in_csv(text)}\n", newline=""), strict=True) if text else ((("",)),)
    assert read == text


@given(TEXTS)
@example("=cmd|'/C calc'!A0")
@example("  @SUM(1)")
@example("\t=1")
@example("＝1")
def test_no_name_in_csv_is_a_formula(text):
    ((read, _),) = csv.reader(io.StringIO(f"{named_in_csv(text)},1\n", newline=""), strict=True)
    assert not read.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert "\n" not in read
    assert "\r" not in read


@pytest.mark.parametrize("name", ["x", "price - tax", "a=b", "größe"])
def test_an_ordinary_name_stays_as_it_is(name):
    assert named_in_csv(name) == name


@given(TEXTS)
def test_html_shows_the_text_and_holds_no_tag(text):
    page = in_html(text)
    assert not set("<>\"'") & set(page)
    assert html.unescape(page) == visible(text)


@given(TEXTS)
def test_a_cell_of_markdown_is_one_line_without_a_bar_or_a_tag(text):
    cell = in_markdown_cell(text)
    assert "\n" not in cell
    assert "<" not in cell.replace("<br>", "")
    assert all(before.endswith("\\") for before in cell.split("|")[:-1])
