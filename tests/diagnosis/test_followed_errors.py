"""Errors followed through the steps of a method, against what it then does on random problems, solved in rationals."""

from dataclasses import replace

import numpy as np
import pytest

from stabilitylab import bench
from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.diagnosis.followed_errors import ROUNDING
from stabilitylab.diagnosis.forecast import forecast_of
from stabilitylab.diagnosis.question import Question

ROUTES = ("qr.cgs", "normal.inverse", "numpy.inv", "normal.lu", "numpy.solve_normal")
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
    for seed in range(100):
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
            plain = replace(entry.label, gram="", law="normal")
            rows[name] += zip(forecast_of(question, entry.label), forecast_of(question, plain), reached, strict=True)
    return {name: np.array(found) for name, found in rows.items()}


@pytest.mark.parametrize("name", ROUTES)
def test_few_are_more_than_a_digit_too_high_and_nine_in_ten_within_one(measured, name):
    expected, _, reached = measured[name].T
    assert len(reached) > 350
    assert np.mean(expected - reached <= 1) >= 0.99
    assert np.mean(np.abs(expected - reached) <= 1) >= 0.9
    # The spread is that of single errors about their median, and the middle is met: no constant hides an offset.
    assert abs(np.median(expected - reached)) < 0.3


@pytest.mark.parametrize("name", ["qr.cgs", "normal.inverse", "normal.lu"])
def test_the_condition_number_alone_does_not_tell_these(measured, name):
    _, plain, reached = measured[name].T
    assert np.mean(plain - reached <= 1) < 0.99


def test_a_rounding_moves_a_number_by_as_much_as_is_said():
    v = np.exp(np.random.default_rng(1).uniform(0, 20, 100_000))
    moved = (v.astype(np.float32).astype(np.float64) - v) / v
    assert np.sqrt(np.mean(moved**2)) * 2**24 == pytest.approx(ROUNDING, rel=0.01)
