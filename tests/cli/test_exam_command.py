"""The command `exam`: verdicts in a table or as JSON, and an exit code that says whether the labels are right."""

import json

import pytest
from click.testing import CliRunner

from stabilitylab import solvers
from stabilitylab.cli.exam import exam, reason, summary, verdict
from stabilitylab.cli.main import main
from stabilitylab.conformance import ExamResult, Verdict, optimisers, questions
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.library import python_library


def called(*arguments, code=0):
    result = CliRunner().invoke(main, ["exam", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.fixture
def planted():
    """A function that puts a solver into the catalogue until the test ends, under the name planted.route."""
    with solvers.catalog.temporarily():

        def plant(function, **claims):
            label = RouteLabel(name="planted.route", source="written for a test", **claims)
            solvers.catalog.register(label)(function)

        yield plant


def test_a_table_has_a_line_for_each_question_with_verdict_and_reason():
    said = called("numpy.polyfit").stdout
    for name in questions.names():
        assert name.replace("_", " ") in said
    assert "fail, as declared" in said
    assert "float64 for float32; declared: numpy.vander promotes float32" in said
    assert said.rstrip().endswith("as its label says")


def test_questions_that_could_not_be_imported_are_said(monkeypatch):
    monkeypatch.setitem(questions.catalog._broken, "rooms.new_question", "ZeroDivisionError: correct the file")
    result = called("qr.householder", "--json")
    assert result.stderr == "not here: rooms.new_question: ZeroDivisionError: correct the file\n"
    assert json.loads(result.stdout)


def test_an_optimiser_is_also_asked_for_its_formula():
    (told,) = json.loads(called("descent.gradient", "--json").stdout).values()
    asked = [one["question"] for one in told]
    assert asked == [*questions.names(), *optimisers.questions.names()]
    assert {one["verdict"] for one in told[len(questions.names()) :]} == {"PASS"}


def test_several_routes_are_told_in_the_order_given_and_once():
    told = json.loads(called("qr.householder", "numpy.lstsq", "qr.householder", "--json").stdout)
    assert list(told) == ["qr.householder", "numpy.lstsq"]
    assert [one["question"] for one in told["numpy.lstsq"]] == list(questions.names())
    assert {one["verdict"] for one in told["numpy.lstsq"]} <= {v.name for v in Verdict}


def test_the_exit_code_is_1_for_a_failure_that_is_not_declared(planted):
    planted(lambda A, b: b[: A.shape[1]])
    assert "not as its label says" in called("planted.route", code=1).stdout


def test_the_exit_code_is_1_for_a_declared_failure_that_is_none(planted):
    planted(solvers.get("qr.householder"), tags=frozenset({"no-rank-test"}))
    called("planted.route")
    planted(
        solvers.get("qr.householder"),
        tags=frozenset({"no-rank-test"}),
        fails={"returns_the_format_of_its_input": "it does not"},
    )
    assert "pass, declared to fail" in called("planted.route", code=1).stdout


def test_a_name_that_is_not_known_is_answered_with_near_ones_before_anything_is_asked():
    result = called("numpy.lstsq", "numpy.lstq", code=2)
    assert "did you mean numpy.lstsq" in result.stderr
    assert not result.stdout


def test_a_library_that_is_not_here_says_how_to_get_it():
    absent = python_library("absent", title="Absent", modules=("a_library_nobody_has",), distribution="absent")
    label = RouteLabel(name="absent.route", source="nowhere", library=absent)
    with solvers.catalog.temporarily(Entry(label=label, function=lambda A, b: b)):
        assert "pip install absent" in called("absent.route", code=2).stderr


def test_an_interruption_is_130_and_says_that_nothing_is_written(planted):
    def interrupted(A, b):
        raise KeyboardInterrupt

    planted(interrupted)
    assert "nothing was written" in called("planted.route", code=130).stderr


def test_help_teaches_by_example_and_names_every_verdict():
    said = " ".join(called("--help").stdout.split())
    assert said.count("stabilitylab exam ") >= 3
    for one in Verdict:
        assert one.name.lower().replace("_", " ") in said
    assert exam.name == "exam"


def test_words_of_a_line():
    plain = ExamResult("a.b", "q", Verdict.PASS)
    declared = ExamResult("a.b", "q", Verdict.DIED, "it was killed", "it crashes")
    assert (verdict(plain), reason(plain)) == ("pass", "")
    assert (verdict(declared), reason(declared)) == ("died, as declared", "it was killed; declared: it crashes")
    assert summary([plain, declared]) == "1 pass, 1 died: as its label says"
    assert summary([ExamResult("a.b", "q", Verdict.REFUSED)]) == "1 refused: 1 not as its label says"
