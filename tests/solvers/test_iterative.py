"""Iterative methods against their definitions in fractions, what ends them, and both kinds as routes with a budget."""

import pickle
import warnings
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import stabilitylab as sl
from stabilitylab import solvers
from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.conformance.systems import relative_error, well_conditioned
from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT16, FLOAT32
from stabilitylab.core.errors import Breakdown, InputError, ShapeError, UnderdeterminedError
from stabilitylab.core.types import Status
from stabilitylab.data.problem import Problem
from stabilitylab.solvers import descent, iterative
from stabilitylab.solvers.descent import Iterate
from stabilitylab.solvers.descent.as_routes import BUDGET, default_rate
from stabilitylab.solvers.descent.stopping import STILL, ended
from stabilitylab.solvers.normal_equations import normal_cholesky

ROUTES = [solvers.entry(name) for name in (*descent.names(), *iterative.names())]
A = np.array([[3, 1, 0], [1, -2, 1], [0, 1, 4], [2, 2, -1], [1, 0, 1]], dtype=float)
B = np.array([1.0, 2.0, -1.0, 3.0, 0.0])
START = np.array([1.0, 0.0, -1.0])
KRYLOV = pytest.mark.parametrize("name", ["iterative.cgls", "iterative.lsqr", "iterative.lsmr"])


def iterates(name, count, format=np.asarray, **keywords):
    run = iterative.get(name)(format(A), format(B), format(START), **keywords)
    return [np.asarray(x) for x, _ in islice(run, count)]


@KRYLOV
def test_iterates_of_krylov_methods_are_minimal_over_their_spaces(name):
    """In fractions: x_k = x_0 + K y, K = [g, Cg, ...] with C = A'A, g = A'r_0; y minimises |r|, or |A'r| for LSMR."""
    A_exact, b, x0 = exact_array(A), exact_array(B), exact_array(START)
    C, r0 = A_exact.T @ A_exact, b - A_exact @ x0
    g = A_exact.T @ r0
    K = [g]
    for k, x in enumerate(iterates(name, 3), 1):
        basis = np.array(K, dtype=object).T
        matrix, right = (C @ basis, g) if name.endswith("lsmr") else (A_exact @ basis, r0)
        expected = x0 + basis @ np.array(least_squares(matrix, right), dtype=object)
        assert relative_error(x, expected.tolist()) < 1e-13, k
        K.append(C @ K[-1])


@KRYLOV
def test_after_as_many_steps_as_columns_it_is_solved_in_each_format(name):
    for format in (FLOAT16, BFLOAT16, FLOAT32):
        x = iterates(name, 3, format.rounded)[-1]
        assert (
            relative_error(x.astype(float), least_squares(exact_array(A), exact_array(B))) < 20 * format.unit_roundoff
        )


def test_a_sweep_of_coordinate_descent_is_gauss_seidel_in_fractions():
    C, c = exact_array(A).T @ exact_array(A), exact_array(A).T @ exact_array(B)
    x = exact_array(START)
    for swept in iterates("iterative.coordinate_descent", 3):
        for j in range(3):
            x[j] = (c[j] - sum(C[j, i] * x[i] for i in range(3) if i != j)) / C[j, j]
        assert relative_error(swept, x.tolist()) < 1e-14


def test_coordinate_descent_in_another_order_takes_another_path_to_the_same_place_and_repeats_with_its_seed():
    one, again, other = (iterates("iterative.coordinate_descent", 60, order="shuffled", seed=s) for s in (1, 1, 2))
    assert all(np.array_equal(x, y) for x, y in zip(one, again, strict=True))
    assert not np.array_equal(one[0], other[0])
    assert np.allclose(one[-1], other[-1], rtol=1e-13)
    zero = A * [1, 0, 1]
    (first,) = islice(iterative.get("iterative.coordinate_descent")(zero, B, START), 1)
    assert first.x[1] == START[1]
    for wrong in ({"order": "random"}, {"order": "shuffled", "seed": -1}):
        with pytest.raises(InputError, match=list(wrong)[-1]):
            iterative.get("iterative.coordinate_descent")(A, B, START, **wrong)


def test_newton_is_one_solution_of_the_normal_equations_and_then_refines_it():
    (first,) = iterates("iterative.newton", 1)
    assert np.array_equal(first, START + normal_cholesky(A, B - A @ START))
    t = np.linspace(1, 2, 40)
    V = np.vander(t, 6, increasing=True)
    b = np.cos(t)
    truth = least_squares(exact_array(V), exact_array(b))
    run = [x for x, _ in islice(iterative.get("iterative.newton")(V, b, np.zeros(6)), 4)]
    assert relative_error(run[-1], truth) < relative_error(run[0], truth) / 10


def canned(*rows):
    return iter([Iterate(np.array(row)) for row in rows])


