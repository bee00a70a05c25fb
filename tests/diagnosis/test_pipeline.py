"""The stages of a regression: which moved the coefficients, against rationals, and planted faults that are noticed."""

import csv
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paths import ROOT
from stabilitylab import bench, problems
from stabilitylab.conformance.rational import least_squares
from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import Fit, Solution, Status
from stabilitylab.data.design import Category, Centred, Design, Elapsed, Log, Product, Scaled
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Moments, Table
from stabilitylab.data.terms import Column, Intercept, Power
from stabilitylab.diagnosis import pipeline
from stabilitylab.diagnosis.pipeline import replay_of, replayed
from stabilitylab.diagnosis.pipeline.centred import CENTRING, CentredSystem
from stabilitylab.diagnosis.pipeline.smaller import solution_in
from stabilitylab.diagnosis.pipeline.stages import kinds
from stabilitylab.diagnosis.pipeline.system import System, equals
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.replay import INSIDE

F = Fraction
DAY = 86_400 * 10**9


def question_of(problem, **more):
    moments = more.pop("moments", {})
    return Question(problem, Table(problem.name, problem.data, tuple(range(problem.shape[0])), moments=moments), **more)


def asked(columns, design=None, response="y", format="float64", **more):
    """A question about columns of decimals as text, integers or anything a Problem takes."""
    data = {k: Decimals.parse(v) if isinstance(v[0], str) and k != "g" else v for k, v in columns.items()}
    return question_of(
        Problem("table", data, design or Design.columns(), "test", frozenset(), response, format), **more
    )


def case(name, format="float64", without=(), weights=None):
    rows = list(csv.reader((ROOT / "tests" / "data" / "cases" / f"{name}.csv").open()))
    columns = {head: [row[j] for row in rows[1:]] for j, head in enumerate(rows[0]) if head not in without}
    kept = Decimals.parse(columns.pop(weights)) if weights else None
    return asked(columns, format=format, weights=kept, weights_name=weights or "")


def answer(question, route):
    entry = bench.route(route)
    solution = bench.solve(entry, question.problem, weights=question.float_weights)
    return Call(route, replace(solution, seconds=0.0), entry)


def vector(*x, name="R", printed=None):
    return Call(name, Solution(np.array(x), Status.SOLVED), printed=printed)


def right(question, truth="matrix"):
    """The doubles nearest to the solution of a truth."""
    return vector(*question.fit(truth).x.tolist())


def named(steps):
    return {step.stage: step for step in steps}


def dominant(steps):
    return [step.stage for step in steps if step.is_dominant]


def stamps():
    rng = np.random.default_rng(1)
    at = [1_700_000_000 * 10**9 + i * 3600 * 10**9 + int(rng.integers(10**9)) for i in range(60)]
    return at, [f"{2 + i / 8 + rng.normal() / 10:.4f}" for i in range(60)]


# --- the dominant stage


def test_filip_loses_its_digits_where_its_powers_are_formed():
    steps, says = replay_of(question_of(problems.get("nist.filip")()), right(question_of(problems.get("nist.filip")())))
    found = named(steps)
    assert list(found) == ["storing the regressors", "storing the response", "features", "solver"]
    assert found["storing the response"].digits > 14 > 7.8 < found["features"].digits < 8.0
    assert dominant(steps) == ["features"]
    assert all(one.startswith("checked") for one in says if "certified" in one)


def test_a_constant_that_drowned_was_lost_when_the_response_was_stored():
    question = case("parabola_constant_drowns")
    steps, _ = replay_of(question, answer(question, "exact.certified"))
    assert dominant(steps) == ["storing the response"]
    assert named(steps)["storing the regressors"].digits > 15.9
    assert 2.3 < named(steps)["storing the response"].digits < 2.5
    steps, _ = replay_of(question, answer(question, "normal.cholesky"))
    assert dominant(steps) == ["solver"]


@pytest.mark.parametrize("name", ["large_x_statsmodels", "degree6_wavelength"])
def test_a_rank_cut_off_is_a_stage_and_leaves_little_to_the_solver(name):
    question = case(name)
    steps, says = replay_of(question, answer(question, "numpy.lstsq"))
    assert dominant(steps) == ["rank cut-off"]
    cut, solver = named(steps)["rank cut-off"].change, named(steps)["solver"].change
    assert all(abs(s) < 1e-3 * abs(c) for s, c in zip(solver, cut, strict=True))
    assert "numpy.lstsq, called again" in says[0]
    steps, _ = replay_of(question, answer(question, "qr.householder"))
    assert "rank cut-off" not in named(steps)


