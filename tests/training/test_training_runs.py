"""A run is what its rule says, and what is measured of it is exact."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.arithmetic.formats import format_named
from stabilitylab.core.errors import InputError, NotFiniteError, ShapeError, UnknownNameError
from stabilitylab.core.objective import LOSSES, LeastSquares
from stabilitylab.core.types import Status
from stabilitylab.solvers import descent
from stabilitylab.training.exactly import leaves
from stabilitylab.training.minimum import minimum
from stabilitylab.training.setting import hyperparameters_of

A = np.array([[1.0, 2.0], [1.0, -1.0], [1.0, 0.5]])
B = np.array([1.0, 2.0, -1.0])


def exact_gap(A, b, x, factor):
    """f(x) - f(x*) in Fractions, with x* by Cramer's rule: shares no code with what it checks."""
    rows = [[Fraction(v) for v in row] for row in A.tolist()]
    b = [Fraction(v) for v in b.tolist()]
    x = [Fraction(float(v)) for v in x]
    h = [[sum(r[i] * r[j] for r in rows) for j in range(2)] for i in range(2)]
    c = [sum(r[i] * v for r, v in zip(rows, b, strict=True)) for i in range(2)]
    det = h[0][0] * h[1][1] - h[0][1] ** 2
    best = [(c[0] * h[1][1] - c[1] * h[0][1]) / det, (h[0][0] * c[1] - h[0][1] * c[0]) / det]

    def loss(z):
        return factor / 2 * sum((r[0] * z[0] + r[1] * z[1] - v) ** 2 for r, v in zip(rows, b, strict=True))

    return loss(x) - loss(best)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gap_is_exact_to_thirty_digits(loss):
    run = sl.train("gradient", (A, B), lr=0.1, steps=300, loss=loss)
    factor = {"half sum": Fraction(1), "sum": Fraction(2), "half mean": Fraction(1, 3), "mean": Fraction(2, 3)}[loss]
    for k in (0, 7, len(run.weights) - 1):
        right = exact_gap(A, B, run.weights[k], factor)
        numerator, denominator = right.as_integer_ratio()
        assert abs(run.gaps[k] * denominator / numerator - 1) < 1e-29


def test_the_gap_is_not_the_difference_of_two_rounded_losses():
    run = sl.train("gradient", (A, B), lr=0.2, steps=100)
    objective = LeastSquares(A, B)
    wrong = [
        abs(float(objective.value(x)) - float(run.minimum.least) - float(gap)) / float(gap)
        for x, gap in zip(run.weights, run.gaps, strict=True)
    ]
    assert max(wrong) > 0.5  # of the gap: near the minimum a difference of losses has no digit


