"""Residuals and fitted values row by row: data that have changed since the fit are noticed without a new A'A."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_fit import exact_fit, fractions
from routes import take
from stabilitylab import lstsq
from stabilitylab.core.errors import InputError
from stabilitylab.exact.gram.inputs import exact_input
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.rows import ExactRows, FittedRows
from stabilitylab.exact.solve.interval import Interval
from wild import FEWER, doubles, matrices

RNG = np.random.default_rng(23)
LINE = np.column_stack([np.ones(9), np.arange(9.0) / 8])


def noisy(m=12, n=3):
    return RNG.standard_normal((m, n)), RNG.standard_normal(m)


def exact_line():
    return LINE.copy(), LINE @ [2.0, 3.0]


def square():
    return RNG.standard_normal((4, 4)), RNG.standard_normal(4)


def assert_rows(fit, A, b):
    E, f = fractions(A), fractions(b)
    at = E @ np.array(exact_fit(A, b).x, dtype=object)
    assert fit.fitted_values.tolist() == doubles(at)
    assert fit.residuals.tolist() == doubles(f - at)


def refused(fit):
    for name in ("residuals", "fitted_values"):
        vars(fit).pop(name, None)  # computed before, they stay as they were
        with pytest.raises(InputError, match="have changed since the fit: fit again"):
            getattr(fit, name)


def an_ulp(values, place):
    """The next double up; for 0, of which the next is too small to be noticed, 2**-52."""
    values[place] = np.nextafter(values[place], np.inf) if values[place] else 2.0**-52


# --- one A'A, and changes are noticed


@pytest.fixture
def sums(monkeypatch):
    """The shapes of what is summed into a Gram matrix."""
    summed, feed = [], GramSums.feed
    monkeypatch.setattr(GramSums, "feed", lambda self, A, b, sign=1: summed.append(A.shape) or feed(self, A, b, sign))
    return summed


def test_rows_need_no_gram_matrix_besides_that_of_the_fit(sums):
    A, b = noisy()
    fit = lstsq(A, b)
    assert len(sums) == 1
    assert_rows(fit, A, b)
    assert len(sums) == 1
    A, b = noisy(400, 40)
    fit = lstsq(A, b)
    assert len(sums) == 1  # a float64 factor served
    _ = fit.residuals
    _ = fit.fitted_values
    assert len(sums) == 1  # and nearly always its x is narrow enough for the rows


CASES = {"noisy": noisy, "an exact fit": exact_line, "as many rows as columns": square}


@pytest.mark.parametrize("route", ["balls", "factor"])
@pytest.mark.parametrize("name", CASES)
def test_an_ulp_anywhere_is_noticed(name, route, monkeypatch):
    take(route, monkeypatch)
    A, b = CASES[name]()
    fit = lstsq(A, b)
    assert_rows(fit, A.copy(), b.copy())
    for values in (A, b):
        for place in np.ndindex(values.shape):
            before = values[place]
            an_ulp(values, place)
            refused(fit)
            values[place] = before
    assert_rows(fit, A, b)


def test_an_ulp_is_noticed_after_a_float64_factor_too():
    A, b = noisy(300, 40)
    fit = lstsq(A, b)
    assert fit.system is None
    before = fit.residuals.tobytes()
    an_ulp(A, (17, 5))
    assert fit.residuals.tobytes() == before
    refused(fit)
    A[17, 5] = np.nextafter(A[17, 5], -np.inf)
    assert fit.residuals.tobytes() == before


def test_an_ulp_among_many_rows_is_noticed():
    A, b = noisy(5000, 2)
    fit = lstsq(A, b)
    an_ulp(A, (4321, 1))
    refused(fit)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, -1e300])
def test_a_number_far_off_is_noticed(value):
    for place in (0, 1):
        data = noisy()
        fit = lstsq(*data)
        data[place].flat[7] = value
        refused(fit)


def test_rows_in_another_order_are_noticed():
    A, b = noisy()
    fit = lstsq(A, b)
    order = RNG.permutation(len(b))
    A[:], b[:] = A[order], b[order]
    refused(fit)


def test_a_change_is_noticed_whatever_its_row_weighs():
    A, b = noisy()
    fit = lstsq(A, b, weights=[0, *[Fraction(1, 3)] * 10, 7])
    for row in (0, 1, 11):
        before = b[row]
        an_ulp(b, row)
        refused(fit)
        b[row] = before
    _ = fit.residuals


def test_the_solution_of_least_norm_notices_changes():
    A, b = exact_line()
    A = np.column_stack([A, A[:, 1]])
    for right in (b, b + RNG.standard_normal(9)):
        right = right.copy()
        fit = lstsq(A, right, policy="minimum-norm")
        _ = fit.residuals
        an_ulp(right, 4)
        refused(fit)


def transposed(A, b):
    A[:3] = A[:3].T.copy()


def swapped_in_a_row(A, b):
    A[1, [0, 2]] = A[1, [2, 0]]


def between_A_and_b(A, b):
    A[4, 2], b[4] = b[4], A[4, 2]


def negated(A, b):
    A[1], b[1] = -A[1], -b[1]


def a_zero_negated(A, b):
    b[2] = -0.0


@pytest.mark.parametrize("change", [transposed, swapped_in_a_row, between_A_and_b, negated, a_zero_negated])
def test_changes_of_several_entries_are_noticed(change):
    A, b = noisy()
    b[2] = 0.0
    fit = lstsq(A, b)
    change(A, b)
    refused(fit)


def test_a_change_in_a_row_of_zeros_is_noticed_after_a_float64_factor():
    A, b = noisy(300, 40)
    A[5], b[5] = 0.0, 0.0
    fit = lstsq(A, b)
    assert fit.system is None
    b[5] = 1e6
    with pytest.raises(InputError, match="have changed since the fit"):
        _ = fit.standard_errors


@pytest.mark.parametrize("given", ["integers", "decimals"])
def test_changes_of_exact_numbers_are_noticed(given):
    A = np.array([[1, 2**60], [1, 7], [1, 9]] if given == "integers" else [["1", "0.1"], ["1", "0.7"], ["1", "9"]])
    b = np.array([1.0, 2.0, 4.0])
    fit = lstsq(A, b)
    kept = fit.data.data
    kept.A[1, 1] += 1
    refused(fit)


def test_it_is_the_fingerprint_that_notices(monkeypatch):
    A, b = noisy()
    fit = lstsq(A, b)
    an_ulp(A, (3, 1))
    refused(fit)
    monkeypatch.setattr(FittedRows, "unchanged", True)
    _ = fit.residuals


# --- the intervals


@FEWER
@given(matrices(rows=(2, 4), n=(1, 2)), st.data())
def test_intervals_of_rows_hold_the_rows(problem, data):
    A, b = problem
    middle = [Fraction(data.draw(st.integers(-99, 99)), 7) for _ in range(A.shape[1])]
    radius = Fraction(data.draw(st.integers(0, 5)), 11)
    x = [Interval(int(77 * (v - radius)), int(77 * (v + radius)), 77) for v in middle]
    rows = ExactRows.of(exact_input(A, b, wide=True))
    everywhere = np.arange(len(b))
    fitted = rows.fitted(x, everywhere)
    residuals = rows.residuals(fitted, everywhere)
    E, f = fractions(A), fractions(b)
    for ends in (-radius, Fraction(0), radius):
        at = E @ np.array([v + ends for v in middle], dtype=object)
        for value, right, one, other in zip(at, f, fitted, residuals, strict=True):
            assert one.low <= value * one.over <= one.high
            assert other.low <= (right - value) * other.over <= other.high
    if not radius:
        assert all(interval.low == interval.high for interval in (*fitted, *residuals))
