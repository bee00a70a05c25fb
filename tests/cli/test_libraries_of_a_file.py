"""`libraries --file`: what can be said of the table, which calls are made, and how long they took before."""

import json

import pytest
from click.testing import CliRunner

from stabilitylab import libraries
from stabilitylab.cli.main import main
from stabilitylab.core.cache import cache_folder
from stabilitylab.diagnosis import compared
from stabilitylab.diagnosis.compared import Chosen, Clock, failures_first
from stabilitylab.diagnosis.result import RouteRow

ONLY = ("--library", "numpy", "--library", "scipy", "--library", "statistics")
TABLE = "when;x;z;w;y\n2024-01-01;1,5;2;1;3,25\n2024-01-02;2,5;1;2;4,5\n2024-01-05;4;;1;7\n2024-01-09;5;7;1;9,5\n"
TABLE += "2024-01-12;6;3;2;12\n2024-01-20;8;5;1;15\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STABILITYLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "t.csv").write_text(TABLE)
    return tmp_path


def called(*arguments, code=0):
    done = CliRunner().invoke(main, ["libraries", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def of_file(*arguments, code=0):
    return called("--file", "t.csv", *ONLY, *arguments, code=code)


def test_the_usual_call_of_each_library_is_made_and_others_are_counted(here):
    said = of_file("--target", "y", "--columns", "x,when")
    lines = [line.split()[0] for line in said.stdout.splitlines() if line.startswith((" numpy.", " scipy."))]
    assert set(lines) <= set(libraries.defaults())
    assert {name.partition(".")[0] for name in lines} == {"numpy", "scipy"}
    assert "not called, since each takes a line only: statistics.linear_regression" in said.stdout
    assert "other calls of these libraries: --all" in said.stdout
    every = of_file("--target", "y", "--columns", "x,when", "--all").stdout
    assert "numpy.pinv" in every
    assert "--all" not in every


def test_columns_weights_missing_cells_and_formulas_are_said_as_to_diagnose(here):
    assert "z" in of_file("--target", "y", code=2).stderr, "a cell is missing"
    rows = json.loads(of_file("--target", "y", "--columns", "x,z", "--missing", "drop", "--json").stdout)
    assert {len(row["x"]) for row in rows} == {3}
    rows = json.loads(of_file("--formula", "y ~ x + I(x**2) + log(w)", "--decimal", ",", "--json").stdout)
    assert {len(row["x"]) for row in rows} == {4}
    weighted = of_file("--target", "y", "--columns", "x", "--weights", "w", "--library", "numpy").stdout
    assert "since each takes no weights: numpy.lstsq" in weighted
    of_file("--target", "y", "--columns", "x", "--output", "report.md")
    assert "Libraries on these data" in (here / "report.md").read_text()
    of_file("--target", "y", "--columns", "x", "--output", "t.csv", code=2)


@pytest.mark.parametrize("option", ["--columns=x", "--weights=w", "--missing=drop", "--all", "--output=r.md"])
def test_what_is_said_of_a_table_needs_one(here, option):
    assert f"{option.partition('=')[0]} is about a file: name it, --file FILE" in called(option, code=2).stderr


def test_how_long_is_said_before_and_was_measured(here):
    asked = ("--target", "y", "--columns", "x", "--library", "statistics")
    assert "3 calls of 3 libraries, one after another: how long they take" in of_file(*asked).stderr
    known = json.loads((cache_folder() / "seconds_of_calls.json").read_text())
    assert set(known) == {"numpy.lstsq", "scipy.lstsq_gelsd", "statistics.linear_regression"}
    (here / "cache" / "seconds_of_calls.json").write_text(
        json.dumps({"numpy.lstsq": [2.25, 6], "scipy.lstsq_gelsd": [1.5, 900], "a": ["x", 6], "b": [float("nan"), 6]})
    )
    says = Clock(6).says(Chosen(("numpy.lstsq", "scipy.lstsq_gelsd", "c", "a", "b"), 2, {}, 0))
    assert says == (
        "5 calls of 2 libraries, one after another: 2 of them took 3.8 s the last time, on tables of 6 to 900 rows; "
        "3 are called for the first time"
    )
    (here / "cache" / "seconds_of_calls.json").write_text("[1")
    assert "was not measured before" in Clock(6).says(Chosen(("numpy.lstsq",), 1, {}, 0))


def test_where_nothing_was_measured_the_pace_of_the_first_calls_is_told(here, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(compared.time, "monotonic", lambda: now[0])
    clock, chosen = Clock(6), Chosen(tuple("abcdefgh"), 8, {}, 0)
    assert "told after a quarter of them" in clock.says(chosen)
    now[0] = 6.0
    assert clock.pace(1, 8) == ""
    assert clock.pace(2, 8) == "2 of 8 calls took 6 s: at this pace the others take 18 s"
    clock.stop("a")
    clock.keep()
    again = Clock(6)
    assert "1 of them took 6 s the last time; 7 are called for the first time" in again.says(chosen)
    now[0] = 12.0
    assert again.pace(2, 8) == ""


def test_what_lost_digits_comes_first_and_what_kept_them_last():
    digits = {"fine": 14.0, "lost": 0.5, "silent": None, "less": 5.0, "few": 3.0}
    rows = [RouteRow(name, "SOLVED", "", None, None, worst) for name, worst in digits.items()]
    assert [row.route for row in sorted(rows, key=failures_first)] == ["lost", "few", "silent", "less", "fine"]
