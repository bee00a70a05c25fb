"""Errors followed through the steps of a method, against what it then does on random problems, solved in rationals."""

from dataclasses import replace

import numpy as np
import pytest

from stabilitylab import bench, problems
from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.diagnosis.followed_errors import ROUNDING
from stabilitylab.diagnosis.forecast import forecast_of
from stabilitylab.diagnosis.question import Question

WITHIN = {"qr.cgs": 0.9, "normal.inverse": 0.9, "numpy.inv": 0.9, "normal.lu": 0.9, "numpy.solve_normal": 0.9}
"""The share within one digit that each route must reach; singular values of columns in unlike units scatter more."""
ROUTES = (*WITHIN, "numpy.lstsq", "svd.full")
KINDS = 5
CAP = 15.95


def random_matrix(seed):
    """A (m, n): graded, nearly dependent, Vandermonde, off centre, or in unlike units."""
    rng = np.random.default_rng(seed)
    m, n, kind = int(rng.integers(12, 40)), int(rng.integers(2, 8)), seed % KINDS
    A = rng.normal(size=(m, n))
    if kind == 0:
        U, V = np.linalg.qr(A)[0], np.linalg.qr(rng.normal(size=(n, n)))[0]
        return U * 10.0 ** np.linspace(0, -rng.uniform(0, 8), n) @ V
    if kind == 1:
        j = int(rng.integers(1, n))
        A[:, j] = A[:, :j] @ rng.normal(size=j) + 10.0 ** -rng.uniform(1, 8) * rng.normal(size=m)
        return A
    if kind == 2:
        return np.vander(rng.uniform(0, 1, m), n, increasing=bool(rng.integers(2)))
    if kind == 3:
        return np.column_stack([np.ones(m), 10.0 ** rng.uniform(0, 5, n - 1) + A[:, 1:]])
    return A * 10.0 ** rng.uniform(-6, 6, n)


@pytest.fixture(scope="module")
def measured():
    """Of each route, (expected, without following, reached) digits of each coefficient (k, 3)."""
    rows = {name: [] for name in ROUTES}
    for seed in range(60):
        A, rng = random_matrix(seed), np.random.default_rng(1000 + seed)
        b = A @ rng.normal(size=A.shape[1])
        b += 10.0 ** rng.uniform(-10, 0) * np.linalg.norm(b) / len(b) * rng.normal(size=len(b))
        problem, truth = Problem.from_matrix("random", A, b), least_squares(exact_array(A), exact_array(b))
        question = Question(problem, Table(problem.name, problem.data, tuple(range(len(b)))), None)
        for name in ROUTES:
            entry = bench.route(name)
            try:
                x = bench.solve(entry, problem).x
            except Exception:  # A'A is not positive definite once rounded: there is nothing to score
                continue
            errors = [float(abs((v - t) / t)) for v, t in zip(exact_array(x), truth, strict=True)]
            reached = np.clip(-np.log10(np.maximum(errors, 1e-17)), 0, CAP)
            plain = replace(entry.label, gram="", law="columnwise" if entry.label.law == "normwise" else "normal")
            rows[name] += zip(forecast_of(question, entry.label), forecast_of(question, plain), reached, strict=True)
    return {name: np.array(found) for name, found in rows.items()}


@pytest.mark.parametrize("name", ROUTES)
def test_few_are_more_than_a_digit_too_high_and_nine_in_ten_within_one(measured, name):
    expected, _, reached = measured[name].T
    assert len(reached) > 200
    assert np.mean(expected - reached <= 1) >= (0.99 if name in WITHIN else 0.98)
    assert np.mean(np.abs(expected - reached) <= 1) >= WITHIN.get(name, 0.8)
    # The spread is that of single errors about their median, and the middle is met: no constant hides an offset.
    assert abs(np.median(expected - reached)) < 0.3


@pytest.mark.parametrize("name", ["qr.cgs", "normal.inverse", "normal.lu", "numpy.lstsq", "svd.full"])
def test_the_condition_number_alone_does_not_tell_these(measured, name):
    _, plain, reached = measured[name].T
    assert np.mean(plain - reached <= 1) < 0.99


def test_a_cut_off_of_linpack_is_told_by_what_is_left_of_a_column():
    rng = np.random.default_rng(2)
    label = RouteLabel(
        name="some.route", source="", law="columnwise", cutoff=lambda m, n, eps: 1e-7, scaled="only for the cut-off"
    )

    def expected(A):
        problem = Problem.from_matrix("matrix", A, rng.normal(size=30))
        return forecast_of(Question(problem, Table("matrix", problem.data, tuple(range(30))), None), label)

    # Kahan's matrix: no column is near those before it, though the smallest singular value is below the cut-off.
    kahan = np.diag(0.6 ** np.arange(20)) @ (np.eye(20) - 0.8 * np.triu(np.ones((20, 20)), 1))
    assert np.linalg.cond(kahan) > 1e8
    assert (expected(np.linalg.qr(rng.normal(size=(30, 20)))[0] @ kahan) > 4).all()
    near = rng.normal(size=(30, 3))
    near[:, 2] = near[:, 0] + 1e-8 * near[:, 2]
    assert expected(near)[[0, 2]].max() < 1


def test_a_square_matrix_is_forecast_by_the_law_of_what_solves_it():
    A = problems.get("classic.wilkinson_growth")().A
    problem = Problem.from_matrix("square", A, A @ np.arange(1.0, 1 + len(A)))
    question = Question(problem, Table("square", problem.data, tuple(range(len(A)))), None)
    label = RouteLabel(name="some.route", source="", law="columnwise", constant=0.1)
    square = replace(label, square=("partial-pivoting", 1.0))
    reached = forecast_of(question, replace(label, law="partial-pivoting", constant=1.0))
    assert forecast_of(question, square) == pytest.approx(reached)
    assert (forecast_of(question, label) - reached).max() > 3


@pytest.mark.parametrize("name", ["qr.cgs", "numpy.inv", "numpy.lstsq", "normal.lu"])
def test_units_and_zeros_make_no_difference_and_no_error(name):
    rng = np.random.default_rng(3)
    A, b = rng.normal(size=(20, 3)), rng.normal(size=20)
    label = bench.route(name).label

    def expected(A, b):
        problem = Problem.from_matrix("matrix", A, b)
        return forecast_of(Question(problem, Table("matrix", problem.data, tuple(range(20))), None), label)

    assert expected(A * 2.0**60, b) == pytest.approx(expected(A, b))
    for size in (1e-200, 1e200):
        assert (expected(A * size, b) >= 0).all()
    assert (expected(A * [1e-200, 1, 1e150], b) >= 0).all()
    assert (expected(A * [1, 0, 1], b) == 0).all()
    assert (expected(np.column_stack([A[:, :2], A[:, 0]]), b)[[0, 2]] < 1).all()
    assert (expected(A, np.zeros(20)) >= 0).all()


def test_a_rounding_moves_a_number_by_as_much_as_is_said():
    v = np.exp(np.random.default_rng(1).uniform(0, 20, 100_000))
    moved = (v.astype(np.float32).astype(np.float64) - v) / v
    assert np.sqrt(np.mean(moved**2)) * 2**24 == pytest.approx(ROUNDING, rel=0.01)
