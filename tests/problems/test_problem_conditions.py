"""The condition number a problem advertises is that of the matrix it stores, and docstrings tell the truth about it."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg

from problem_judges import DEFAULTS, VARIANTS, called, stored_condition
from stabilitylab import problems
from stabilitylab.data.problem import Problem
from stabilitylab.problems.synthetic import PROFILES


@pytest.mark.parametrize("recipe", [c for c in DEFAULTS + VARIANTS if c.build().cond is not None], ids=called)
def test_the_advertised_condition_number_holds_within_a_factor_two(recipe):
    problem = recipe.build()
    assert problem.cond / 2 < stored_condition(problem) < problem.cond * 2


def test_a_wrong_advertised_condition_number_is_found():
    problem = problems.get("classic.lauchli")()
    assert not (problem.cond * 4) / 2 < stored_condition(problem)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", range(6))
def test_the_largest_condition_number_allowed_is_still_what_is_stored(profile, seed):
    problem = problems.get("synthetic.randsvd")(m=60, n=6, cond=1e16, profile=profile, seed=seed)
    assert 0.5e16 < stored_condition(problem) < 2e16


@pytest.mark.parametrize(("n", "eps"), [(2, 1e-3), (4, 1e-8), (10, 1e-14)])
def test_lauchlis_condition_number_is_its_closed_form(n, eps):
    p = problems.get("classic.lauchli")(n=n, eps=eps)
    assert p.cond == pytest.approx(math.sqrt(n + eps**2) / eps, rel=1e-15)
    assert stored_condition(p) == pytest.approx(p.cond, rel=1e-14)


def test_lauchlis_gram_matrix_loses_eps_below_the_square_root_of_u():
    def rounded_gram(eps):
        A = problems.get("classic.lauchli")(eps=eps).A
        return A.T @ A

    assert np.ptp(rounded_gram(1.05e-8)) == 0 < np.ptp(rounded_gram(1.06e-8))


@pytest.mark.parametrize("n", [10, 20, 45])
def test_wilkinsons_matrix_has_a_small_condition_number_and_a_growth_of_two_to_the_n(n):
    p = problems.get("classic.wilkinson_growth")(n=n)
    assert stored_condition(p) == pytest.approx(0.45 * n, rel=0.05)
    P, _, upper = scipy.linalg.lu(p.A)
    assert (np.eye(n) == P).all()
    assert np.abs(upper).max() == 2 ** (n - 1)


def test_an_integer_right_hand_side_would_hide_wilkinsons_growth():
    p = problems.get("classic.wilkinson_growth")()

    def residual_is_zero(b):
        x = np.linalg.solve(p.A, b)
        return all(
            sum(Fraction(a) * Fraction(v) for a, v in zip(row, x.tolist(), strict=True)) == Fraction(value)
            for row, value in zip(p.A.tolist(), b.tolist(), strict=True)
        )

    assert residual_is_zero(np.arange(30.0))
    assert not residual_is_zero(p.b)


@pytest.mark.parametrize("eps", [0.9, 1e-4, 1e-8, 1e-16])
def test_a_small_pivot_sits_in_a_well_conditioned_matrix(eps):
    p = problems.get("classic.small_pivot")(eps=eps)
    assert stored_condition(p) == pytest.approx(p.cond, rel=1e-13 / (1 - eps))
    if eps < 1e-3:
        assert p.cond == pytest.approx((3 + math.sqrt(5)) / 2, rel=2 * eps + 1e-15)


def test_the_condition_number_of_hilberts_matrix_is_that_of_the_fractions():
    for n, expected in ((3, 524.0567775860644), (5, 476607.2502425855), (10, 1.602502816811318e13)):
        p = problems.get("classic.hilbert")(n=n)
        assert p.cond == pytest.approx(expected, rel=1e-4)
        A, scale = p.exact("matrix").A, math.lcm(*range(1, 2 * n))
        assert all(Fraction(int(p.A[i, j]), scale) == Fraction(1, i + j + 1) for i in range(n) for j in range(n)), A


def test_storing_a_third_multiplies_the_condition_number_of_hilberts_matrix():
    H = np.array([[1 / (i + j + 1) for j in range(13)] for i in range(13)])
    rounded = stored_condition(Problem.from_matrix("fl(H)", H, np.ones(13)))
    assert 3 < rounded / problems.get("classic.hilbert")(n=13).cond < 5


@pytest.mark.parametrize(("low", "per_column"), [(0.0, 5.6), (-1.0, 2.4)])
def test_the_condition_number_of_a_vandermonde_matrix_grows_as_its_docstring_says(low, per_column):
    small, large = (stored_condition(problems.get("classic.vandermonde")(m=101, n=n, low=low)) for n in (8, 14))
    assert (large / small) ** (1 / 6) == pytest.approx(per_column, rel=0.1)


@pytest.mark.parametrize(("degree", "exponent"), [(1, 5), (2, 10), (3, 15)])
def test_each_power_of_the_year_costs_five_digits(degree, exponent):
    cond = stored_condition(problems.get("real.years")(degree=degree))
    assert math.log10(cond) == pytest.approx(exponent, abs=0.5)


def test_an_income_and_a_rate_are_harmless_once_scaled():
    p = problems.get("real.income_and_rate")()
    assert np.linalg.cond(p.A) > 1e6
    assert np.linalg.cond(p.A / np.linalg.norm(p.A, axis=0)) < 100


def test_gaussian_matrices_grow_by_hundreds_without_pivoting_and_dominant_ones_by_two():
    def growth(A):
        T = [[float(v) for v in row] for row in A]
        largest = scale = max(abs(v) for row in T for v in row)
        for k in range(len(T)):
            for i in range(k + 1, len(T)):
                f = T[i][k] / T[k][k]
                T[i] = [v - f * w for v, w in zip(T[i], T[k], strict=True)]
                largest = max(largest, *(abs(v) for v in T[i][k + 1 :]), 0.0)
        return largest / scale

    grown = [growth(problems.get("classic.gaussian")(seed=seed).A) for seed in range(21)]
    assert 30 < float(np.median(grown)) < 1000
    assert max(growth(problems.get("classic.diagonally_dominant")(seed=seed).A) for seed in range(5)) <= 2
