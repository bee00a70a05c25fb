"""What a certificate says of itself: how many digits are proven."""

from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.exact.proof import checker
from stabilitylab.exact.proof.certificate import Factor

A = np.column_stack([np.ones(5), np.arange(5.0) ** 2])
CERTIFICATE = sl.lstsq(A, np.array([1.0, 2.0, 3.0, 5.0, 8.0])).certificate


def with_radii(middle, spread):
    """A certificate of coefficients middle / 10**400, each within spread / 10**400, and 0 proven to be 0."""
    nearest = tuple(float(m > 0) for m in map(abs, middle))
    ratios = ((1, 1),) * len(middle)
    return replace(CERTIFICATE, middle=middle, spread=spread, denominator=10**400, ratios=ratios, nearest=nearest)


@pytest.mark.parametrize(
    ("middle", "spread", "digits"),
    [
        ((10**20, 10**9), (1, 1), 9),
        ((-(10**20), 10**9), (1, 0), 20),
        ((10**420, 10**380), (1, 10**5), 375),
        ((10**40 - 1, 10**60), (1, 1), 39),
        ((5, 10**9), (10, 1), 0),
        ((99, 10**9), (10, 1), 0),
        ((10, 10**9), (1, 1), 1),
        ((105, 10**9), (10, 1), 1),
        ((1, 10**9), (1, 1), 0),
        ((3, 4), (0, 0), inf),
        ((0, 10**9), (1, 1), 9),
        ((0, 0), (1, 1), inf),
    ],
)
def test_the_digits_of_the_worst_coefficient_are_counted(middle, spread, digits):
    assert with_radii(middle, spread).digits == digits


def test_a_coefficient_that_is_exactly_0_does_not_say_0_digits():
    rng = np.random.default_rng(5)
    A = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) * 0.1
    fit = sl.lstsq(np.vstack([A, A]), np.concatenate([A[:, 0], A[:, 0]]) * 3 + np.tile([0.1, 0.1, 0.1, 0.1], 2))
    assert fit.is_exactly_zero.tolist() == [False, True]
    assert fit.certificate.digits > 15
    assert not sl.lstsq(rng.standard_normal((9, 2)), rng.standard_normal(9)).is_exactly_zero.any()


def test_the_digits_hold_for_the_radii_they_were_taken_from():
    bound = Fraction(1, 10 ** int(CERTIFICATE.digits))
    pairs = list(zip(CERTIFICATE.x, CERTIFICATE.radius, strict=True))
    assert all(radius <= bound * abs(x) for x, radius in pairs)
    assert any(radius > bound / 100 * abs(x) for x, radius in pairs)


def test_what_a_certificate_took_is_told_and_nothing_unless_it_is_known():
    fields = {name: getattr(CERTIFICATE, name) for name in CERTIFICATE.__dataclass_fields__ if name != "seconds"}
    assert type(CERTIFICATE)(**fields).seconds == 0.0
    assert CERTIFICATE.seconds > 0.0


@pytest.mark.parametrize("sign", [1, -1])
def test_powers_of_a_factor_are_within_a_million_of_0_ends_included(sign):
    """Beyond them a checker would have to hold numbers of that many bits."""
    ones = (Fraction(1), Fraction(1))
    for power, refused in ((2**20, False), (2**20 + 1, True)):
        factor = Factor(np.zeros((1, 2, 2)), np.full((1, 2), sign * power), ones, 0.5)
        assert bool(checker._malformed_factor(factor, 2)) == refused