def test_stamps_in_nanoseconds_meet_a_cut_off_and_not_once_they_are_elapsed_days():
    at, y = stamps()
    question = asked({"stamp": ExactColumn(tuple(at)), "y": y})
    assert dominant(replay_of(question, answer(question, "numpy.lstsq"))[0]) == ["rank cut-off"]
    days = ExactColumn(tuple(v - at[0] for v in at), F(1, DAY))
    moments = {"day": Moments("days", "2023-11-14T22:13:20")}
    question = asked({"day": days, "y": y}, moments=moments)
    steps, _ = replay_of(question, answer(question, "numpy.lstsq"))
    assert "'day' as days elapsed" in named(steps)["units and dates"].says
    assert "storing the regressors" not in named(steps)
    assert steps[-1].digits > 13
    question = asked({"day": days, "y": [float(v) for v in y]}, moments=moments, format="float32")
    steps, _ = replay_of(question, vector(*question.fit("matrix").x))
    assert {step.stage for step in steps if any(step.change)} >= {"units and dates", "storing the response"}


def test_two_decimals_are_a_stage_whether_the_unrounded_answer_is_known_or_not():
    question = case("small_variance_dropped")
    call = answer(question, "numpy.lstsq")
    printed = tuple(f"{v:.2f}" for v in call.solution.x)
    steps, says = replay_of(question, replace(call, printed=printed))
    assert dominant(steps) == ["printing"]
    assert [step.stage for step in steps][-2:] == ["solver", "printing"]
    assert any("those that were printed" in one for one in says)
    alone = vector(*map(float, printed), printed=printed)
    steps, says = replay_of(question, alone)
    assert [step.stage for step in steps][-1] == "printing"
    assert "solver" not in named(steps)
    assert named(steps)["printing"].says.endswith("2 decimals")
    other = (printed[0], f"{float(printed[1]) + 0.01:.2f}")
    steps, says = replay_of(question, vector(*map(float, other), printed=other))
    assert dominant(steps) == [INSIDE]
    assert "not the exact ones rounded" in says[0]


def test_what_the_format_holds_is_stored_without_a_change():
    question = asked({"x": ["0.5", "2", "-3.25", "7"], "z": [3, 1, 2, 2**60], "y": ["1", "2.5", "-4", "8"]})
    steps, _ = replay_of(question, right(question))
    assert not any(any(step.change) for step in steps[:-1])
    rng = np.random.default_rng(5)
    floats = question_of(Problem.from_matrix("floats", rng.normal(size=(9, 2)), rng.normal(size=9)))
    steps, _ = replay_of(floats, answer(floats, "qr.householder"))
    assert not any(any(step.change) for step in steps[:-1])
    shorter = question_of(floats.problem.rounded_to("float32"))
    steps, _ = replay_of(shorter, right(shorter))
    assert all(any(step.change) for step in steps)


def test_stages_that_cancel_are_marked():
    question = case("narrow_x_degree5")
    truth, stored = question.fit("decimal").x, question.fit("matrix").x
    steps, _ = replay_of(question, vector(*truth))
    assert {step.stage for step in steps if step.cancels} == {step.stage for step in steps}
    assert not any(step.cancels for step in replay_of(question, vector(*stored))[0])


def test_terms_are_formed_in_the_stage_they_belong_to():
    x = Column("x")
    assert kinds(Log(x)) == kinds(Power(x, 2)) == kinds(Category("g")) == {"functions"}
    assert kinds(Elapsed(x)) == kinds(Power(Elapsed(x), 2)) == kinds(Product(Log(x), Elapsed(x))) == {"dates"}
    assert kinds(Scaled(Centred(x))) == kinds(Power(Centred(x), 3)) == kinds(Product(Centred(x), Elapsed("z")))
    assert kinds(Scaled(x)) == {"moved"}


# --- the vectors, against rationals

DECIMALS = st.integers(-(10**6), 10**6).map(lambda v: f"{v / 1000:.3f}")


