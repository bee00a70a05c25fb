"""Ties and zeros are proven without the digits of Cramer's rule: by fractions of few digits, or by orthogonality."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routes import assert_certified, oracle, take
from stabilitylab import check, lstsq
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.inputs import exact_input, summed
from stabilitylab.exact.solve import choose, inverse_factor, lifting, rational, refine, simple
from stabilitylab.exact.solve.simple import orthogonal_zeros, simple_solution
from wild import PROPERTY

RNG = np.random.default_rng(17)
MANY = 66  # more unknowns than ball arithmetic takes


def least_denominator(low, high, over):
    """By trying one after the other."""
    return next(q for q in range(1, over + 1) if -(-low * q // over) <= high * q // over)


@given(st.integers(-4000, 4000), st.integers(0, 30), st.integers(1, 2000))
def test_the_least_denominator_of_an_interval(low, width, over):
    assert simple._least_denominator(low, low + width, over) == least_denominator(low, low + width, over)


def enclosed(y, precision, rng):
    """Integers over 2**precision, and radii, such that the intervals hold y."""
    radius = [int(v) for v in rng.integers(1, 2**20, len(y))]
    moved = [int(v * 2**precision) + int(rng.integers(-r + 1, r)) for v, r in zip(y, radius, strict=True)]
    return moved, radius, 2**precision


@PROPERTY
@given(st.integers(0, 2**32 - 1), st.lists(st.fractions(-99, 99, max_denominator=30), min_size=3, max_size=3))
def test_a_planted_solution_is_found_and_another_is_not(seed, x):
    rng = np.random.default_rng(seed)
    A = rng.integers(-9, 10, (6, 3)) + 50 * np.eye(6, 3, dtype=int)
    b = [sum(int(v) * w for v, w in zip(row, x, strict=True)) for row in A]
    normal = summed(exact_input(A.astype(object), np.array(b, dtype=object)))
    y = [v * q / p for v, (p, q) in zip(x, normal.ratios, strict=True)]
    numerators, over = simple_solution(normal, *enclosed(y, 120, rng))
    assert [Fraction(v, over) for v in numerators] == y
    y[1] += Fraction(1, 31)
    assert simple_solution(normal, *enclosed(y, 120, rng)) is None
    assert simple_solution(normal, *enclosed([*y[:2], Fraction(1, 2**60 + 1)], 120, rng)) is None


def planted(m, n, x):
    """Integers A and b = A x, an exact fit."""
    A = RNG.integers(-9, 10, (m, n)).astype(object)
    return A, A @ np.array(x, dtype=object)


TIES = [2**53 + 1] * MANY
ZEROS = [int(v) for v in RNG.integers(-2, 3, MANY)]


@pytest.mark.parametrize("x", [TIES, ZEROS], ids=["ties", "zeros"])
def test_ties_and_zeros_are_exact_with_a_factor_and_the_checker_agrees(x):
    A, b = planted(MANY + 4, MANY, x)
    fit = lstsq(A, b)
    assert "staged inverse factor" in fit.certificate.route
    assert list(fit.certificate.x) == x
    assert not any(fit.certificate.radius)
    assert fit.x.tolist() == [float(v) for v in x]


def test_the_certificate_of_a_simple_solution_is_checked(monkeypatch):
    take("factor", monkeypatch)
    A, b = planted(8, 4, [1, 0, Fraction(1, 3), 2**53 + 1])
    fit = lstsq(A, b)
    assert fit.certificate.factor is not None
    assert not any(fit.certificate.radius)
    assert check(fit.certificate, A, b)


def mirrored(m, n, leak=0.0):
    """Pairs of rows with opposite signs in column 0 and one b: its coefficient is 0; but for a leak in one entry."""
    half = RNG.standard_normal((m, n))
    A, b = np.concatenate([half, half]), np.tile(RNG.standard_normal(m), 2)
    A[m:, 0] *= -1
    A[0, 1] += leak
    return A, b


@pytest.mark.parametrize("leak", [0.0, 2.0**-40])
def test_a_zero_by_orthogonality_and_one_that_is_none(leak, monkeypatch):
    take("factor", monkeypatch)
    A, b = mirrored(9, 5, leak)
    fit = lstsq(A, b)
    assert (fit.x[0] == 0) == (leak == 0)
    assert_certified(fit, oracle(A, b))
    assert check(fit.certificate, A, b)
    normal = summed(exact_input(A, b))
    assert orthogonal_zeros(normal, [0]) == (frozenset([0]) if leak == 0 else frozenset())
    assert orthogonal_zeros(normal, [0, 1]) == orthogonal_zeros(normal, [1]) == frozenset()


def test_a_column_orthogonal_to_the_others_but_not_to_b_is_no_zero():
    A, b = np.eye(6)[:, :3], np.arange(1.0, 7)
    assert orthogonal_zeros(summed(exact_input(A, b)), [1]) == frozenset()
    assert orthogonal_zeros(summed(exact_input(A, b * [1, 0, 1, 1, 1, 1])), [1]) == frozenset([1])


# --- what is neither goes on to exact rationals, or by more digits


@pytest.mark.parametrize("affordable", [True, False])
def test_a_zero_of_long_neighbours_is_proven(affordable, monkeypatch):
    take("factor", monkeypatch)
    monkeypatch.setattr(choose, "is_affordable", lambda _: affordable)
    monkeypatch.setattr(choose, "TURN", 80)
    half = np.round(RNG.standard_normal((6, 4)) * 2**20) / 2**20
    A = np.concatenate([half, half[:, [1, 0, 2, 3]]])
    A[:, 1] += A[:, 0]  # x_0 u + x_1 (u + v), symmetric in u and v: x_0 = 0
    b = np.tile(np.round(RNG.standard_normal(6) * 2**20) / 2**20, 2)
    fit = lstsq(A, b)
    assert fit.x[0] == 0
    assert_certified(fit, oracle(A, b))
    assert ("rationals" in fit.certificate.route) == affordable


def test_refinement_ends_after_its_share_of_work(monkeypatch):
    take("factor", monkeypatch)
    monkeypatch.setattr(refine, "WORK", 0)
    A, b = np.round(RNG.standard_normal((12, 4)) * 8), RNG.standard_normal(12)
    A[:, 0] = A[:, 1] + 2.0**-45 * A[:, 0]
    assert "rationals" in lstsq(A, b).certificate.route


def test_stages_end_after_their_share_of_work(monkeypatch):
    take("factor", monkeypatch)
    monkeypatch.setattr(inverse_factor, "MOST_WORK", 0)
    A, b = RNG.standard_normal((12, 4)), RNG.standard_normal(12)
    assert inverse_factor.inverse_factor(summed(exact_input(A, b))) is None
    fit = lstsq(A, b)
    assert "rationals" in fit.certificate.route
    assert_certified(fit, oracle(A, b))


def test_rationals_that_could_be_long_are_looked_for_and_then_refused(monkeypatch):
    take("rationals", monkeypatch)
    monkeypatch.setattr(rational, "MOST_WORK", -1)
    A, b = RNG.standard_normal((12, 4)), RNG.standard_normal(12)
    assert_certified(lstsq(A, b), oracle(A, b))
    monkeypatch.setattr(lifting, "WORK", 0)
    with pytest.raises(NotCertifiedError, match="4 columns has so many digits that it would take too long"):
        lstsq(A, b)
