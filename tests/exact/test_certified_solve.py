"""Certified solutions by every route, against solvers that share no code with them, and with planted faults."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from exact_fit import flint_solution
from routes import ROUTES, assert_certified, oracle, take
from stabilitylab import lstsq
from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.core.errors import OutOfRangeError, RankDeficientError
from stabilitylab.data.problem import Problem
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.solve import balls, choose, refine
from stabilitylab.exact.solve.rational import flint
from stabilitylab.scoring.mpmath_reference import certified
from wild import FEWER, double, doubles, matrices

RNG = np.random.default_rng(3)


def hilbert(m, n):
    return np.array([[1 / (i + j + 1) for j in range(n)] for i in range(m)]), RNG.standard_normal(m)


def vandermonde(m, degree, low=0.0, high=1.0):
    return np.vander(np.linspace(low, high, m), degree, increasing=True), RNG.standard_normal(m)


def rounded_sum(m, n):
    A = RNG.standard_normal((m, n))
    A[:, -1] = A[:, :-1].sum(axis=1)
    return A, RNG.standard_normal(m)


def unimodular(n, steps, scale=0):
    """An integer matrix of determinant 1 made of row operations, its entries below 2**53, and b."""
    U = np.eye(n, dtype=object)
    for _ in range(steps):
        i, j = RNG.choice(n, 2, replace=False)
        V = U.copy()
        V[i] += int(RNG.integers(-9, 10)) * V[j]
        if max(abs(v) for v in V.ravel()) < 2**53:
            U = V
    A = U.astype(float) * 2.0 ** (scale * np.arange(n))
    return A, RNG.integers(-9, 10, n).astype(float)


def blocks(m, n):
    """Two problems side by side; b belongs to the first, so that the second has the solution 0."""
    A, b = np.zeros((2 * m, 2 * n)), np.zeros(2 * m)
    A[:m, :n], A[m:, n:] = RNG.standard_normal((2, m, n))
    b[:m] = RNG.standard_normal(m)
    return A, b


PROBLEMS = {
    "one column": (np.array([[3.0], [0.1]]), np.array([1.0, 2.0])),
    "Hilbert 16 x 10": hilbert(16, 10),
    "Hilbert 40 x 13": hilbert(40, 13),
    "Vandermonde, 12 columns": vandermonde(30, 12),
    "like Filip": vandermonde(82, 11, -8.8, -3.1),
    "a column that is the rounded sum of others": rounded_sum(12, 6),
    "unimodular": unimodular(7, 60),
    "unimodular, graded": unimodular(7, 60, 30),
    "zeros in a block": blocks(6, 3),
    "badly scaled": (
        RNG.standard_normal((9, 4)) * [1e-290, 1e280, 1.0, 1e-150],
        RNG.standard_normal(9) * 2.0 ** -np.arange(9),
    ),
    "subnormal columns": (RNG.integers(-99, 99, (9, 3)) * [5e-324, 5e-324, 1e-310], RNG.integers(-9, 9, 9) * 5e-324),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_coefficient_is_the_nearest_double_by_every_route(name, route, monkeypatch):
    A, b = PROBLEMS[name]
    take(route, monkeypatch)
    fit = lstsq(A, b)
    assert_certified(fit, oracle(A, b, route))
    # A tie or a zero that balls do not settle goes to rationals.
    assert ROUTES[route] in fit.certificate.route or (name.startswith("zeros") and "rationals" in fit.certificate.route)


def test_the_problems_are_as_hard_as_they_say():
    hard = [name for name, (A, _) in PROBLEMS.items() if np.linalg.cond(A / np.abs(A).max(axis=0)) > 1e13]
    assert len(hard) >= 4
    A, _ = PROBLEMS["unimodular, graded"]
    assert np.linalg.cond(A) > 1e16


@pytest.mark.parametrize("name", ["Hilbert 40 x 13", "Vandermonde, 12 columns", "like Filip"])
@pytest.mark.parametrize("route", ["balls", "factor", "cheapest"])
def test_the_enclosure_holds_the_referees_fifty_digits(name, route, monkeypatch):
    A, b = PROBLEMS[name]
    take(route, monkeypatch)
    fit = lstsq(A, b)
    system = Problem.from_matrix("planted", A, b).exact("matrix")
    units = [system.b_scale / scale for scale in system.column_scales]
    x = [v * unit for v, unit in zip(certified(system, 50).x, units, strict=True)]
    assert fit.x.tolist() == doubles(x)
    for middle, radius, v in zip(fit.certificate.x, fit.certificate.radius, x, strict=True):
        assert abs(middle - v) <= radius + abs(v) / 10**50


LARGER = {
    "31 columns": (RNG.standard_normal((50, 31)), RNG.standard_normal(50)),
    "45 columns, cond 1e12": (
        (RNG.standard_normal((60, 45)) * 10.0 ** -np.linspace(0, 12, 45)) @ RNG.standard_normal((45, 45)),
        RNG.standard_normal(60),
    ),
    "Vandermonde, 20 columns": vandermonde(40, 20),
    "36 columns with zeros in a block": blocks(24, 18),
    "unimodular, 40": unimodular(40, 400),
}


@pytest.mark.parametrize("name", LARGER)
def test_more_unknowns_are_certified_with_a_factor_whose_bound_is_true(name, monkeypatch):
    A, b = LARGER[name]
    x = flint_solution(A, b)
    assert_certified(lstsq(A, b), x)
    take("factor", monkeypatch)
    fit = lstsq(A, b)
    assert "staged inverse factor" in fit.certificate.route
    assert_certified(fit, x)
    rational = flint.fmpq_mat
    n = A.shape[1]
    entries = [flint.fmpq(v.numerator, v.denominator) for row in fit.certificate.X for v in row]
    X = rational(n, n, entries)
    AX = rational(*A.shape, [flint.fmpq(*v.as_integer_ratio()) for v in A.ravel().tolist()]) * X
    E = AX.transpose() * AX
    squares = [(E[i, j] - (i == j)) ** 2 for i in range(n) for j in range(n)]
    square = sum((Fraction(int(v.p), int(v.q)) for v in squares), Fraction(0))
    assert square <= Fraction(fit.certificate.alpha) ** 2
    # The bound is not so generous that it would hide anything.
    assert Fraction(fit.certificate.alpha) ** 2 <= Fraction(4) * square + Fraction(1, 10**280)


@pytest.mark.parametrize("route", ROUTES)
@FEWER
@given(problem=matrices(rows=(3, 6)))
def test_wild_problems_are_certified_or_refused_for_what_they_are(route, problem):
    A, b = problem
    x, refused = None, None
    try:
        x = flint_solution(A, b) if route != "python" else least_squares(exact_array(A), exact_array(b))
    except (ZeroDivisionError, AssertionError):
        refused = RankDeficientError
    if x is not None and any((v and not double(v)) or math.isinf(double(v)) for v in x):
        refused = OutOfRangeError
    with pytest.MonkeyPatch.context() as patch:
        take(route, patch)
        if refused:
            with pytest.raises(refused):
                lstsq(A, b)
        else:
            assert_certified(lstsq(A, b), x)


# --- planted faults


def alpha_understated(patch):
    true = choose.inverse_factor
    patch.setattr(choose, "inverse_factor", lambda *a: (f := true(*a)) and replace(f, alpha=f.alpha * 2.0**-90))


def radius_shrunk(patch):
    patch.setattr(refine._Operator, "bounds", lambda self, length, unit: [0] * len(self.lengths))


def digit_of_the_residual_wrong(patch):
    true = NormalEquations.times
    patch.setattr(NormalEquations, "times", lambda self, y: [v + (v >> 50) for v in true(self, y)])


def digit_of_the_matrix_wrong(patch):
    true = GramSums.normal_equations

    def wrong(self, *scales):
        normal = true(self, *scales)
        digits = normal.levels.copy()
        digits[2, 0, 0] += 1
        return replace(normal, levels=digits)

    patch.setattr(GramSums, "normal_equations", wrong)


def balls_without_radius(patch):
    true = balls._in_integers
    patch.setattr(balls, "_in_integers", lambda entries: (true(entries)[0], [0] * len(entries), true(entries)[2]))


FAULTS = {
    alpha_understated: "factor",
    radius_shrunk: "factor",
    digit_of_the_residual_wrong: "factor",
    digit_of_the_matrix_wrong: "balls",
    balls_without_radius: "balls",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_in_the_proof_is_noticed(fault, monkeypatch):
    A, b = PROBLEMS["Hilbert 16 x 10"]
    x = oracle(A, b, FAULTS[fault])
    take(FAULTS[fault], monkeypatch)
    assert_certified(lstsq(A, b), x)
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        assert_certified(lstsq(A, b), x)