@pytest.mark.parametrize(
    ("run", "reason", "steps"),
    [
        (lambda: (iterative.get("iterative.lsqr")(A, B, 0 * START), B, 60), "gradient", None),
        (
            lambda: (iterative.get("iterative.lsqr")(A, A @ [1.0, 2, 3], 0 * START), A @ [1.0, 2, 3], 60),
            "residual",
            None,
        ),
        (lambda: (canned(*[START] * 9), B, 60), "still", STILL),
        (lambda: (iterative.get("iterative.cgls")(A, 0 * B, 0 * START), 0 * B, 60), "no step", 0),
        (lambda: (iterative.get("iterative.coordinate_descent")(A, B, START), B, 2), "budget", 2),
        (lambda: (canned(START, [1, np.inf, 0]), B, 60), "not finite", 2),
    ],
    ids=["gradient", "residual", "still", "no step", "budget", "not finite"],
)
def test_a_run_says_what_ended_it(run, reason, steps):
    steps_of, b, budget = run()
    done = ended(steps_of, A, b, START, tolerance=1e-14, budget=budget)
    assert done.reason == reason
    assert done.early == (reason == "budget")
    assert steps is None or done.steps == steps
    assert str(done).startswith(f"after {done.steps} step")


def test_the_gradient_is_judged_in_exact_terms():
    x = START + 0.125
    done = ended(canned(x), A, B, START, tolerance=1e-3, budget=5)
    r = exact_array(B) - exact_array(A) @ exact_array(x)
    g = exact_array(A).T @ r
    square = Fraction(sum(v * v for v in g)) / (sum(v * v for v in exact_array(A).ravel()) * sum(v * v for v in r))
    assert done.gradient == pytest.approx(float(square) ** 0.5, rel=1e-14)
    for wrong in ({"tolerance": -1.0}, {"budget": 0}, {"budget": 2.5}, {"every": 0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            ended(canned(START), A, B, START, **{"tolerance": 1e-3, "budget": 5, **wrong})


def test_large_numbers_do_not_leave_the_range_when_a_run_is_judged():
    done = ended(canned(START), A * 2.0**600, B * 2.0**600, START, tolerance=1e-3, budget=5)
    assert done.gradient == ended(canned(START), A, B, START, tolerance=1e-3, budget=5).gradient


BY_ROUTE = pytest.mark.parametrize("entry", ROUTES, ids=lambda e: e.label.name)


@BY_ROUTE
def test_a_budget_that_ends_a_run_is_a_row_that_says_so(entry):
    t = np.linspace(1, 2, 20)
    row = sl.measure(
        entry.label.name, Problem.from_matrix("powers", np.vander(t, 9, increasing=True), np.cos(t)), causes=False
    )
    # LSQR and LSMR come to rest, CGLS never does at this condition; the others have not arrived.
    at_rest = ("iterative.lsqr", "iterative.lsmr")
    assert row.status == (Status.SOLVED if entry.label.name in at_rest else Status.STOPPED_EARLY).name


@BY_ROUTE
def test_a_route_goes_to_another_process_by_its_name(entry):
    assert pickle.loads(pickle.dumps(entry.function)) is entry.function


@BY_ROUTE
def test_a_route_takes_integers_and_says_where_a_nan_is(entry):
    system = well_conditioned("matrix")[0]
    assert np.asarray(entry.function(system.A.astype(int), system.b.astype(int))).dtype == np.float64
    spoilt, b = system.stored("float64")
    spoilt[1, 1] = np.nan
    with pytest.raises(Breakdown, match=r"^A\[1, 1\] is nan$"):
        entry.function(spoilt, b)
    with pytest.raises(UnderdeterminedError, match="2 rows for 3 columns"):
        entry.function(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ShapeError, match=r"b\.ravel\(\)"):
        entry.function(np.eye(3), np.ones((3, 1)))


anything = st.floats(width=16) | st.sampled_from([0.0, 1.0, 60000.0, 6e-8])


@BY_ROUTE
@settings(max_examples=3)
@given(drawn=st.data())
def test_whatever_comes_in_no_nan_comes_out_and_no_warning_escapes(entry, drawn):
    dtype = np.dtype(drawn.draw(st.sampled_from([s for s in entry.label.scalars if s.startswith("float")])))
    n = drawn.draw(st.integers(1, 3))
    values = drawn.draw(hnp.arrays(np.float16, (n + 1, n + 1), elements=anything)).astype(dtype)
    values *= np.sqrt(np.finfo(dtype).max) if dtype != np.float16 and drawn.draw(st.booleans()) else dtype.type(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            x = np.asarray(entry.function(values[:, :n], values[:, n]))
        except Breakdown:
            return
    assert np.isfinite(x).all()


def test_rates_that_a_user_can_know():
    adam, plain = descent.entry("descent.adam"), descent.entry("descent.gradient")
    assert default_rate(adam, A) == 0.001
    assert default_rate(plain, A) == pytest.approx(1 / np.sum(A * A), rel=1e-15)
    assert default_rate(plain, A) < 1 / np.linalg.norm(A, 2) ** 2
    assert default_rate(plain, 0 * A) == 1
    for size in (2.0**900, 2.0**-900):
        with pytest.raises(Breakdown, match="scale the columns"):
            default_rate(plain, A * size)
    assert solvers.get("descent.gradient")(A, B).iterations <= BUDGET
