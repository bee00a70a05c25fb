"""The command train: a verdict, reports, JSON, and messages with the way out."""

import json

import pytest
from click.testing import CliRunner

from stabilitylab.cli.main import main
from stabilitylab.solvers import descent

HOUSES = "area,rooms,price\n" + "".join(f"{800 + 37 * k},{k % 4 + 1},{90 + 5.1 * k + k % 3}\n" for k in range(12))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.csv").write_text(HOUSES)
    return tmp_path


def called(*arguments, code=0):
    done = CliRunner().invoke(main, ["train", *map(str, arguments)])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


def test_a_rate_above_the_limit_is_said_with_the_way_out(here):
    shown = called("houses.csv", "--target", "price", "--lr", "0.01", "--steps", "200").stdout
    assert "(SL401)" in shown
    assert "columns centred and divided by their standard deviations" in shown
    assert max(map(len, shown.splitlines())) < 1000  # no line is padded where output goes to a pipe


def test_json_is_json_and_has_the_person_s_names(here):
    found = json.loads(called("houses.csv", "--target", "price", "--lr", "0.01", "--steps", "50", "--json").stdout)
    assert found["cause"] == "SL401"
    assert found["run"]["names"] == ["intercept", "area", "rooms"]


@pytest.mark.parametrize(("name", "begins"), [("r.html", "<!DOCTYPE"), ("r.md", "# "), ("r.json", "{"), ("r.txt", "")])
def test_a_report_is_written_in_the_form_of_its_name(here, name, begins):
    called("houses.csv", "--target", "price", "--lr", "0.01", "--steps", "20", "--output", name)
    assert (here / name).read_text("utf-8").startswith(begins)


def test_every_optimiser_is_listed(here):
    shown = called("--list").stdout
    assert [line.partition(":")[0] for line in shown.splitlines()] == [
        name.removeprefix("descent.") for name in descent.names()
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("houses.csv",), "--lr"),
        (("houses.csv", "--lr", "1"), "--target"),
        (("houses.csv", "--lr", "1", "--target", "prise"), "'price'"),
        (("houses.csv", "--lr", "-1", "--target", "price"), "above 0"),
        (("houses.csv", "--lr", "1", "--target", "price", "--optimiser", "adamm"), "descent.adam"),
        (("houses.csv", "--lr", "1", "--target", "price", "--format", "fp16"), "'float16'"),
        (("houses.csv", "--lr", "1", "--target", "price", "--set", "eps"), "--set eps=1e-4"),
        (("houses.csv", "--lr", "1", "--target", "price", "--optimiser", "adam", "--set", "epsilon=1"), "eps"),
        (("houses.csv", "--lr", "1", "--target", "price", "--batch", "99"), "12"),
        (("house.csv", "--lr", "1", "--target", "price"), "houses.csv"),
        (("houses.csv", "--lr", "1", "--target", "price", "--output", "r.pdf"), ".html"),
        (("houses.csv", "--lr", "1", "--target", "price", "--output", "houses.csv"), ".html"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(here, arguments, says):
    assert says in called(*arguments, code=2).output
