"""Digits against a certified fit are those against a reference, which is computed in another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.diagnosis.digits import digits_of, digits_of_figure
from stabilitylab.scoring.accuracy import correct_digits

FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(st.lists(FINITE, min_size=2, max_size=2))
def test_they_are_those_against_a_reference(moved):
    A, b = np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]), np.array([1.0, 2.0, 2.5])
    fit, ref = sl.lstsq(A, b), sl.reference(A, b)
    x = np.array(moved)
    assert digits_of(x, fit).tolist() == pytest.approx(list(correct_digits(x, ref.x, ref.scales)), abs=1e-9)


def test_an_exact_zero_counts_against_its_natural_size():
    A, b = np.array([[1.0, -1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 2.0, 2.0])
    fit, ref = sl.lstsq(A, b), sl.reference(A, b)
    assert fit.is_exactly_zero.tolist() == [False, True]
    x = np.array([2.0, 1e-9])
    assert digits_of(x, fit).tolist() == pytest.approx(list(correct_digits(x, ref.x, ref.scales)), abs=1e-9)


def test_what_is_not_finite_or_missing_has_none():
    fit = sl.lstsq(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]), np.array([1.0, 2.0, 2.5]))
    assert digits_of([np.nan, np.inf], fit).tolist() == [0.0, 0.0]
    assert digits_of(fit.x, fit).min() > 15.9


@pytest.mark.parametrize(
    ("value", "certified", "digits"),
    [(1.0, None, None), (None, 1.0, None), (np.nan, 1.0, 0.0), (0.0, 0.0, 15.95), (1e-9, 0.0, 0.0), (1.001, 1.0, 3.0)],
)
def test_a_figure(value, certified, digits):
    assert digits_of_figure(value, certified) == (digits if digits is None else pytest.approx(digits, abs=0.01))