def exact_rows(columns):
    return np.array([[F(v) for v in row] for row in zip(*columns, strict=True)], dtype=object)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(DECIMALS, DECIMALS, DECIMALS), min_size=4, max_size=7, unique_by=lambda row: row[0]),
    st.sampled_from(["float32", "float64"]),
)
def test_the_vectors_are_those_of_rationals(rows, format):
    x, z, y = zip(*rows, strict=True)
    design = Design.of(Intercept(), "x", Power("x", 2))
    question = asked({"x": x, "z": z, "y": y}, design, format=format)
    call = right(question)
    found = replayed(question, call, call.solution.x)
    assert found.holds
    one, A = [F(1)] * len(x), question.problem.A
    stored_x, stored_y = A[:, 1].tolist(), question.problem.b.tolist()
    powers = [[F(v) ** 2 for v in x], [F(v) ** 2 for v in stored_x]]
    expected = [
        least_squares(exact_rows([one, x, powers[0]]), np.array([F(v) for v in y], dtype=object)),
        least_squares(exact_rows([one, stored_x, powers[1]]), np.array([F(v) for v in y], dtype=object)),
        least_squares(exact_rows([one, stored_x, powers[1]]), np.array([F(v) for v in stored_y], dtype=object)),
        least_squares(exact_rows([one, stored_x, A[:, 2].tolist()]), np.array([F(v) for v in stored_y], dtype=object)),
        [F(v) for v in call.solution.x.tolist()],
    ]
    for point, exact in zip(found.points, expected, strict=True):
        for enclosed, value in zip(point, exact, strict=True):
            assert abs(enclosed.middle - value) <= enclosed.radius
    for entry in range(3):
        assert sum(change[entry].middle for change in found.changes) == found.total[entry].middle


def test_weights_are_stored_and_count():
    question = case("weighted_sigma", without=("sigma",), weights="w")
    x, y, w = (question.problem.data["secz"], question.problem.data["y"], question.weights)
    call = answer(question, "numpy.polyfit")
    found = replayed(question, call, call.solution.x)
    assert found.holds
    assert found.names == ("storing the regressors", "storing the response", "storing the weights", "solver")

    def solved(x, y, w):
        rows = np.array([[F(1), v] for v in x], dtype=object)
        weighted = rows * np.array(w, dtype=object)[:, None]
        return least_squares(weighted.T @ rows, weighted.T @ np.array(y, dtype=object))

    def stored(column):
        return [F(float(v)) for v in column]

    exact = [list(column) for column in (x, y, w)]
    points = [solved(*exact), solved(*(stored(c) for c in exact[:2]), exact[2]), solved(*map(stored, exact))]
    for point, value in zip([found.points[k] for k in (0, 2, 3)], points, strict=True):
        assert all(abs(e.middle - v) <= e.radius for e, v in zip(point, value, strict=True))


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_the_solution_in_a_smaller_space_is_that_of_rationals(seed, rank):
    rng = np.random.default_rng(seed)
    A, b, B = rng.normal(size=(6, 4)), rng.normal(size=6), rng.normal(size=(4, rank))
    system = System.of(Problem.from_matrix("floats", A, b), None)
    AB = np.array([[F(v) for v in row] for row in A.tolist()], dtype=object) @ np.array(
        [[F(v) for v in row] for row in B.tolist()], dtype=object
    )
    z = least_squares(AB, np.array([F(v) for v in b.tolist()], dtype=object))
    x = [sum(F(v) * w for v, w in zip(row, z, strict=True)) for row in B.tolist()]
    assert [one.middle for one in solution_in(system.evidence, B)] == x
    assert solution_in(system.evidence, B[:, [0, 0]]) is None


def test_every_kind_of_term_and_column_is_replayed():
    rng = np.random.default_rng(2)
    columns = {
        "x": [f"{v:.3f}" for v in rng.uniform(1, 9, 30)],
        "z": [f"{10**40 + int(v) ** 2}" for v in rng.integers(0, 10**18, 30)],
        "g": list("abc" * 10),
        "y": rng.normal(size=30),
    }
    design = Design.of(Intercept(), "x", Log("x"), Scaled("z"), Category("g"), Product("x", Category("g")))
    question = asked(columns, design)
    call = right(question)
    found = replayed(question, call, call.solution.x)
    assert found.holds
    assert found.names == (
        "storing the regressors", "storing the response", "features", "centring and scaling", "solver",
    )  # fmt: skip
    assert any(v.middle for v in found.changes[2])
    assert any(v.middle for v in found.changes[3])


