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
from stabilitylab.exact.gram.inputs import Weights, exact_input
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.rows import ExactRows, sum_of_squares
from stabilitylab.exact.solve.interval import Interval, exactly
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
    assert fit.fitted_values().tolist() == doubles(at)
    assert fit.residuals().tolist() == doubles(f - at)


def refused(fit):
    for rows in (fit.residuals, fit.fitted_values):
        with pytest.raises(InputError, match="have changed since the fit: fit again"):
            rows()


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
    fit.residuals()
    fit.fitted_values()
    assert len(sums) == 2


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
    before = fit.residuals().tobytes()
    an_ulp(A, (17, 5))
    refused(fit)
    A[17, 5] = np.nextafter(A[17, 5], -np.inf)
    assert fit.residuals().tobytes() == before


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


def test_rows_in_another_order_are_the_same_regression():
    A, b = noisy()
    fit = lstsq(A, b)
    order = RNG.permutation(len(b))
    A[:], b[:] = A[order], b[order]
    assert_rows(fit, A, b)
    b[:] = b[RNG.permutation(len(b))]
    refused(fit)


def test_a_change_counts_as_much_as_its_row():
    A, b = noisy()
    fit = lstsq(A, b, weights=[0, *[Fraction(1, 3)] * 10, 7])
    residuals = fit.residuals()
    an_ulp(b, 0)
    A[0] = 9.0
    assert fit.residuals()[1:].tolist() == residuals[1:].tolist()
    for row in (1, 11):
        before = b[row]
        an_ulp(b, row)
        refused(fit)
        b[row] = before


def test_the_solution_of_least_norm_notices_changes():
    A, b = exact_line()
    A = np.column_stack([A, A[:, 1]])
    for right in (b, b + RNG.standard_normal(9)):
        right = right.copy()
        fit = lstsq(A, right, policy="minimum-norm")
        fit.residuals()
        an_ulp(right, 4)
        refused(fit)


def another_order(A, b):
    A[:], b[:] = A[::-1].copy(), b[::-1].copy()


def a_row_negated(A, b):
    A[1], b[1] = -A[1], -b[1]


def a_row_of_weight_0(A, b):
    A[0], b[0] = 7.0, -7.0


def below_the_digits(A, b):
    b[2] += 2.0**-200


@pytest.mark.parametrize("change", [another_order, a_row_negated, a_row_of_weight_0, below_the_digits])
def test_what_is_documented_as_not_noticed_gives_the_values_of_the_rows_as_they_are(change):
    A, b = noisy()
    b[2] = 0.0
    weights = None if change is another_order else [0, *[1] * 11]
    fit = lstsq(A, b, weights=weights)
    exactly_x = np.array(exact_fit(A[1:] if weights else A, b[1:] if weights else b).x, dtype=object)
    change(A, b)
    at = fractions(A) @ exactly_x
    assert fit.fitted_values().tolist() == doubles(at)
    assert fit.residuals().tolist() == doubles(fractions(b) - at)


def test_it_is_the_sum_of_squares_that_notices(monkeypatch):
    A, b = noisy()
    fit = lstsq(A, b)
    an_ulp(A, (3, 1))
    refused(fit)
    monkeypatch.setattr(Interval, "meets", lambda self, other: True)
    fit.residuals()


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
            assert exactly(value).meets(one)
            assert exactly(right - value).meets(other)
    if not radius:
        assert all(interval.low == interval.high for interval in (*fitted, *residuals))


@FEWER
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3), st.integers(0, 9)), min_size=1), st.booleans())
def test_the_interval_of_a_sum_of_squares_is_the_narrowest(rows, weighted):
    residuals = [Interval(low, low + width, 5) for low, width, _ in rows]
    weights = None
    counts = [Fraction(1)] * len(rows)
    if weighted:
        values = np.empty(len(rows), dtype=object)
        values[:] = [Fraction(w, 4) for *_, w in rows]
        weights = Weights(values, Fraction(1, 3))
        counts = [w * weights.unit for w in values]
    found = sum_of_squares(residuals, weights)
    least = [0 if low < 0 < low + width else min(low**2, (low + width) ** 2) for low, width, _ in rows]
    most = [max(low**2, (low + width) ** 2) for low, width, _ in rows]
    assert Fraction(found.low, found.over) == sum(w * v for w, v in zip(counts, least, strict=True)) / 25
    assert Fraction(found.high, found.over) == sum(w * v for w, v in zip(counts, most, strict=True)) / 25


@given(*[st.fractions()] * 4)
def test_two_intervals_meet_where_they_have_a_number_in_common(a, b, c, d):
    (a, b), (c, d) = sorted((a, b)), sorted((c, d))
    over = a.denominator * b.denominator
    other = c.denominator * d.denominator
    one = Interval(int(a * over), int(b * over), over)
    two = Interval(int(c * other), int(d * other), other)
    assert one.meets(two) == two.meets(one) == (max(a, c) <= min(b, d))
