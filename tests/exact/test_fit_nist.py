"""NIST's certified figures by the certified fit of the decimals, to every digit printed."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from nist_judge import SETS, another_digit, decimal, exact, mismatches, printed
from stabilitylab import lstsq, problems
from stabilitylab.problems.nist import certified
from wild import double


def figures(fit, regressors):
    """What NIST certifies, as the fit has it: doubles, and mean squares as quotients of one."""
    values = {f"estimate {j}": v for j, v in enumerate(fit.x.tolist())}
    values |= {f"standard deviation {j}": v for j, v in enumerate(fit.standard_errors.tolist())}
    values |= {
        "residual_standard_deviation": fit.residual_standard_deviation,
        "r_squared": fit.r_squared,
        "regression df": regressors,
        "regression sum_of_squares": fit.explained_sum_of_squares,
        "residual df": fit.degrees_of_freedom,
        "residual sum_of_squares": fit.rss,
        "f_statistic": fit.f_statistic,
    }
    found = {key: (value, 1) for key, value in values.items()}
    found["regression mean_square"] = fit.explained_sum_of_squares, regressors
    found["residual mean_square"] = fit.rss, fit.degrees_of_freedom
    return found


def disagreements(found, published):
    """The keys where no number that rounds to the double rounds to the digits printed.

    A correctly rounded double may fall on the other side of a half of the last digit: Norris' first standard deviation
    is 0.23281823430115249..., and so printed ...152, but the nearest double is above ...1525.
    """
    assert found.keys() == published.keys()
    wrong = set()
    for key, text in published.items():
        value, by = found[key]
        at = Decimal(text)
        if not at.is_finite() or math.isinf(value):
            if at != value:
                wrong.add(key)
            continue
        half_digit = Fraction(10) ** at.as_tuple().exponent / 2 if at else Fraction(0)
        half_ulp = Fraction(math.ulp(value)) / 2 if value else Fraction(0)
        if abs(Fraction(value) / by - Fraction(at)) > half_digit + half_ulp / by:
            wrong.add(key)
    return wrong


@pytest.mark.parametrize("name", SETS)
def test_every_certified_figure_is_reproduced_to_the_last_digit_printed(name):
    fit, published = lstsq(problems.get(name)(), truth="decimal"), printed(certified(name))
    found = figures(fit, int(published["regression df"]))
    assert disagreements(found, published) == set()
    middles = {f"estimate {j}": decimal(v) for j, v in enumerate(fit.certificate.x)}
    assert mismatches(middles, {key: published[key] for key in middles}) == set()


@pytest.mark.parametrize("name", SETS)
def test_every_figure_is_the_double_nearest_to_the_exact_one(name):
    truth = exact(name)
    fit = lstsq(problems.get(name)(), truth="decimal")
    for key, (value, by) in figures(fit, int(truth["regression df"])).items():
        if by == 1 and truth[key].is_finite():
            assert value == double(Fraction(truth[key])), key
        elif by == 1:
            assert value == math.inf


@pytest.mark.parametrize("name", SETS)
def test_another_digit_before_the_last_is_noticed_in_every_figure_printed_in_full(name):
    published = printed(certified(name))
    found = figures(lstsq(problems.get(name)(), truth="decimal"), int(published["regression df"]))
    for key, text in published.items():
        if len(Decimal(text).as_tuple().digits) in (14, 15):
            places = sum(c.isdigit() for c in text.partition("E")[0])
            assert disagreements(found, published | {key: another_digit(text, places - 2)}) == {key}


def test_the_exact_fits_have_no_residual_at_all():
    for name in ("nist.wampler1", "nist.wampler2"):
        fit = lstsq(problems.get(name)(), truth="decimal")
        assert fit.rss == fit.residual_norm == fit.residual_standard_deviation == 0.0
        assert fit.r_squared == 1.0
        assert fit.standard_errors.tolist() == fit.covariance_diagonal.tolist() == [0.0] * 6
        assert fit.t_statistics.tolist() == [math.inf] * 6


def test_the_solution_of_the_stored_matrix_of_filip_is_another():
    fit, published = lstsq(problems.get("nist.filip")()), printed(certified("nist.filip"))
    assert {f"estimate {j}" for j in range(11)} <= disagreements(figures(fit, 10), published)
