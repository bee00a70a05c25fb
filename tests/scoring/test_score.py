"""An answer from anywhere is scored as the same answer on the bench is, and what is no answer is told the way out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab import bench, problems
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    ShapeError,
    UnknownNameError,
)
from stabilitylab.core.types import Fit, Solution, Status
from stabilitylab.data.equivalents import Variant
from stabilitylab.scoring.score import score, score_solution

LONGLEY = sl.problems.get("nist.longley")()
NORRIS = sl.problems.get("nist.norris")()
DEFICIENT = sl.Problem.from_matrix("twins", [[1, 1], [2, 2], [3, 3]], [1, 2, 4])
A, B = np.array(LONGLEY.A), np.array(LONGLEY.b)


@pytest.mark.parametrize("truth", ["decimal", "data", "matrix"])
def test_an_answer_has_the_scores_of_the_same_answer_on_the_bench(truth):
    x = sl.solvers.get("normal.cholesky")(A, B)
    measured = sl.measure("normal.cholesky", LONGLEY, truth=truth)
    row = sl.score(x, LONGLEY, truth=truth, name="mine")
    ours = {name: value for name, value in row.scores.items() if not name.startswith("predicted.")}
    assert ours == {name: measured.scores[name] for name in ours}
    assert set(sl.metrics.names()) <= set(ours)
    assert (row.solver, row.truth, row.problem, row.problem_hash) == (
        "mine",
        truth,
        measured.problem,
        measured.problem_hash,
    )
    assert row.x == measured.x
    assert row.verdict == "", "no law is claimed of an answer from anywhere"


def test_the_digits_are_those_of_lre():
    x = np.linalg.lstsq(A, B)[0]
    row = sl.score(list(x), LONGLEY, metrics=["digits.min"])
    assert row["digits.min"] == sl.lre(x, sl.reference(LONGLEY))
    assert set(row.scores) == {"digits.min", "predicted.digits", "predicted.error"}


@settings(max_examples=30)
@given(
    relative=st.floats(-13, -2).map(lambda e: 10.0**e),
    place=st.integers(0, 6),
)
def test_a_known_error_is_the_digits_that_are_lost(relative, place):
    x = sl.reference(LONGLEY, truth="decimal").rounded()
    x[place] *= 1 + relative
    row = sl.score(x, LONGLEY, truth="decimal", metrics=["digits.min"])
    assert row["digits.min"] == pytest.approx(-np.log10(relative), abs=0.01)


def test_a_fit_brings_its_rank_and_statistics():
    ref = sl.reference(NORRIS)
    errors = np.array([float(e) for e in ref.standard_errors])
    fit = Fit(ref.rounded(), standard_errors=errors, r_squared=float(ref.r_squared), rank=2, note="by hand")
    row = sl.score(fit, NORRIS)
    assert min(row["digits.min"], row["digits.standard_errors"], row["digits.r_squared"]) > 15
    assert (row.status, row.rank, row.note) == ("SOLVED", 2, "by hand")
    assert sl.score(fit.x, NORRIS)["digits.r_squared"] is None
    counted = sl.score(replace(fit, rank=1), NORRIS)
    assert (counted.status, counted.rank, counted.cause) == ("REPORTS_LOWER_RANK", 1, "")
    assert counted["digits.min"] > 15
    t = NORRIS.A[:, 1]
    reduced = sl.score(replace(fit, x=np.array([0.0, NORRIS.b @ t / (t @ t)]), rank=1), NORRIS)
    assert (reduced.status, reduced.cause[:12]) == ("RANK_REDUCED", "rank cut-off")
    dropped = sl.score(replace(fit, dropped=(1,)), NORRIS)
    assert (dropped.status, dropped.note) == ("DROPPED", "NA for x")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_coefficient_that_is_not_finite_is_a_row_without_scores(value):
    x = np.ones(7)
    x[3] = value
    row = sl.score(x, LONGLEY)
    assert (row.status, row.note, row.x, row.answered) == ("NOT_FINITE", f"x[3] is {value}", None, False)
    of_answer = [name for name in sl.metrics.names() if not sl.metrics.of_data(name)]
    assert all(row.scores[name] is None and row.reasons[name] == Status.NOT_FINITE.value for name in of_answer)


def test_what_the_data_support_is_scored_whether_or_not_there_is_an_answer():
    """A metric of the data gives one value whatever was answered; one of the answer has none for a failure."""
    of_data = [name for name in sl.metrics.names() if sl.metrics.of_data(name)]
    assert {"digits.supported", "digits.statistical"} == set(of_data)
    answers = [np.ones(7), np.full(7, 1e300), np.full(7, np.nan)]
    rows = [sl.score(x, LONGLEY, truth="decimal", metrics=[*of_data, "digits.min"]) for x in answers]
    for name in of_data:
        assert rows[0][name] is not None
        assert rows[0][name] == rows[1][name] == rows[2][name]
    assert rows[2]["digits.min"] is None


def test_integers_and_short_formats_are_taken_as_they_are():
    assert sl.score([1, 2], NORRIS).x == sl.score(np.array([1.0, 2.0], dtype="float16"), NORRIS).x == (1.0, 2.0)
    short = sl.reference(NORRIS).rounded("float32")
    assert 6 < sl.score(short, NORRIS)["digits.min"] <= 7.3, "more digits than float32 has are luck"


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (np.ones((7, 1)), ShapeError, r"shape \(7,\) to match nist\.longley; got \(7, 1\): pass x\.ravel\(\)"),
        (np.ones(6), ShapeError, r"got \(6,\): give one for each of intercept, "),
        (1.0, ShapeError, r"got \(\): give one for each of"),
        ([[1.0], [1.0, 2.0]], ShapeError, "x is ragged"),
        (Fit(np.ones(8)), ShapeError, r"got \(8,\)"),
        (np.ones(7) * 1j, ComplexError, r"pass x\.real"),
        (["1"] * 7, NotNumericError, "pass an array of floats"),
        (np.ma.masked_less(np.arange(7.0), 1), NotFiniteError, r"x\[0\] is masked"),
    ],
)
def test_what_is_no_answer_is_told_the_way_out(x, error, says):
    with pytest.raises(error, match=says):
        sl.score(x, LONGLEY)


def test_what_is_no_problem_truth_or_metric_is_told():
    with pytest.raises(InputError, match=r"Problem\.from_matrix"):
        sl.score(np.ones(7), A)
    with pytest.raises(InputError, match="truth must be one of"):
        sl.score(np.ones(7), LONGLEY, truth="published")
    with pytest.raises(UnknownNameError, match=r"digits\.min"):
        sl.score(np.ones(7), LONGLEY, metrics=["digits.mini"])
    with pytest.raises(InputError, match=r"give a list: metrics=\['digits\.min'\]"):
        sl.score(np.ones(7), LONGLEY, metrics="digits.min")
    with pytest.raises(InputError, match="reported coefficient 99 as dropped, of 2"):
        sl.score(Fit(np.ones(2), dropped=(99,)), sl.problems.get("nist.norris")())
    with pytest.raises(InputError, match="the rank of a Fit must be a whole number, or None; got 'a'"):
        sl.score(Fit(np.ones(7), rank="a"), LONGLEY)
    assert sl.score(Fit(np.ones(7), rank=np.int32(6)), LONGLEY).rank == 6


def test_many_right_answers_are_a_reason():
    row = sl.score([0.5, 0.5], DEFICIENT)
    assert row["digits.min"] is None
    assert "many solutions" in row.reasons["digits.min"]


# --- starting values


def started(value, problem, *, truth="decimal", start=1.0):
    label = RouteLabel(name="planted.iterates", source="", starts_at=start)
    fit = Solution(np.full(problem.shape[1], value), Status.SOLVED, Fit(np.full(problem.shape[1], value)))
    return score_solution(Entry(label=label, function=score), problem, fit, truth=truth, wanted=["digits.min"])


@pytest.mark.parametrize(("name", "right"), [("wampler1", True), ("wampler5", True), ("wampler2", False)])
def test_that_an_iteration_started_at_the_answer_is_a_fact_of_the_row(name, right):
    problem = problems.get(f"nist.{name}")()
    said = started(1.0, problem).facts.get("start", "")
    assert said.startswith("started at the answer: the starting values 1, ..., 1 are the coefficients") == right
    assert started(1.0, problem, start=None).facts == {}


def test_what_scaled_columns_start_at_is_not_the_answer():
    problem = problems.get("nist.wampler1")()
    entry = bench.route("scipy.curve_fit")
    facts = {}
    for kind in ("permuted", "scaled"):
        variant = Variant(kind, 1)
        solution = bench.solve(entry, problem, variant)
        facts[kind] = score_solution(entry, problem, solution, truth="decimal", variant=variant).facts
    assert "start" in facts["permuted"]
    assert facts["scaled"] == {}
