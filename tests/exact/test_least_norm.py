"""Solutions of least norm: exact, for matrices of any shape and rank."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_fit import fractions, minimum_norm_solution
from stabilitylab import check, lstsq
from stabilitylab.exact.gram.inputs import exact_input, summed
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve import least_norm as solver
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import to_digits
from wild import FEWER, doubles, is_root

RNG = np.random.default_rng(11)
LINE = np.column_stack([np.ones(6), np.arange(6.0) / 8])
WIDE = {
    "fewer rows than columns": (np.round(RNG.standard_normal((3, 5)) * 8), RNG.standard_normal(3)),
    "one row": (np.array([[3.0, 0.0, 4.0]]), np.array([7.0])),
    "a column twice": (np.column_stack([LINE, LINE[:, 1]]), RNG.standard_normal(6)),
    "rank 2 of 4": (np.array([[1.0, 2], [3, 4], [5, 6], [0.5, 7]]) @ RNG.integers(-5, 5, (2, 4)), RNG.random(4)),
    "scales apart": (np.array([[1.0, 2.0**60], [2, 2.0**61], [4, 2.0**62]]), np.array([1.0, 2, 2])),
}


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("enclosed", [False, True])
def test_a_solution_of_least_norm_is_the_nearest_one_and_reports_what_is_defined(name, enclosed, monkeypatch):
    if enclosed:
        monkeypatch.setattr(solver, "CHEAP", -1)
    A, b = WIDE[name]
    fit = lstsq(A, b, policy="minimum-norm")
    x = minimum_norm_solution(A, b)
    at = fractions(A) @ np.array(x, dtype=object)
    rest = fractions(b) - at
    assert fit.x.tolist() == doubles(x)
    assert fit.certificate.route == (solver.ENCLOSED if enclosed else solver.EXACT)
    errors = [abs(v - w) for v, w in zip(fit.certificate.x, x, strict=True)]
    assert all(error <= radius for error, radius in zip(errors, fit.certificate.radius, strict=True))
    assert enclosed or not any(fit.certificate.radius)
    assert check(fit.certificate, A, b)
    assert fit.certificate.rank == np.linalg.matrix_rank(A) < A.shape[1]
    assert is_root(fit.residual_norm, sum(v * v for v in rest))
    assert fit.standard_errors is fit.t_statistics is None
    assert fit.fitted_values.tolist() == doubles(at)
    assert fit.residuals.tolist() == doubles(rest)
    assert "least norm at rank" in repr(fit)


def test_of_a_matrix_of_full_rank_least_norm_is_the_only_solution_and_of_zeros_it_is_zero():
    A, b = RNG.standard_normal((8, 3)), RNG.standard_normal(8)
    assert lstsq(A, b, policy="minimum-norm").x.tobytes() == lstsq(A, b).x.tobytes()
    assert lstsq(np.zeros((3, 2)), np.ones(3), policy="minimum-norm").x.tolist() == [0.0, 0.0]


SCALES = [Fraction(1), Fraction(1, 1000), Fraction(2) ** 30, Fraction(3, 7)]


@FEWER
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans(), st.sampled_from([20, 45]))
def test_an_enclosure_of_least_norm_holds_the_exact_solution_in_any_units(seed, rank, factor, digits):
    rng = np.random.default_rng(seed)
    left = rng.integers(-9, 10, (6, rank)) + 20 * np.eye(6, rank, dtype=int)
    A = fractions(left @ rng.integers(-3, 4, (rank, 5))) * rng.choice(SCALES, 5)
    b = fractions(rng.integers(-9, 10, 6))
    x = minimum_norm_solution(A, b)
    normal = summed(exact_input(A, b, wide=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solver, "CHEAP", -1)
        if factor:
            patch.setattr(balls, "LARGEST", 0)
            patch.setattr(balls, "LARGEST_ILL", 0)
        kept = independent_columns(normal)
        narrow = lambda bound: to_digits(normal, digits, bound)  # noqa: E731
        solved, exact = solver.least_norm(normal, kept, narrow), solver.least_norm(normal, kept)
    ratios = [Fraction(p, q) for p, q in normal.ratios]
    bound = solver.denominator_bound(normal, kept)
    for one, r, v, middle in zip(solved.intervals, ratios, x, exact.middle, strict=True):
        assert one.low * r <= v * one.over <= one.high * r
        assert one.high - one.low <= 2 * Fraction(max(abs(one.low), abs(one.high)), 10**digits) or v == 0
        assert Fraction(middle, exact.denominator) * r == v
    assert exact.denominator <= bound


def test_the_other_figures_are_right_of_many_columns_whose_solution_is_enclosed(monkeypatch):
    monkeypatch.setattr(solver, "CHEAP", -1)
    A = np.round(RNG.standard_normal((80, 72)) * 64)
    A[:, 70] = A[:, 3] + A[:, 5]
    A[:, 71] = 0
    b = RNG.standard_normal(80)
    fit = lstsq(A, b, policy="minimum-norm")
    basic = lstsq(A[:, :70], b)
    assert fit.certificate.route == solver.ENCLOSED
    assert fit.x[71] == 0
    assert fit.certificate.rank == 70
    assert (fit.rss, fit.r_squared) == (basic.rss, basic.r_squared)
    assert fit.fitted_values.tolist() == basic.fitted_values.tolist()
    assert fit.x[70] == pytest.approx((fit.x[3] + fit.x[5]), rel=1e-13)  # orthogonal to (1, 1, -1), which A maps to 0
    assert fit.x[70] + fit.x[3] == pytest.approx(basic.x[3], rel=1e-13)


def test_an_exact_fit_of_least_norm_is_known_to_be_one():
    A = RNG.integers(-9, 10, (80, 70)).astype(float)
    A[:, 69] = A[:, 0]
    fit = lstsq(A, A @ np.ones(70), policy="minimum-norm")
    assert (fit.rss, fit.r_squared, fit.f_statistic) == (0.0, 1.0, np.inf)
    assert fit.x.tolist() == [1.0] * 70