@given(
    lr=st.floats(0.01, 0.3),
    steps=st.integers(1, 30),
    loss=st.sampled_from(LOSSES),
)
def test_gradient_descent_is_its_formula(lr, steps, loss):
    run = sl.train("gradient", (A, B), lr=lr, steps=steps, loss=loss)
    m = len(B)
    factor = {"half sum": 1.0, "sum": 2.0, "half mean": 1 / m, "mean": 2 / m}[loss]
    x = np.zeros(2)
    for _ in range(steps):
        x = x - lr * factor * (A.T @ (A @ x - B))
    np.testing.assert_allclose(run.x, x, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("format", ["float64", "float32", "float16", "bfloat16", "float8_e5m2", "longdouble"])
def test_weights_are_numbers_of_their_format(format):
    run = sl.train("adam", (A, B), lr=0.125, steps=20, format=format)
    chosen = format_named(format)
    for x in run.weights:
        again = chosen.rounded(np.asarray(x))
        assert (np.asarray(again, dtype=np.longdouble) == np.asarray(x, dtype=np.longdouble)).all()


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    one, two, other = (sl.train("gradient", (A, B), lr=0.1, steps=50, batch=2, seed=seed) for seed in (3, 3, 4))
    assert one.x.tobytes() == two.x.tobytes() != other.x.tobytes()


def test_batches_of_one_epoch_are_all_rows_once():
    seen = []

    class Spy(LeastSquares):
        def rows(self, chosen):
            seen.extend(chosen.tolist())
            return super().rows(chosen)

    from stabilitylab.core.objective import batches

    drawn = batches(Spy(A, B), 2, 0)
    for _ in range(2):
        next(drawn)
    assert sorted(seen) == [0, 1, 2]


def test_a_run_that_leaves_its_format_ends_there_and_is_returned():
    run = sl.train("gradient", (A, B), lr=5.0, steps=5000, format="float32")
    assert run.status is Status.NOT_FINITE
    assert run.ended == run.not_finite < 5000
    assert run.infinite_loss < run.not_finite
    assert run.predicted_overflow in range(run.infinite_loss - 1, run.infinite_loss + 2)
    assert run.gaps[-1] is None
    assert leaves(run.setting, run.minimum, run.weights[0], 5000) is not None


def test_a_run_that_arrives_says_so_and_one_that_has_not_does_not():
    assert sl.train("gradient", (A, B), lr=0.2, steps=500).status is Status.SOLVED
    assert sl.train("gradient", (A, B), lr=0.2, steps=3).status is Status.STOPPED_EARLY


def test_the_state_may_be_wider_than_the_weights():
    run = sl.train("adam", (A, B), lr=0.05, steps=40, format="bfloat16", state="float32")
    assert run.state["v"].dtype == np.float32
    assert (np.asarray(format_named("bfloat16").rounded(np.asarray(run.x))) == np.asarray(run.x)).all()


def test_scaling_the_loss_by_a_power_of_two_changes_nothing_while_nothing_leaves_the_range():
    plain = sl.train("adam", (A, B), lr=0.05, steps=60, format="float32")
    scaled = sl.train("adam", (A, B), lr=0.05, steps=60, format="float32", loss_scale=2.0**10)
    assert plain.x.tobytes() == scaled.x.tobytes()


def test_clipping_bounds_the_step():
    run = sl.train("gradient", (A, B * 1e6), lr=0.1, steps=1, clip=2.0)
    assert np.linalg.norm(run.x) == pytest.approx(0.2)


def test_of_many_minimisers_the_gap_is_to_any_of_them():
    twice = np.column_stack([A[:, 1], A[:, 1]])
    run = sl.train("gradient", (twice, B), lr=0.05, steps=400, start=[3.0, -3.0])
    assert not run.minimum.is_unique
    assert float(run.gaps[-1]) < 1e-20
    assert abs(run.x[0] - run.x[1]) > 5  # what the start had is left


def test_a_problem_in_decimals_is_rounded_to_the_format_first():
    problem = sl.problems.get("nist.norris")()
    run = sl.train("gradient", problem, lr=1e-7, steps=3, format="float32")
    stored = problem.rounded_to("float32")
    right = minimum(stored.A, stored.b, Fraction(1))
    assert run.minimum.x == right.x


def test_every_optimiser_of_the_catalogue_runs():
    for name in descent.names():
        run = sl.train(name, (A, B), lr=0.01, steps=5)
        assert run.ended == 5, name
        assert run.is_finite, name
        assert str(run).startswith(name.removeprefix("descent.").replace("_", " "))


def test_a_run_as_a_frame_and_as_json():
    import json

    run = sl.train("gradient", (A, B), lr=0.1, steps=250)
    frame = pytest.importorskip("pandas") and run.to_frame()
    assert list(frame.columns[:4]) == ["step", "loss", "gap", "digits"]
    assert frame["step"].iloc[-1] == 250
    text = json.dumps(run.to_dict(), allow_nan=False)
    assert json.loads(text)["optimiser"] == "descent.gradient"
    diverged = sl.train("gradient", (A, B), lr=50.0, steps=2000)
    json.dumps(diverged.to_dict(), allow_nan=False)


WRONG = [
    (lambda: sl.train("gradent", (A, B), lr=0.1), UnknownNameError, "gradient"),
    (lambda: sl.train("adam", (A, B), lr=0.0), InputError, "lr must be a number above 0"),
    (lambda: sl.train("adam", (A, B), lr=-1.0), InputError, "lr"),
    (lambda: sl.train("adam", (A, B), lr=float("nan")), InputError, "lr"),
    (lambda: sl.train("adam", (A, B), lr=float("inf")), InputError, "lr"),
    (lambda: sl.train("adam", (A, B), lr="0.1"), InputError, "lr"),
    (lambda: sl.train("adam", (A, B), lr=True), InputError, "lr"),
    (lambda: sl.train("adam", (A, B), lr=0.1, steps=0), InputError, "steps"),
    (lambda: sl.train("adam", (A, B), lr=0.1, steps=2.5), InputError, "steps"),
    (lambda: sl.train("adam", (A, B), lr=0.1, format="float7"), InputError, "bfloat16"),
    (lambda: sl.train("adam", (A, B), lr=0.1, state="quarter"), InputError, "bfloat16"),
    (lambda: sl.train("adam", (A, B), lr=0.1, update="kahan"), InputError, "compensated"),
    (lambda: sl.train("adam", (A, B), lr=0.1, loss="mse"), InputError, "half sum"),
    (lambda: sl.train("adam", (A, B), lr=0.1, batch=0), InputError, "batch"),
    (lambda: sl.train("adam", (A, B), lr=0.1, batch=4), InputError, "between 1 and 3"),
    (lambda: sl.train("adam", (A, B), lr=0.1, loss_scale=0.0), InputError, "loss_scale"),
    (lambda: sl.train("adam", (A, B), lr=0.1, clip=-1.0), InputError, "clip"),
    (lambda: sl.train("adam", (A, B), lr=0.1, hyperparameters={"beta_1": 0.9}), InputError, "beta1"),
    (lambda: sl.train("gradient", (A, B), lr=0.1, hyperparameters={"eps": 1}), InputError, "leave it out"),
    (lambda: sl.train("adam", (A, B), lr=0.1, hyperparameters={"beta1": 1.0}), InputError, "beta1"),
    (lambda: sl.train("adam", (A, B), lr=0.1, hyperparameters={"eps": -1e-8}), InputError, "eps"),
    (lambda: sl.train("adam", (A, B), lr=0.1, start=[1.0]), ShapeError, "2 columns"),
    (lambda: sl.train("adam", (A, B), lr=0.1, start=[1.0, float("nan")]), NotFiniteError, r"start\[1\]"),
    (lambda: sl.train("adam", A, lr=0.1), InputError, r"\(A, b\)"),
    (lambda: sl.train("adam", (A, B[:2]), lr=0.1), ShapeError, r"b must have shape \(3,\)"),
    (lambda: sl.train("adam", (A[:0], B[:0]), lr=0.1), InputError, "row"),
    (lambda: sl.train("adam", (A * np.nan, B), lr=0.1), NotFiniteError, "nan"),
    (lambda: sl.train("adam", (A * 1e6, B), lr=0.1, format="float16"), sl.StabilityLabError, "float16"),
    (lambda: sl.explain_descent(A, B), InputError, "sl.train"),
    (lambda: sl.explain_descent(A, B, [1.0, 0.5]), InputError, "optimiser="),
    (lambda: sl.explain_descent(A, B, [1.0], optimiser="adam", lr=0.1), InputError, "two steps"),
    (lambda: sl.explain_descent(A, B, np.zeros((3, 5)), optimiser="adam", lr=0.1), InputError, "2 columns"),
    (lambda: sl.explain_descent(A, B, [1.0, 9.0, 4.0], optimiser="adam", lr=0.1), InputError, "step 0"),
]


@pytest.mark.parametrize(("call", "error", "says"), WRONG)
def test_what_is_wrong_is_said_with_the_way_out(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_setting_knows_the_defaults_of_its_optimiser():
    assert hyperparameters_of("descent.adam")["beta2"] == 0.999
    run = sl.train("adam", (A, B), lr=0.1, steps=1)
    assert run.setting.hyperparameter("eps") == 1e-8
    assert run.setting.hyperparameter("momentum") is None
