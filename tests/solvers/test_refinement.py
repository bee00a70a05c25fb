"""Refinement in three formats: where it converges, to how many digits, how fast, and what it needs for that."""

from itertools import islice

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab import problems
from stabilitylab.core.arithmetic.formats import FLOAT64, format_named, format_of
from stabilitylab.core.arithmetic.wide_formats import DOUBLE_DOUBLE
from stabilitylab.core.errors import Breakdown
from stabilitylab.scoring.theory.condition import conditioning
from stabilitylab.scoring.theory.refinement import CERTAIN, HOPELESS, RATE, refinement_factor
from stabilitylab.solvers.refinement import refined, refinements

RANDSVD = problems.get("synthetic.randsvd")
FACTORS = ("float32", "float16", "bfloat16", "float8_e4m3")


def drawn(factor, u_cond, residual=1.0, seed=0):
    """A problem whose condition number, in scaled columns, is near u_cond over the unit roundoff of a format."""
    cond = max(u_cond / format_named(factor).unit_roundoff, 1.5)
    return RANDSVD(m=24, n=4, cond=cond, residual=residual, seed=seed)


@pytest.mark.parametrize("residual", [0.0, 1.0])
@pytest.mark.parametrize("factor", FACTORS)
def test_it_converges_to_the_last_digits_while_the_condition_is_below_a_third_of_1_over_u(factor, residual):
    for seed, u_cond in enumerate((0.03, 0.1, 0.25)):
        problem = drawn(factor, u_cond, residual, seed)
        c = conditioning(problem.A, problem.b)
        assert c.cond_scaled * format_named(factor).unit_roundoff < CERTAIN * 1.3
        fit = refined(problem.A, problem.b, factor)
        assert sl.lre(fit.x, sl.reference(problem)) > 14.8
        assert fit.iterations > 2


@pytest.mark.parametrize("residual", [0.0, 1.0])
@pytest.mark.parametrize("factor", FACTORS)
def test_it_breaks_down_and_says_so_where_the_condition_is_far_above_1_over_u(factor, residual):
    for seed in range(2):
        problem = drawn(factor, 20.0, residual, seed)
        c = conditioning(problem.A, problem.b)
        assert c.cond_scaled * format_named(factor).unit_roundoff > HOPELESS
        with pytest.raises(Breakdown, match=f"factors in {factor} are too short|is nan|is -?inf"):
            refined(problem.A, problem.b, factor)


def test_each_step_shrinks_the_error_by_what_the_law_says():
    shares = []
    for factor in FACTORS[:3]:
        for seed, u_cond in enumerate((0.02, 0.05, 0.1, 0.2)):
            problem = drawn(factor, u_cond, seed=seed)
            moved = [step.moved for step in islice(refinements(problem.A, problem.b, factor), 6)]
            factors = np.array(moved[3:6]) / moved[2:5]
            c = conditioning(problem.A, problem.b)
            shares.append(np.exp(np.log(factors[moved[3:6] > 1e-14 * np.array(moved[0])]).mean()))
            shares[-1] /= refinement_factor(c, factor)
    assert 0.5 < np.median(shares) < 2
    assert np.mean([1 / 3 < share < 3 for share in shares]) > 0.8
    assert RATE == 0.5


def test_the_first_iterate_is_householder_qr_in_the_short_format():
    problem = drawn("bfloat16", 0.1)
    first = next(refinements(problem.A, problem.b, "bfloat16"))
    scale = 2.0 ** np.frexp(np.abs(problem.A).max(axis=0))[1]
    short = format_named("bfloat16")
    power = 2.0 ** np.frexp(np.abs(problem.b).max())[1]
    x = sl.solvers.get("qr.householder")(short.rounded(problem.A / scale), short.rounded(problem.b / power))
    assert np.array_equal(np.asarray(x) * power / scale, first.x)


def test_residuals_as_short_as_the_data_end_it_early():
    problem = RANDSVD(m=24, n=4, cond=1e6, residual=1.0, seed=3)
    ref = sl.reference(problem)
    *_, short = islice(refinements(problem.A, problem.b, "float32", FLOAT64), 15)
    *_, long = islice(refinements(problem.A, problem.b, "float32", DOUBLE_DOUBLE), 15)
    assert sl.lre(short.x, ref) < 7
    assert sl.lre(long.x, ref) > 15


@pytest.mark.parametrize(
    ("work", "factor", "residual", "digits"),
    [
        ("float32", "bfloat16", None, 6.9),
        ("bfloat16", "float8_e4m3", None, 2.1),
        ("double_double", "float64", "mpmath_250", 30.5),
        ("float64", "float64", None, 15.6),
    ],
)
def test_the_three_formats_may_be_any(work, factor, residual, digits):
    A = np.array([[1, 2, 0], [1, -1, 1], [1, 3, -2], [1, 0, 1], [1, -2, -1]]) / 4
    b = np.array([1.0, 2, -1, 3, 1]) / 4
    problem = sl.Problem.from_matrix("p", A, b).rounded_to(work)
    fit = refined(problem.A, problem.b, factor, residual)
    assert format_of(fit.x).name == work
    row = sl.measure(lambda A, b: refined(A, b, factor, residual), problem, causes=False)
    assert row["digits.min"] > digits


def test_units_of_columns_do_not_matter():
    problem = drawn("float16", 0.1)
    scales = 2.0 ** np.array([-300, 200, 0, 14])
    plain = refined(problem.A, problem.b, "float16")
    scaled = refined(problem.A * scales, problem.b * 2.0**-60, "float16")
    assert np.array_equal(scaled.x * scales * 2.0**60, plain.x)
    assert scaled.iterations == plain.iterations


@pytest.mark.parametrize(
    ("A", "says"),
    [
        ([[1.0, 1], [1, 1], [1, 1]], r"R\[1, 1\] is|is (nan|-?inf)|too short"),
        ([[1.0, 0], [1, 0], [1, 0]], r"R\[1, 1\] is 0"),
        ([[1.0, np.nan], [1, 0], [1, 0]], r"A\[0, 1\] is nan"),
    ],
)
def test_what_cannot_be_factored_is_refused(A, says):
    with pytest.raises(Breakdown, match=says):
        refined(np.array(A), np.array([1.0, 2, 4]), "float16")


def test_zero_is_found_at_once():
    fit = refined(np.array([[1.0, 2], [3, 4], [5, 6]]), np.zeros(3), "bfloat16")
    assert (fit.x.tolist(), fit.iterations) == ([0, 0], 1)
