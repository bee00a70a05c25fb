"""The commands diagnose, arbitrate and libraries --file: output, exit codes, and what is written."""

import json

import pytest
from click.testing import CliRunner

from paths import ROOT
from stabilitylab.cli.main import main

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text((EXAMPLES / "nanosecond_stamps.csv").read_text())
    (tmp_path / "answers.csv").write_text("name,ours\nintercept,1\nstamp,2\n")
    return tmp_path


def called(*arguments, code=0):
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


def test_json_is_json_and_holds_the_verdict(here):
    found = json.loads(called("diagnose", "data.csv", "--target", "reading", "--json").stdout)
    assert found["causes"][0]["code"] == "SL101"
    assert found["coefficients"][1]["certified"] == pytest.approx(3e-9, rel=1e-2)
    judged = json.loads(called("arbitrate", "data.csv", "answers.csv", "--target", "reading", "--json").stdout)
    assert judged["answers"][0]["code"] == "SL399"


@pytest.mark.parametrize(("name", "begins"), [("r.html", "<!DOCTYPE"), ("r.md", "# "), ("r.json", "{"), ("r.txt", "")])
def test_a_report_is_written_in_the_form_of_its_name(here, name, begins):
    called("diagnose", "data.csv", "--target", "reading", "--output", name)
    text = (here / name).read_text("utf-8")
    assert text.startswith(begins)
    assert "SL101" in text


def test_a_guard_fails_where_digits_are_missing(here):
    called("diagnose", "data.csv", "--target", "reading", "--require-digits", 6, code=1)
    called("diagnose", "data.csv", "--target", "reading", "--route", "scipy.linregress", "--require-digits", 6)


def test_every_library_on_a_table_of_ones_own(here):
    said = called("libraries", "--file", "data.csv", "--target", "reading", "--library", "numpy").stdout
    assert "numpy.lstsq" in said
    assert "SL101" in said
    called("libraries", "--target", "reading", code=2)
    called("libraries", "--file", "data.csv", "--target", "reading", "--problem", "nist.norris", code=2)


def test_no_number_of_the_table_is_in_a_report(here):
    found = called("diagnose", "data.csv", "--target", "reading", "--json").stdout
    rows = (here / "data.csv").read_text().split("\n")[1:6]
    assert not any(cell in found for row in rows for cell in row.split(","))


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.json", "r.txt"])
def test_a_file_by_blocks_has_the_same_forms_and_calls_its_digits_a_forecast(here, name):
    done = called("diagnose", "data.csv", "--target", "reading", "--by-blocks", "--output", name)
    certified = json.loads(called("diagnose", "data.csv", "--target", "reading", "--json").stdout)["coefficients"]
    for text in (done.stdout, (here / name).read_text("utf-8")):
        assert "its digits are a forecast" in text
        assert all(repr(row["certified"]) in text for row in certified)
        assert "SL101" not in text
    called("diagnose", "data.csv", "--target", "reading", "--by-blocks", "--require-digits", 6, code=1)


def test_cells_are_shown_by_an_option(here):
    row = (here / "data.csv").read_text().split("\n")[1]
    for option in ((), ("--by-blocks",)):
        found = json.loads(
            called("diagnose", "data.csv", "--target", "reading", "--include-data", "--json", *option).stdout
        )
        assert ",".join(found["shown"][0]["cells"].values()) in (here / "data.csv").read_text()
        assert any("smallest stamp" in shown["why"] and shown["cells"]["stamp"] in row for shown in found["shown"])
    assert "--include-data asks for it" in " ".join(called("diagnose", "--help").stdout.split())


def test_every_code_is_explained(here, monkeypatch):
    from stabilitylab.diagnosis import codes

    listed = called("explain").stdout.splitlines()
    assert len(listed) > 25
    assert "## Remedy" in called("explain", "sl101").stdout
    record = json.loads(called("explain", "SL399", "--json").stdout)
    assert record["title"] == "another question, none of those tried"
    monkeypatch.setattr(codes, "PAGES", here)  # an installed package has no pages
    for line in listed:
        code, title = line.split("  ")
        assert title in (said := called("explain", code).stdout)
        assert len(said.splitlines()) > 2
    assert "did you mean SL" in called("explain", "SL1O1", code=2).output


