"""The chapter on another BLAS: a route that moves stands twice, what was not loaded is no answer, one alone is none."""

import sys
from pathlib import Path

import pytest

from stabilitylab import bench, libraries
from stabilitylab.core.blas import installed, preloading
from stabilitylab.core.types import Measurement
from stabilitylab.lab.experiment import load
from stabilitylab.report.rows import Rows

FILE = Path(__file__).parents[2] / "experiments" / "the_same_program_with_another_blas_gives_other_digits.py"
OPENBLAS, REFERENCE = "OpenBLAS 0.3.26 (openblas-pthread)", "reference BLAS 3.12.0"


@pytest.fixture(scope="module")
def chapter():
    return load(FILE)


@pytest.fixture(scope="module")
def code(chapter):
    return sys.modules[f"stabilitylab_experiment_{chapter.name}"]


def row(solver, blas, digits, problem="nist.norris", x=None):
    return Measurement(
        problem, {}, solver, "float64", "float64", "decimal", "SOLVED", "", (), None, (x or digits,),
        {"digits.min": digits, "digits.supported": 12.0}, conditions={"blas": blas}, facts={"blas": blas},
    )  # fmt: skip


def both(solver, there, here, **fields):
    return row(solver, OPENBLAS, there, **fields), row(solver, REFERENCE, here, **fields)


ROWS = Rows(
    (
        *both("r.inv", 11.8, 13.2),
        *both("r.lm", 12.5, 12.9),
        *both("octave.pinv", 9.4, 8.1, problem="nist.filip"),
        *both("gretl.mpols", 14.0, 14.0),
        *both("gretl.mpols", 13.5, 13.5, problem="nist.filip"),
    )
)


def test_a_route_that_moves_by_a_digit_stands_once_for_each_blas_and_the_others_once(chapter):
    board = chapter.experiment.tables[0].table(ROWS)
    assert {line[0].text for line in board.body} == {
        "r.inv (OpenBLAS 0.3.26)",
        "r.inv (reference BLAS 3.12.0)",
        "octave.pinv (OpenBLAS 0.3.26)",
        "octave.pinv (reference BLAS 3.12.0)",
        "r.lm",
        "gretl.mpols",
    }


def test_the_largest_movements_come_first_with_the_digits_of_each_blas(chapter):
    table = chapter.experiment.tables[1].table(ROWS)
    assert table.header == ("route", "problem", "OpenBLAS 0.3.26", "reference BLAS 3.12.0", "between them")
    assert [cell.text for cell in table.body[0]] == ["r.inv", "nist.norris", "11.8", "13.2", "1.4"]
    assert [line[0].text for line in table.body[:3]] == ["r.inv", "octave.pinv", "r.lm"]


def test_the_findings_take_their_numbers_from_the_rows(chapter):
    most, bits, *_ = (finding.check(ROWS) for finding in chapter.experiment.findings)
    assert most.holds
    assert "by 1.4 digits" in most.says
    assert "`r.inv` keeps 13.2 digits of `nist.norris` over reference BLAS 3.12.0 and 11.8 over" in most.says
    assert bits.says.startswith("3 of 5 answers differ in some bit, and 2 of 4 routes move by more than a digit")
    still = Rows(tuple(both("r.lm", 12.5, 12.9)))
    assert chapter.experiment.findings[0].check(still).holds is False


def test_a_lost_answer_that_another_blas_saves_refutes_that_none_is(chapter):
    saved = Rows((*ROWS, *both("r.lm_fit", 0.2, 9.0, problem="nist.longley")))
    assert chapter.experiment.findings[3].check(ROWS).holds
    assert chapter.experiment.findings[3].check(saved).holds is False


def test_the_remedy_fails_where_one_bit_of_it_changes(chapter, monkeypatch):
    (remedy,) = chapter.experiment.remedies
    monkeypatch.setattr(bench.route("gretl.mpols").label.library.__class__, "missing", "")
    assert remedy.check(ROWS).holds
    other = Rows(
        (
            *ROWS,
            row("gretl.mpols", OPENBLAS, 14.0, problem="a", x=1.0),
            row("gretl.mpols", REFERENCE, 14.0, problem="a", x=2.0),
        )
    )
    assert remedy.check(other).holds is False


@pytest.mark.parametrize("kept", [(), ROWS.all[::2]], ids=["no rows", "one BLAS"])
def test_one_blas_alone_decides_nothing(chapter, kept):
    for finding in (*chapter.experiment.findings, *chapter.experiment.remedies):
        assert finding.check(Rows(tuple(kept))).holds is None


def test_where_no_blas_can_be_chosen_the_rows_are_those_of_the_one_that_is_loaded(code, monkeypatch):
    monkeypatch.setattr(code, "installed_blas", dict)
    assert {probe["blas"] for probe in code.rows("quick")} <= {"as installed"}


def test_a_program_that_had_loaded_another_blas_gives_no_answer(code, monkeypatch):
    monkeypatch.setattr(code, "installed_blas", lambda: {OPENBLAS: ("/b.so",), REFERENCE: ("/r.so",)})
    seen = []

    def answer(entry, problem, truth, conditions, *, environment):
        seen.append(environment)
        return row(entry.label.name, OPENBLAS, 12.0)

    monkeypatch.setattr(code, "answer", answer)
    probes = [code.Probe("nist.norris", ("r.lm",), conditions=(("blas", blas),)) for blas in (OPENBLAS, REFERENCE)]
    (loaded,), (another,) = map(code.measure, probes)
    assert loaded["digits.min"] == 12.0
    assert (another.status, another["digits.min"]) == ("REFUSED", None)
    assert another.note == f"its process had loaded {OPENBLAS}"
    assert seen == [{"LD_PRELOAD": "/b.so"}, {"LD_PRELOAD": "/r.so"}]


R = libraries.of_route("r.lm")


@pytest.mark.skipif(bool(R.missing) or not installed(), reason="R, or a BLAS to choose, is not here")
def test_what_is_preloaded_is_what_r_has_loaded():
    for name, files in installed().items():
        assert bench.loaded_blas(R, environment=preloading(files)) == name
