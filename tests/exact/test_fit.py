"""What a certified fit reports: every figure the double nearest to its exact value."""

import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exact_fit import exact_fit, fractions
from routes import take
from stabilitylab import lstsq
from stabilitylab.core.errors import InputError, OutOfRangeError, RankDeficientError
from stabilitylab.exact import statistics
from stabilitylab.exact.solve.interval import Interval
from wild import FEWER, double, doubles, is_root, matrices

RNG = np.random.default_rng(11)
ORDINARY = ("integers", "small integers", "ordinary", "zero")


def assert_true(fit, A, b, centred=None):
    """Every figure of the fit is the exact one, rounded once."""
    exact = exact_fit(A, b, centred)
    m, n = np.shape(A)
    k = m - n
    E, f = fractions(A), fractions(b)
    constant = next((True for a in E.T if a[0] and all(v == a[0] for v in a)), False) if centred is None else centred
    mean = sum(f) / m if constant else Fraction(0)
    total = sum(((v - mean) ** 2 for v in f), Fraction(0))
    explained = total - exact.rss
    assert fit.x.tolist() == doubles(exact.x)
    assert (fit.rows, fit.degrees_of_freedom) == (m, k)
    assert fit.rss == double(exact.rss)
    assert is_root(fit.residual_norm, exact.rss)
    assert fit.total_sum_of_squares == double(total)
    assert fit.explained_sum_of_squares == double(explained)
    assert fit.r_squared == (double(exact.r_squared) if total else None)
    if not k:
        assert exact.rss == 0
        none = (fit.standard_errors, fit.covariance_diagonal, fit.t_statistics, fit.residual_standard_deviation)
        assert none == (None,) * 4
        assert fit.f_statistic is None
        return
    assert is_root(fit.residual_standard_deviation, exact.rss / k)
    assert all(map(is_root, fit.standard_errors.tolist(), exact.variances))
    assert fit.covariance_diagonal.tolist() == doubles(exact.variances)
    if not exact.rss:
        infinite = [math.copysign(math.inf, x) if x else math.nan for x in exact.x]
        assert np.array_equal(fit.t_statistics, infinite, equal_nan=True)
        assert fit.f_statistic == (math.inf if n > constant and total else None)
        return
    for t, x, v in zip(fit.t_statistics.tolist(), exact.x, exact.variances, strict=True):
        assert is_root(abs(t), x * x / v)
        assert t == 0 or (t > 0) == (x > 0)
    if n > constant:
        assert fit.f_statistic == double(explained / (n - constant) / (exact.rss / k))
    else:
        assert fit.f_statistic is None


def assert_rows(fit, A, b):
    """Fitted values and residuals are the exact ones, rounded once."""
    E, f = fractions(A), fractions(b)
    at = E @ np.array(exact_fit(A, b).x, dtype=object)
    assert fit.fitted_values.tolist() == doubles(at)
    assert fit.residuals.tolist() == doubles(f - at)


def line(m, noise=1.0):
    t = np.arange(m) / 8
    return np.column_stack([np.ones(m), t]), 2 + 3 * t + noise * np.round(RNG.standard_normal(m), 3)


CASES = {
    "a line": line(9),
    "no constant": (RNG.standard_normal((8, 3)), RNG.standard_normal(8)),
    "one column": (RNG.standard_normal((5, 1)), RNG.standard_normal(5)),
    "the mean alone": (np.full((6, 1), 3.0), RNG.standard_normal(6)),
    "square": (RNG.standard_normal((4, 4)), RNG.standard_normal(4)),
    "an exact fit": line(7, noise=0.0),
    "b is 0": (RNG.standard_normal((5, 2)), np.zeros(5)),
    "b is constant": (line(6)[0], np.full(6, 0.1)),
    "b at right angles": (np.array([[1.0, 1], [1, -1], [1, 0], [1, 0]]), np.array([1.0, 1, -1, -1])),
    "nearly exact": (line(7)[0], line(7, noise=0.0)[1] + [0, 0, 0, 0, 0, 0, 2.0**-44]),
    "far from 0": (np.column_stack([np.ones(9), 1e15 + np.arange(9.0)]), RNG.standard_normal(9)),
    "Hilbert": (np.array([[1 / (i + j + 1) for j in range(7)] for i in range(12)]), RNG.standard_normal(12)),
    "badly scaled": (RNG.standard_normal((6, 2)) * [1e-100, 1e120], RNG.standard_normal(6)),
}


