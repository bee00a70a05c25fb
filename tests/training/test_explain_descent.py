"""What a run is said to suffer from is what was planted in it, and nothing is said of a run that is right."""

import json
import re
from fractions import Fraction

import numpy as np
import pytest

import stabilitylab as sl
from paths import ROOT
from planted_runs import KINDS, named_first
from stabilitylab.core.arithmetic.formats import FLOAT16, FLOAT64
from stabilitylab.training.causes.cause import catalog
from stabilitylab.training.causes.inquiry import Inquiry
from stabilitylab.training.causes.search import causes_of
from stabilitylab.training.explain import as_stored
from stabilitylab.training.first_lost import first_lost
from stabilitylab.training.run import data_of

SLOW = ("frozen_state", "underflow", "at_the_floor")  # many steps: asked in the whole run


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.whole_run] if kind.__name__ in SLOW else []) for kind in KINDS],
    ids=lambda kind: kind.__name__,
)
def test_what_was_planted_is_named_first(kind):
    rng = np.random.default_rng([1, *kind.__name__.encode()])
    one = kind(rng, 0)
    assert named_first(one) in (one.codes or ("",))


@pytest.fixture(scope="module")
def slow_run():
    A = np.array([[1.0, 1.0], [1.0, 1.1], [1.0, 0.9], [1.0, 1.05]])
    b = np.array([1.0, 2.0, 0.5, 1.2])
    return A, b, sl.train("gradient", (A, b), lr=0.2, steps=150)


def test_a_cause_that_removal_does_not_confirm_is_not_named(slow_run, monkeypatch):
    A, b, run = slow_run
    assert sl.explain_descent(A, b, run).cause == "SL411"
    monkeypatch.setattr("stabilitylab.training.causes.conditioning.orthogonalised", lambda inquiry: None)
    monkeypatch.setattr(Inquiry, "gains", lambda self, other: False)
    found = causes_of(Inquiry(run, as_stored(run, data_of((A, b)))))
    assert [one.code for one in found] == ["SL499"]


def test_the_verdict_has_the_cause_and_the_way(slow_run):
    A, b, run = slow_run
    found = sl.explain_descent(A, b, run)
    assert "(SL411)" in found.verdict
    assert found.fixes[0].says in found.verdict
    assert found.fixes[-1].is_direct
    json.dumps(found.to_dict(), allow_nan=False)
    for form in (str(found), found.to_markdown(), found.to_html(), found._repr_html_()):
        assert "SL411" in form
        assert "Solved directly" in form


def test_what_is_said_to_come_nearer_comes_nearer_when_it_is_run(slow_run):
    A, b, run = slow_run
    problem = (A, b)
    for one in sl.explain_descent(A, b, run).fixes:
        if one.code.startswith("sl.train"):
            again = eval(one.code, {"sl": sl, "problem": problem})
            assert again.digits[-1] == pytest.approx(one.digits, abs=0.5)
            assert float(again.gaps[-1]) < float(run.gaps[-1])


def test_a_history_is_explained_only_where_running_it_again_gives_it(slow_run):
    A, b, run = slow_run
    objective = [float(np.sum((A @ np.asarray(x) - b) ** 2) / 2) for x in run.weights]
    found = sl.explain_descent(A, b, objective[:90], optimiser="gradient", lr=0.2)
    assert found.cause == "SL411"
    with pytest.raises(sl.errors.InputError, match="step 1"):
        sl.explain_descent(A, b, objective[:90], optimiser="gradient", lr=0.1)


def test_a_history_of_another_loss_is_told(slow_run):
    A, b, _ = slow_run
    losses, x = [], np.zeros(2)
    for _ in range(60):  # a training loop as one writes it, on the mean of the squares
        r = A @ x - b
        losses.append(float(np.mean(r * r)))
        x = x - 0.1 * 2 / len(b) * A.T @ r
    found = sl.explain_descent(A, b, losses, optimiser="gradient", lr=0.1)
    assert found.cause == "SL413"
    assert "mean" in found.causes[0].sentence


def test_the_first_number_lost_is_the_first(slow_run):
    A = np.array([[300.0], [200.0]])
    b = np.array([400.0, 300.0])
    run = sl.train("gradient", (A, b), lr=1e-6, steps=5, format="float16")
    lost = first_lost(run.setting, data_of((A, b)), [0.0], ("a0",))
    assert (lost.step, lost.operation, lost.of, lost.got) == (1, "A'(A x - b)", "a0", "-inf")
    assert lost.exactly == pytest.approx(-(300 * 400 + 200 * 300))
    assert lost.format == FLOAT16
    fine = sl.train("gradient", (A / 100, b / 100), lr=1e-2, steps=5, format="float16")
    assert first_lost(fine.setting, data_of((A / 100, b / 100)), [0.0], ("a0",)) is None


def test_a_zero_that_cancellation_makes_is_not_said_to_leave_the_range():
    A = np.array([[1.0], [1.0]])
    b = np.array([1.0, 1.0])
    run = sl.train("gradient", (A, b), lr=0.5, steps=40, format="float16")
    assert first_lost(run.setting, data_of((A, b)), [0.0], ("a0",)) is None


def test_the_run_in_float64_has_the_numbers_that_the_short_format_stored():
    problem = data_of((np.array([[1 / 3], [0.1]]), np.array([0.7, 0.2])))
    run = sl.train("gradient", problem, lr=0.1, steps=5, format="float16")
    wide = Inquiry(run, as_stored(run, problem)).in_float64
    assert wide.setting.format == FLOAT64
    assert Fraction(float(wide.minimum.A[0, 0])) == Fraction(float(np.float16(1 / 3)))


@pytest.mark.parametrize("label", [entry.label for entry in catalog], ids=lambda label: label.code)
def test_a_cause_of_training_has_its_page(label):
    pages = ROOT / "docs" / "codes"
    text = (pages / f"{label.code}.md").read_text("utf-8")
    assert text.startswith(f"# {label.code}: {label.title}\n")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:4] == ["Cause", "Witness", "How it is proven", "Remedy"]
    assert headings[4:] in ([], ["Chapter"])
    assert all((pages / chapter).is_file() for chapter in re.findall(r"\]\((.+?)\)", text))


def test_no_page_of_training_is_without_a_code():
    pages = {path.stem for path in (ROOT / "docs" / "codes").glob("SL4*.md")}
    assert pages == {entry.label.code for entry in catalog}