@pytest.mark.parametrize(
    ("numbers", "scale", "floats", "are"),
    [
        ((1, -3), F(1, 4), [0.25, -0.75], True),
        ((50, 125), F(1, 100), [0.5, 1.25], True),
        ((1, 10), F(1, 10), [0.1, 1.0], False),
        ((2**53 + 1,), F(1), [2.0**53], False),
        ((3 * 2**60,), F(1), [3.0 * 2**60], True),
        ((0, 0), F(1, 3), [0.0, -0.0], True),
        ((1, 2), F(1), [1.0, 3.0], False),
    ],
)
def test_whether_floats_are_the_exact_numbers(numbers, scale, floats, are):
    assert equals(ExactColumn(numbers, scale), np.array(floats)) is are
    assert equals(ExactColumn(numbers, scale), np.array(floats, dtype=np.longdouble)) is are


# --- planted faults


def test_another_truth_is_noticed():
    question, other = case("offset_r_lm_na"), case("small_variance_dropped")
    wrong = Question(question.problem, question.table)
    wrong._fits["decimal", "full-rank"] = other.fit("decimal")
    steps, says = replay_of(wrong, right(question))
    assert steps == ()
    assert any(one.startswith("refuted: the vector of the exact run") for one in says)
    assert says[-1].startswith("no replay")


@pytest.mark.parametrize("ulps", [1, -1])
def test_a_vector_that_the_route_does_not_return_is_noticed(ulps):
    question = case("offset_r_lm_na")
    call = answer(question, "qr.householder")
    x = call.solution.x.copy()
    x[1] = np.nextafter(x[1], ulps * np.inf)
    steps, says = replay_of(question, replace(call, solution=replace(call.solution, x=x)))
    assert [step.stage for step in steps][-1] == INSIDE
    assert "it does not repeat" in says[0]
    assert "bit for bit" in replay_of(question, call)[1][0]


@pytest.mark.parametrize("skipped", ["storing the regressors", "storing the response", "features"])
def test_a_stage_that_is_skipped_is_noticed(skipped, monkeypatch):
    question = question_of(problems.get("nist.filip")())
    call = right(question)
    for name in ("storing", "forming"):
        made = getattr(pipeline, name)

        def without(question, made=made):
            return [replace(s, users=s.exactly) if s.name == skipped else s for s in made(question)]

        monkeypatch.setattr(pipeline, name, without)
    if skipped == "storing the regressors":  # its powers cannot be formed of what is not stored
        with pytest.raises(InputError, match="must be stored"):
            replay_of(question, call)
    else:
        steps, says = replay_of(question, call)
        assert steps == ()
        assert any(one.startswith("refuted: the vector after 'features'") for one in says)


def test_two_stages_that_are_swapped_are_noticed(monkeypatch):
    question = question_of(problems.get("nist.filip")())
    before, behind = pipeline.storing, pipeline.forming
    monkeypatch.setattr(pipeline, "storing", behind)
    monkeypatch.setattr(pipeline, "forming", before)
    with pytest.raises(InputError, match="must be stored in float64 before"):
        replay_of(question, right(question))


# --- what has no replay


def test_dependent_columns_have_no_replay_and_it_says_why():
    columns = {"x": ["1", "2", "4", "7"], "z": ["2", "4", "8", "14"], "y": ["1", "0", "3", "2"]}
    steps, says = replay_of(asked(columns), vector(1.0, 2.0, 3.0))
    assert steps == ()
    assert "exactly dependent" in says[0]
    # Independent as decimals, and not once they are stored in float32.
    columns = {"x": ["16777216", "16777217", "16777218", "16777220"], "y": ["1", "0", "3", "2"], "z": [
        "16777216", "16777216", "16777218", "16777220"]}  # fmt: skip
    steps, says = replay_of(asked(columns, format="float32"), vector(1.0, 2.0, 3.0))
    assert steps == ()
    assert "in one of the stages" in says[0]


@pytest.mark.parametrize("x", [None, np.array([1.0, np.nan])])
def test_an_answer_that_is_not_finite_has_no_replay(x):
    question = case("offset_r_lm_na")
    steps, says = replay_of(question, Call("R", Solution(x, Status.NOT_FINITE)))
    assert steps == ()
    assert "no finite coefficients" in says[0]