@pytest.mark.parametrize("route", ["balls", "factor", "cheapest"])
@pytest.mark.parametrize("name", CASES)
def test_every_figure_is_the_exact_one_rounded_once(name, route, monkeypatch):
    A, b = CASES[name]
    take(route, monkeypatch)
    fit = lstsq(A, b)
    assert_true(fit, A, b)
    assert_rows(fit, A, b)


@FEWER
@given(matrices(rows=(2, 5), n=(1, 2), kinds=ORDINARY))
def test_every_figure_of_ordinary_numbers_is_the_exact_one(problem):
    A, b = problem
    try:
        fit = lstsq(A, b)
        assert_true(fit, A, b)
        assert_rows(fit, A, b)
    except RankDeficientError:
        with pytest.raises(AssertionError, match="singular"):
            exact_fit(A, b)
    except OutOfRangeError:
        assume(False)


@FEWER
@given(st.integers(0, 10**6), st.lists(st.integers(0, 4), min_size=7, max_size=7))
def test_integer_weights_are_rows_repeated(seed, weights):
    rng = np.random.default_rng(seed)
    A = np.column_stack([np.ones(7), rng.integers(-9, 10, 7) / 4])
    b = rng.standard_normal(7)
    assume(len(set(A[np.array(weights) > 0, 1])) > 1)
    repeated = np.repeat(A, weights, axis=0), np.repeat(b, weights)
    fit, other = lstsq(A, b, weights=weights), lstsq(*repeated)
    assert fit.x.tobytes() == other.x.tobytes()
    assert (fit.rss, fit.r_squared, fit.total_sum_of_squares) == (
        other.rss,
        other.r_squared,
        other.total_sum_of_squares,
    )
    assert fit.rows == sum(w > 0 for w in weights)


def test_weights_are_those_of_rows_times_their_roots():
    A, b = CASES["no constant"]
    roots = np.array([0.5, 1.0, 2.0, 8.0, 0.25, 1.5, 3.0, 2.0**-40])
    fit = lstsq(A, b, weights=roots**2)
    R = fractions(roots)
    exact = exact_fit(fractions(A) * R[:, None], fractions(b) * R, centred=False)
    assert fit.x.tolist() == doubles(exact.x)
    assert fit.rss == double(exact.rss)
    assert all(map(is_root, fit.standard_errors.tolist(), exact.variances))


def test_a_row_of_weight_0_is_not_there():
    A, b = CASES["a line"]
    more = np.vstack([A, [[1.0, 1e300]]]), np.append(b, -1e300)
    fit, other = lstsq(*more, weights=[1] * 9 + [0]), lstsq(A, b)
    assert fit.to_dict() | {"seconds": 0} == other.to_dict() | {"seconds": 0}


def test_a_row_of_weight_0_makes_no_column_vary():
    A, b = CASES["a line"]
    more = np.vstack([A, [[5.0, 2.0]]]), np.append(b, 3.0)
    assert lstsq(*more, weights=[1] * 9 + [0]).r_squared == lstsq(A, b).r_squared


def test_an_intercept_is_a_column_of_ones_in_front():
    A, b = CASES["no constant"]
    fit, ones = lstsq(A, b, intercept=True, names=["u", "v", "w"]), np.column_stack([np.ones(8), A])
    assert_true(fit, ones, b)
    assert_rows(fit, ones, b)
    assert fit.names == ("intercept", "u", "v", "w")
    texts = lstsq([[str(v) for v in row] for row in A.tolist()], b, intercept=True)
    assert texts.names == ("intercept", "a0", "a1", "a2")
    assert lstsq(A, b).names == ("a0", "a1", "a2")


# --- how it is told and kept


def test_a_fit_is_told_in_full_and_in_short():
    A, b = line(9)
    fit = lstsq(A, b, names=["start", "slope"])
    told = json.loads(json.dumps(fit.to_dict()))
    assert told == fit.to_dict()
    assert told["names"] == ["start", "slope"]
    assert (told["x"], told["rows"], told["rank"]) == (fit.x.tolist(), 9, 2)
    assert told["standard_errors"] == fit.standard_errors.tolist()
    text = repr(fit)
    assert "9 rows, 2 coefficients" in text
    assert f"slope  {fit.x[1]!r}" in text or f"slope  {float(fit.x[1])!r}" in text
    assert fit.certificate.route in text
    many = repr(lstsq(np.eye(30), np.arange(30.0)))
    assert "... 10 more" in many
    assert "a29" in many
    assert "a15" not in many
    assert lstsq(np.eye(2), [1.0, 2.0]).to_dict()["standard_errors"] is None


