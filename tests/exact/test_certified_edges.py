"""Ties, zeros, subnormal answers, overflow and exact deficiency, by every route of the certified solver."""

from fractions import Fraction

import numpy as np
import pytest

from routes import ROUTES, assert_certified, oracle, take
from stabilitylab import lstsq
from stabilitylab.core.errors import OutOfRangeError, RankDeficientError
from wild import double

RNG = np.random.default_rng(3)
TIES = {
    "down to even": ([[1.0], [1.0]], [2.0**53, 2.0**53 + 2], 2.0**53),
    "up to even": ([[1.0], [1.0]], [2.0**53 + 2, 2.0**53 + 4], 2.0**53 + 4),
    "negative": ([[1.0], [1.0]], [-(2.0**53) - 2, -(2.0**53) - 4], -(2.0**53) - 4),
    "subnormal": ([[2.0]], [3 * 5e-324], 2 * 5e-324),
    "subnormal, to even below": ([[2.0]], [5 * 5e-324], 2 * 5e-324),
    "beyond a power of two": ([[2.0**54], [0.0]], [2**54 - 1, 0], 1.0),
    "to the least normal": ([[2.0]], [2.0**-1021 - 5e-324], 2.0**-1022),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", TIES)
def test_a_tie_goes_to_even(name, route, monkeypatch):
    A, b, expected = TIES[name]
    take(route, monkeypatch)
    # With a second unknown whose enclosure is not a point.
    B = np.zeros((len(b) + 2, 2), dtype=object)
    B[: len(b), :1], B[len(b) :, 1] = A, [3.0, 0.1]
    fit = lstsq(B, np.array([*b, 1.0, 2.0], dtype=object))
    assert fit.x[0] == expected
    assert fit.x[1] == double((Fraction(3) + 2 * Fraction(0.1)) / (9 + Fraction(0.1) ** 2))


@pytest.mark.parametrize("route", ROUTES)
def test_zeros_are_zeros_and_subnormal_answers_are_rounded_once(route, monkeypatch):
    take(route, monkeypatch)
    A = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    fit = lstsq(A, [1.0, 1.0, 3.0, 3.0])
    assert fit.x.tolist() == [2.0, 0.0]
    assert lstsq(A, np.zeros(4)).x.tolist() == [0.0, 0.0]
    for k in (5, 7, 100, 2**52 - 1):
        b = np.array([k * 5e-324, 0.0, 5e-324])
        B = np.array([[3.0], [0.7], [1e-3]])
        assert_certified(lstsq(B, b), oracle(B, b))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("a", "b", "says"),
    [(1e-300, 1e300, "overflows"), (1e300, -1e-300, "underflows"), (3.0, 5e-324, "underflows"), (0.5, 1.7e308, "over")],
)
def test_an_answer_outside_float64_is_refused_by_name(a, b, says, route, monkeypatch):
    take(route, monkeypatch)
    A = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, a]])
    with pytest.raises(OutOfRangeError, match=rf"price {says}.*scale its column"):
        lstsq(A, np.array([1.0, 1.0, b]), names=["size", "price"])


BASE = np.round(RNG.standard_normal((9, 3)) * 1000)
DEFICIENT = {
    "a zero column": (np.insert(BASE, 1, 0.0, axis=1), "b is 0 in every row"),
    "a column twice": (np.column_stack([BASE, BASE[:, 0]]), "d = a"),
    "a multiple": (np.column_stack([BASE[:, 0], 3 * BASE[:, 0], BASE[:, 1:]]), "b = 3 a"),
    "a sum": (np.column_stack([BASE, BASE.sum(axis=1)]), r"d = a \+ b \+ c"),
    "two of them": (
        np.column_stack([BASE[:, 0], np.zeros(9), BASE[:, 1], BASE[:, 0] - BASE[:, 1]]),
        "b is 0 in every row; d = a - c",
    ),
    "dummies and an intercept": (np.column_stack([np.ones(9), np.repeat(np.eye(3), 3, axis=0)]), "d = a - b - c"),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", DEFICIENT)
def test_an_exactly_deficient_matrix_is_refused_and_its_columns_named(name, route, monkeypatch):
    A, dependent = DEFICIENT[name]
    take(route, monkeypatch)
    with pytest.raises(RankDeficientError, match=rf"exactly: {dependent}\. Leave .*minimum-norm"):
        lstsq(A, np.arange(9.0), names=list("abcd"))
    nearly = A.copy()
    named = [part[0] for part in dependent.split("; ")]
    nearly[:, ord(named[0]) - ord("a")] += np.arange(9) ** 2 * 1e-9
    nearly[:, ord(named[-1]) - ord("a")] += np.arange(9) ** 3 * 1e-9
    assert_certified(lstsq(nearly, np.arange(9.0)), oracle(nearly, np.arange(9.0)))
