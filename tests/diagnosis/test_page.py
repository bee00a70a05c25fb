"""The page of a diagnosis: every form says the same, nothing in it is markup of somebody's, and it loads nothing."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape

import pytest

from stabilitylab.bench.causes import Found
from stabilitylab.diagnosis.page.blocks import blocks_of
from stabilitylab.diagnosis.page.charts import digits_chart
from stabilitylab.diagnosis.page.figures import figures_table
from stabilitylab.diagnosis.result import (
    Coefficient,
    Dependence,
    Diagnosis,
    Figure,
    Fix,
    NearDependence,
    RouteRow,
    Step,
)
from stabilitylab.report.page_forms import to_text

NAMES = ("intercept", "<script>alert(1)</script>", "a|b`*_", "x\x1b[31m")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def coefficient(name, k):
    """A coefficient in which every number is another."""
    return Coefficient(
        name, 1.25 + k, 1.5 + k, 0.5 + k, 6.25 + k, 3.125 + k, 0.0625 + k, 7.5 + k, 0.03125 / (k + 1), 1.1 + k, 2.1 + k,
        0.07 + k, 8.5 + k, 0.04 / (k + 1), 4.1 + k, 5.1 + k, 6.1 + k,
    )  # fmt: skip


def diagnosis():
    """One that has everything, with names that are markup somewhere."""
    return Diagnosis(
        verdict=f"numpy.lstsq gives no correct digit of {NAMES[1]}",
        severity="error",
        title="y & z on <b>x</b>",
        target="y",
        rows=101,
        rows_left_out=7,
        call="numpy.lstsq",
        code="numpy.linalg.lstsq(A, b)",
        mode="exact",
        level=0.9,
        coefficients=tuple(coefficient(name, k) for k, name in enumerate(NAMES)),
        figures=(Figure("R² about the mean", 0.875, 0.9375, 1.25),),
        causes=(Found("SL101", "rank cut-off", "error", "4 of 5 directions kept", removal="with rcond=0 8.75 digits"),),
        steps=(
            Step("storing X", "each number rounded", (1e-9, -2e-9, 0.0, 0.0), 9.25),
            Step("rank cut-off", "a direction dropped", (-1.5, 0.25, 0.0, 0.0), 0.5, is_dominant=True),
            Step("solver", "rounding", (1.5e-3, 0.0, 0.0, 0.0), 0.75, cancels=True),
        ),
        checks=("the answer is reproduced bit for bit",),
        routes=(RouteRow("lib.one", "SOLVED", "solved", (1.0,) * 4, (9.0,) * 4, 9.75, ("SL109",)),),
        dependence=Dependence(
            1.5e13, 2.5e3, (1.0, 3.5, 40.5, 2500.5), ((0.0, 0.0, 0.1, 0.9),) * 4, dict.fromkeys(NAMES, 12.25),
            (NearDependence(f"{NAMES[1]} = 2 {NAMES[2]}", {NAMES[2]: 2.0}, False, True, 2500.5, {}, 1.25e-4),),
            dict(zip(NAMES, ("none", "statistical", "numerical", "both"), strict=True)),
            "Two columns say nearly the same: drop one.",
        ),
        fixes=(Fix("elapsed", "Count from the first stamp", "x = x - x[0]", 0.5, 15.25, "the same time"),),
        conclusions=(f"The sign of {NAMES[2]} is wrong.",),
        notes=("separator ':' was found",),
        unfinished="the other libraries",
    )  # fmt: skip


FACTS = """
no correct digit; 101 rows, 7 left out; separator ':' was found; the sign of; the other libraries; 0.9375; 0.875; SL101;
rank cut-off; 4 of 5 directions kept; with rcond=0 8.75 digits; stabilitylab explain SL101;
storing X; each number rounded;
dominant; cancels another; reproduced bit for bit; lib.one; SL109; 9.8; 1.5e+13; 2.5e+03; drop one; within rounding;
statistical; numerical; both; 12.2; 90% by 2.5e+03; count from the first stamp; x = x - x[0];
0.5 digits before, 15.2 after; the same time; 90 % from; 1.25; 2.25; 3.25; 4.25; 7.5; 8.5; 9.5; 10.5; 0.0312; 4.1; 5.1;
6.1; 3.1; 6.2
"""


def plain(markdown):
    """Markdown as it is read."""
    return unescape(re.sub(r"\\([\\`*_\[\]|~$#])", r"\1", markdown))


def test_every_form_says_everything():
    found = diagnosis()
    page = unescape(re.sub(r"<[^>]+>", "", found.to_html()))
    for form in (str(found), plain(found.to_markdown()), page, unescape(re.sub(r"<[^>]+>", "", found._repr_html_()))):
        assert [fact for fact in map(str.strip, FACTS.split(";")) if fact.lower() not in form.lower()] == []


def healthy_one():
    harmless = replace(diagnosis().dependence, harm=dict.fromkeys(NAMES, "none"))
    return replace(diagnosis(), severity="healthy", causes=(), fixes=(), conclusions=(), dependence=harmless)


def test_a_brief_page_of_a_healthy_one_ends_behind_the_uncertainty():
    long, short = (to_text(blocks_of(healthy_one(), brief=brief)) for brief in (False, True))
    hidden = ["Where the digits were lost", "reproduced bit for bit", "Columns that say nearly the same"]
    assert all(text in long for text in hidden)
    assert not any(text in short for text in hidden)
    assert all(text in short for text in ("Uncertainty", "R² about the mean", "lib.one"))
    harmed = replace(healthy_one(), dependence=diagnosis().dependence)
    assert "Columns that say nearly the same" in to_text(blocks_of(harmed, brief=True)), "the verdict speaks of it"
    assert to_text(blocks_of(diagnosis(), brief=True)) == str(diagnosis()), "of lost digits everything is told"
    assert all(text in str(healthy_one()) + healthy_one().to_html() for text in hidden)


@pytest.mark.parametrize(
    ("name", "returned", "certified", "digits", "shown"),
    [
        ("R² about the mean", 0.8123456789012345, 0.8123456789012345, 15.9546, ("0.812346", "0.812346")),
        ("R² about zero", 0.9999999987654321, 0.9999999987654322, 15.2, ("0.999999998765", "0.999999998765")),
        ("R² about the mean", 0.81234612, 0.81234512, 5.9, ("0.8123461", "0.8123451")),
        ("R² about the mean", -0.25, 1.0, 0.0, ("-0.25", "1")),
    ],
)
def test_figures_have_the_digits_that_mean_something_on_a_terminal_and_all_elsewhere(
    name, returned, certified, digits, shown
):
    figures = (Figure(name, returned, certified, digits),)
    (row,) = figures_table(figures, all_digits=False).body
    assert tuple(cell.text for cell in row[2:4]) == shown
    (row,) = figures_table(figures, all_digits=True).body
    assert [float(cell.text) for cell in row[2:4]] == [returned, certified]
    assert ("all that float64 holds" in str(figures_table(figures, all_digits=False).notes)) is (digits > 15.95)


def test_the_record_is_json_and_holds_all_numbers():
    text = json.dumps(diagnosis().to_dict(), allow_nan=False)
    assert json.loads(text)["coefficients"][3]["digits_of_p"] == pytest.approx(9.1)
    assert json.loads(text)["digits"] == 0.5


def test_a_page_loads_nothing_and_runs_nothing():
    page = diagnosis().to_html()
    assert "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;" in page
    assert re.findall(r"<(?:script|link|img|iframe|object|embed)\b|\b(?:src|href)=|@import|url\(", page) == []
    assert len(page) < 300_000


def test_a_name_is_text_in_every_form():
    found = diagnosis()
    for form in (found.to_html(), found._repr_html_(), digits_chart(found.coefficients)):
        assert "<script>alert" not in form
        assert "&lt;script&gt;alert" in form
    assert "\x1b" not in str(found) + found.to_html() + found.to_markdown()


@pytest.mark.parametrize("digits", [0.0, 0.4, 3.1, 15.9546])
@pytest.mark.parametrize("apart", [0.0, 0.3, 0.9, 2.0])
def test_nothing_in_the_chart_lies_on_anything_else(digits, apart):
    rows = [replace(coefficient(f"x{k}", 0), digits=digits, supported=digits + apart, statistical=digits) for k in "ab"]
    svg = digits_chart(rows)
    texts = [
        (float(x), float(y) - 9, float(x) + 6 * len(text), float(y) + 2)
        for x, y, text in re.findall(r'<text x="([\d.]+)" y="([\d.]+)">([\d.]+)</text>', svg)
    ]
    rings = [
        (float(x) - 4, float(y) - 4, float(x) + 4, float(y) + 4)
        for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="4"', svg)
    ]
    bars = [
        (float(x), float(y), float(x) + float(w), float(y) + float(h))
        for x, y, w, h in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', svg)
    ]
    assert (len(texts), len(rings), len(bars)) == (5 + 2, 2, 2)
    assert not [(one, other) for one in rings for other in (*texts, *bars) if _meet(one, other)]
    assert not [(one, other) for one in bars for other in texts if _meet(one, other)]


def _meet(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_a_phone_shows_the_digits_first_whole_numbers_and_that_there_is_more():
    page = diagnosis().to_html()
    for first in ("coefficient", "figure"):
        heads = re.findall(rf'<tr>\n<th scope="col">{first}</th>\n<th scope="col" class="scored">([^<]+)</th>', page)
        assert "correct digits" in heads
    assert "td.scored { white-space: pre }" in page
    assert page.count('class="scroll wide"') >= 5
    assert 'content: "scrolls sideways →"' in page
    assert all(int(least) >= 160 for least in re.findall(r'style="min-width:(\d+)px"', page))
    assert page.count("min-width:560px") >= 1


def test_many_coefficients_show_the_worst_and_stay_small():
    many = tuple(replace(coefficient(f"column {k}", 0), digits=k % 16 / 1.0) for k in range(400))
    found = replace(diagnosis(), coefficients=many, steps=(), dependence=None)
    assert "340 more coefficients" in str(found)
    assert len(found.to_html()) < 300_000


def test_no_value_and_no_truth_are_said():
    gone = Coefficient("z", None, None, None)
    found = Diagnosis("columns depend", "error", "y on z", "y", 4, 0, "r.lm", "", "exact", 0.95, (gone,))
    assert "not scored" in found.to_html()
    assert re.search(r"z +– +– +–", str(found))
    assert found.digits is None


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the page is not rendered (apt install chromium)")
def test_a_browser_shows_it_without_an_error(tmp_path):
    file = tmp_path / "report.html"
    file.write_text(
        diagnosis().to_html().replace("</body>", "<img src='https://example.invalid/x.png'></body>"), "utf-8"
    )
    refused = _browsed(tmp_path, file)
    assert "Content Security Policy" in refused.stderr, "a planted request is refused, and seen here"
    file.write_text(diagnosis().to_html(), "utf-8")
    done = _browsed(tmp_path, file)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in done.stdout
    assert "CONSOLE" not in done.stderr


def _browsed(tmp_path, file):
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--disable-background-networking", "--enable-logging=stderr", "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