def test_a_healthy_page_is_short_and_the_whole_one_is_asked_for(here):
    table = str(EXAMPLES / "healthy.csv")
    short = called("diagnose", table, "--target", "price").stdout
    full = called("diagnose", table, "--target", "price", "--full", "--output", "r.md").stdout
    assert short.endswith("stages and near dependence: --full, or --output report.html\n")
    assert "Stages" not in short
    assert full.count("checked: run exactly from the start") == 1
    assert "enclosure" not in full
    assert "Stages" in full
    assert "Stages" in (here / "r.md").read_text()
    assert "0.996509" in short
    assert "0.99650940598" not in short + full
    assert "0.99650940598" in (here / "r.md").read_text()


def test_the_order_of_day_and_month_is_an_option(here):
    rows = "".join(f"{day:02}/{day % 4 + 1:02}/2024,{day + (-1) ** day}.5\n" for day in range(1, 12))
    (here / "data.csv").write_text(f"when,y\n{rows}")
    assert "--dates dmy or --dates mdy" in called("diagnose", "data.csv", "--target", "y", code=2).stderr
    assert "as was said" in called("diagnose", "data.csv", "--target", "y", "--dates", "mdy").stdout


def test_ctrl_c_shows_what_was_done(here, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("stabilitylab.diagnosis.diagnose.fixes_of", interrupted)
    done = called("diagnose", "data.csv", "--target", "reading", code=130)
    assert "SL101" in done.output
    assert "not done are remedies" in done.output


def test_ctrl_c_while_a_long_file_is_read_leaves_nothing_and_says_so(here, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("stabilitylab.diagnosis.by_blocks.exact_sums.numbered", interrupted)
    done = called("diagnose", "data.csv", "--target", "reading", "--by-blocks", code=130)
    assert done.stdout == ""


def test_a_formula_is_shown_with_the_place_marked_below_it(here):
    shown = called("diagnose", "data.csv", "--formula", "reading ~ \x1b[31m sta mp", code=2).output
    *_, formula, carets = shown.rstrip("\n").split("\n")
    assert "reading ~" in formula
    assert set(carets) == {" ", "^"}
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("diagnose", "data.csv"), "--target"),
        (("diagnose", "data.csv", "--target", "readin"), "reading"),
        (("diagnose", "data.csv", "--target", "reading", "--columns", "a,,b"), "--columns"),
        (("diagnose", "data.csv", "--formula", "reading ~ stamp +"), "formula"),
        (("diagnose", "data.csv", "--formula", "reading ~ system(stamp)"), "system"),
        (("diagnose", "data.csv", "--target", "reading", "--route", "numpy.lst"), "numpy.lstsq"),
        (("diagnose", "data.csv", "--target", "reading", "--output", "r.pdf"), ".html"),
        (("diagnose", "data.csv", "--target", "reading", "--output", "data.csv"), "--output"),
        (("diagnose", "data.csv", "--target", "reading", "--ignore", "SL1"), "SL1"),
        (("diagnose", "data.csv", "--target", "reading", "--unit", "fortnights"), "days"),
        (("diagnose", "nothing.csv", "--target", "reading"), "tables in its folder are 'answers.csv', 'data.csv'"),
        (
            ("diagnose", "dta.csv", "--target", "reading"),
            "stabilitylab: dta.csv is not there: did you mean 'data.",
        ),
        (("arbitrate", "data.csv", "answer.csv", "--target", "reading"), "did you mean 'answers.csv'?"),
        (("arbitrate", "data.csv", "data.csv", "--target", "reading"), "data"),
        (("arbitrate", "data.csv", "--target", "reading"), "ANSWERS"),
    ],
)
def test_bad_input_is_exit_code_2_with_the_way_out(here, arguments, says):
    assert says in called(*arguments, code=2).output


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("u,v,y\n1,2,1\n2,4,2\n3,6,2\n5,10,4\n", "v = 2 u"),  # a condition index is infinite
        ("x,y\n0,5\n1,8\n2,11\n3,14\n", "healthy"),  # t is infinite
        ("x,z,y\n0,1,5\n1,4,8\n2,2,11\n3,7,14\n4,5,17\n", "healthy"),  # and of z, whose coefficient is 0, it is 0/0
        ("x,y\n1,0\n2,0\n4,0\n", ""),
        ("x,y\n1,2\n2,3\n", ""),
    ],
)
def test_what_is_infinite_is_told_in_every_form(here, rows, says):
    (here / "data.csv").write_text(rows)
    found = json.loads(called("diagnose", "data.csv", "--target", "y", "--json").stdout)
    assert says in found["verdict"]
    for name in ("r.html", "r.md", "r.txt", "r.json"):
        called("diagnose", "data.csv", "--target", "y", "--output", name)
        assert says in (here / name).read_text("utf-8")