def test_the_stages_of_a_model_take_the_place_of_those_before_the_solver():
    question = case("small_variance_dropped")
    together = replace(pipeline.storing(question)[0], name="reading", users=lambda system: system.storing(["x", "y"]))
    steps, _ = replay_of(question, right(question), [together])
    assert [step.stage for step in steps] == ["reading", "solver"]
    assert steps[0].change == pytest.approx(
        np.sum([step.change for step in replay_of(question, right(question))[0][:2]], axis=0)
    )


def test_a_column_that_was_dropped_is_a_cut_off_and_a_rank_that_the_answer_belies_is_none():
    question = case("small_variance_dropped")
    mean = float(np.mean(question.problem.b))
    call = vector(mean, 0.0)
    fit = Fit(call.solution.x, rank=1, dropped=(1,))
    steps, _ = replay_of(question, replace(call, solution=replace(call.solution, status=Status.DROPPED, fit=fit)))
    assert dominant(steps) == ["rank cut-off"]
    assert abs(named(steps)["solver"].change[0]) < 1e-12
    assert named(steps)["solver"].change[1] == 0
    whole = right(question)
    for fit in (Fit(whole.solution.x, rank=1), Fit(whole.solution.x, dropped=(1,))):
        belied = replace(whole.solution, status=Status.RANK_REDUCED, fit=fit)
        steps, _ = replay_of(question, replace(whole, solution=belied))
        assert "rank cut-off" not in named(steps)


def test_centring_inside_a_library_is_a_stage_where_its_model_gives_the_answer_bit_for_bit():
    at, y = stamps()
    question = asked({"stamp": ExactColumn(tuple(at)), "y": y})
    state = CentredSystem.of(question.problem.A, question.problem.b)
    call = vector(*state.solved(), name="sklearn.linear_model.LinearRegression")
    found = replayed(question, call, call.solution.x)
    assert found.holds
    assert found.names == ("storing the regressors", "storing the response", CENTRING, "solver")
    X, mean, y_mean = [F(v) for v in state.X[:, 0].tolist()], F(float(state.means[0])), F(float(state.y_mean))
    slope = sum(a * F(b) for a, b in zip(X, state.y.tolist(), strict=True)) / sum(a * a for a in X)
    for enclosed, value in zip(found.points[3], (y_mean - mean * slope, slope), strict=True):
        assert abs(enclosed.middle - value) <= enclosed.radius
    says = replay_of(question, call)[1]
    assert "centred and then solved by gelsd" in says[0]
    x = call.solution.x.copy()
    x[0] = np.nextafter(x[0], np.inf)
    assert CENTRING not in replayed(question, vector(*x), x).names
    assert CENTRING not in named(replay_of(question, answer(question, "qr.householder"))[0])


def test_what_has_not_been_stored_is_in_no_matrix_of_a_library():
    question = asked({"x": ["0.1", "0.2", "0.4"], "y": ["0.5", "1.1", "2"]}, Design.of(Intercept(), "x", Power("x", 2)))
    system = System.of(question.problem, None)
    with pytest.raises(InputError, match="'x', which must be stored"):
        system.stored  # noqa: B018
    with pytest.raises(InputError, match=r"x\^2 must be formed"):
        system.storing(["x", "y"]).stored  # noqa: B018
    with pytest.raises(InputError, match="'y' must be stored"):
        system.storing(["x"]).forming([Power("x", 2)]).stored  # noqa: B018
    A, b = system.storing(["x", "y"]).forming([Power("x", 2)]).stored
    assert np.array_equal(A, question.problem.A)
    assert np.array_equal(b, question.problem.b)


def test_fewer_rows_than_columns_have_no_replay():
    question = asked({"x": ["1", "2"], "z": ["2", "5"], "y": ["1", "0"]})
    steps, says = replay_of(question, vector(1.0, 2.0, 3.0))
    assert steps == ()
    assert says[0].startswith("no replay: ")


def test_a_route_that_was_printed_as_it_came_keeps_its_solver():
    question = case("offset_r_lm_na")
    call = answer(question, "qr.householder")
    steps, _ = replay_of(question, replace(call, printed=tuple(map(repr, call.solution.x.tolist()))))
    assert [step.stage for step in steps][-2:] == ["solver", "printing"]
    assert steps[-1].digits == pytest.approx(steps[-2].digits, abs=0.1)