def test_a_fit_is_an_array_and_survives_pickling():
    A, b = line(9)
    fit = lstsq(A, b)
    assert np.asarray(fit).tolist() == (1.0 * np.array(fit, dtype=np.float64)).tolist() == fit.x.tolist()
    for asked in (False, True):
        if asked:
            fit.to_dict()
        twin = pickle.loads(pickle.dumps(fit))
        assert_true(twin, A, b)
        assert twin.certificate.x == fit.certificate.x
        assert twin.to_dict() == fit.to_dict()


def test_a_fit_does_not_follow_changes_of_the_data():
    A, b = (v.copy() for v in line(9))
    fit, r_squared = lstsq(A, b), lstsq(A, b).r_squared
    A[:, 0] = np.arange(9.0)
    assert fit.r_squared == r_squared
    with pytest.raises(InputError, match="have changed since the fit: fit again"):
        _ = fit.fitted_values


def test_coefficients_cannot_be_written_to():
    fit = lstsq(*line(9))
    with pytest.raises(ValueError, match="read-only"):
        fit.x[0] = 1.0


def test_a_constant_target_leaves_nothing_to_explain():
    fit = lstsq(line(9)[0], np.full(9, 3.0))
    assert (fit.r_squared, fit.f_statistic) == (None, None)


def test_a_fit_that_needs_its_data_again_refuses_changed_data():
    rng = np.random.default_rng(3)
    A, b = rng.standard_normal((400, 40)), rng.standard_normal(400)
    fit = lstsq(A, b)
    assert fit.system is None
    A[:, 3] *= 2
    with pytest.raises(InputError, match="have changed since the fit"):
        _ = fit.rss


@pytest.mark.parametrize("given", ["integers", "weights", "texts"])
def test_rows_that_were_given_as_an_array_have_fitted_values(given):
    A, b = np.array([[1, 0], [1, 2], [1, 5]]), np.array([1, 2, 4])
    fits = {
        "integers": lambda: lstsq(A, b),
        "weights": lambda: lstsq(A * 1.0, b * 1.0, weights=[1, 1, 1]),
        "texts": lambda: lstsq(A.astype(str), b),
    }
    assert fits[given]().fitted_values.tolist() == lstsq(A * 1.0, b * 1.0).fitted_values.tolist()


# --- the edges of float64


def test_figures_outside_float64_are_refused_by_name_and_the_others_are_given():
    A, b = line(9)
    small, large = lstsq(A, b * 1e-170), lstsq(A, b * 1e170)
    for fit, says in ((small, "underflows"), (large, "overflows")):
        with pytest.raises(OutOfRangeError, match=f"the residual sum of squares {says}"):
            _ = fit.rss
        with pytest.raises(OutOfRangeError, match=f"the variance of a0 {says}"):
            _ = fit.covariance_diagonal
        k = 1e-170 if fit is small else 1e170
        exact = exact_fit(A, b * k)
        assert is_root(fit.residual_norm, exact.rss)
        assert all(map(is_root, fit.standard_errors.tolist(), exact.variances))
        assert fit.r_squared == double(exact.r_squared)


@pytest.mark.parametrize("k", [1e-170, 1e170])
@pytest.mark.parametrize("figure", ["t_statistics", "f_statistic", "to_dict"])
def test_figures_inside_float64_are_given_even_where_rss_is_not(figure, k):
    A, b = line(9)
    value = getattr(lstsq(A, b * k), figure)
    if callable(value):
        value()


@pytest.mark.parametrize("figure", ["t_statistics", "f_statistic"])
def test_a_residual_far_below_the_digits_of_x_has_its_statistics(figure):
    A, b = np.array([[3.0], [0.0]]), np.array([1.0, 1e-150])
    exact = exact_fit(A, b)
    value = np.ravel(getattr(lstsq(A, b), figure))[0]
    square = exact.x[0] ** 2 / exact.variances[0]
    assert is_root(value, square) if figure == "t_statistics" else value == double(square)


# --- planted faults


def test_an_enclosure_that_is_too_narrow_or_a_forgotten_mean_is_noticed(monkeypatch):
    A, b = CASES["Hilbert"]
    true = statistics.Evidence.rss

    def low(self, accuracy):
        found = true(self, accuracy)
        return found * (1 - Fraction(1, 2**52))

    monkeypatch.setattr(statistics.Evidence, "rss", low)
    with pytest.raises(AssertionError):
        assert_true(lstsq(A, b), A, b)
    monkeypatch.undo()
    with pytest.raises(AssertionError):
        assert_true(lstsq(*line(9)), *line(9), centred=False)
    assert isinstance(true(lstsq(A, b).evidence, 20), Interval)
