"""The exam of one route: whatever a library does in its own process is a verdict, and never the end of the exam."""

import json
from dataclasses import replace

import pytest

import misbehaving
from isolated import planted_routes
from stabilitylab.bench.isolation import Limits, isolated_answer
from stabilitylab.conformance import Verdict, exam, questions, sit
from stabilitylab.conformance.sitting import PATIENCE
from stabilitylab.core.catalog import Entry, Label, RouteLabel
from stabilitylab.core.errors import MissingLibraryError, UnknownNameError

ACCURACY = questions.get("agrees_with_the_exact_solution")
INPUT = questions.get("leaves_its_input_alone_and_repeats_its_bits")


@pytest.fixture(autouse=True, scope="module")
def path_to_the_library():
    with planted_routes():
        yield


def misbehaves(function, **claims):
    label = RouteLabel(name=f"misbehaving.{function.__name__}", source="", library=misbehaving.LIBRARY, **claims)
    return Entry(label=label, function=function)


def test_every_question_is_put_and_found_without_being_listed():
    def is_planted(route):
        """Asks nothing."""

    names = [result.question for result in exam("numpy.lstsq")]
    assert names == list(questions.names())
    planted = Entry(label=Label(name="is_planted", source="here"), function=is_planted)
    with questions.catalog.temporarily(planted):
        assert [result.question for result in exam("numpy.lstsq")] == sorted([*names, "is_planted"])


def test_a_good_route_in_a_process_of_its_own_passes():
    assert sit(misbehaves(misbehaving.lstsq), ACCURACY).verdict is Verdict.PASS
    assert sit(misbehaves(misbehaving.lstsq), INPUT).verdict is Verdict.PASS


def test_a_change_of_the_input_is_seen_in_another_process():
    result = sit(misbehaves(misbehaving.changes_its_input), INPUT)
    assert (result.verdict, result.reason) == (Verdict.FAIL, "the input was changed")
    assert sit(misbehaves(misbehaving.changes_its_input), ACCURACY).verdict is Verdict.PASS


def test_a_refusal_says_what_the_library_said():
    result = sit(misbehaves(misbehaving.refuses), ACCURACY)
    assert (result.verdict, result.reason) == (Verdict.REFUSED, "LinAlgError: singular")


def test_a_library_that_cannot_be_started_here_neither_fails_nor_refuses():
    result = sit(misbehaves(misbehaving.loads_a_shared_library), ACCURACY)
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.reason.startswith("could not be started here: OSError: libnowhere.so.7")


def test_an_error_that_is_no_refusal_is_a_failure():
    result = sit(misbehaves(misbehaving.raises), ACCURACY)
    assert result.verdict is Verdict.FAIL
    assert result.reason.endswith("TypeError: not today")


def test_a_route_that_takes_its_process_down_has_died_and_is_left_alone_in_the_end():
    results = exam(misbehaves(misbehaving.leaves))
    asked = [result for result in results if result.verdict is not Verdict.NOT_APPLICABLE]
    assert {result.verdict for result in asked} == {Verdict.DIED}
    assert [result.reason.endswith("its process ended with exit code 3") for result in asked[:PATIENCE]] == [True] * 3
    assert all(result.reason.startswith("not asked") for result in asked[PATIENCE:])
    assert len(results) == len(questions.names())


def test_a_route_that_hangs_has_died_and_the_reason_is_the_time():
    first = isolated_answer(misbehaving.LIBRARY, misbehaving.process_id, ([], []))  # a first call has more time
    result = sit(misbehaves(misbehaving.hangs), ACCURACY, limits=Limits(seconds=0.6))
    assert first.fit is not None
    assert result.verdict is Verdict.DIED
    assert result.reason.endswith("stopped after 0.6 s")


def test_a_route_to_which_nothing_applies_passes_nothing_and_is_not_called():
    results = exam(misbehaves(misbehaving.leaves, scalars=()))
    assert {result.verdict for result in results} == {Verdict.NOT_APPLICABLE}
    assert all(result.as_declared and result.reason for result in results)


def test_declared_failures_are_strict():
    fails = {"agrees_with_the_exact_solution": "written to"}
    declared = sit(misbehaves(misbehaving.refuses, fails=fails), ACCURACY)
    assert (declared.declared, declared.failed, declared.as_declared) == ("written to", True, True)
    passes = sit(misbehaves(misbehaving.lstsq, fails=fails), ACCURACY)
    assert (passes.failed, passes.as_declared) == (False, False)
    asked_nothing = sit(misbehaves(misbehaving.lstsq, fails=fails, scalars=()), ACCURACY)
    assert not asked_nothing.as_declared
    assert not sit(misbehaves(misbehaving.refuses), ACCURACY).as_declared


def test_a_result_is_a_record():
    result = sit(misbehaves(misbehaving.refuses), ACCURACY)
    assert json.loads(json.dumps(result.to_dict())) == {
        "route": "misbehaving.refuses",
        "question": "agrees_with_the_exact_solution",
        "verdict": "REFUSED",
        "reason": "LinAlgError: singular",
        "declared": "",
        "as_declared": False,
    }


def test_a_route_that_is_not_known_or_not_here_cannot_be_examined():
    with pytest.raises(UnknownNameError, match=r"did you mean numpy\.lstsq"):
        exam("numpy.lstq")
    absent = misbehaves(misbehaving.lstsq)
    library = replace(misbehaving.LIBRARY, modules=("a_library_nobody_has",))
    with pytest.raises(MissingLibraryError, match="cannot sit the exam here"):
        exam(replace(absent, label=replace(absent.label, library=library)))
