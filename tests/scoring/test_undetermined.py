"""A matrix that owes its rank to rounding alone is undetermined: no cut-off is blamed, and no answer scored 0."""

import warnings

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.core.types import UNDETERMINED

RNG = np.random.default_rng(5)


def problem(noise=0):
    """u, v of a dozen decimals and z = u + 0.7 v in floats; noise: ulps that one entry of z is off."""
    rng = np.random.default_rng(5)
    u, v = (np.round(rng.standard_normal(40), 12) for _ in range(2))
    z = u + 0.7 * v
    z[3] += noise * np.spacing(z[3])
    return sl.Problem.from_matrix(f"nearly {noise}", np.column_stack([u, v, z]), rng.standard_normal(40))


@pytest.mark.parametrize("route", ["numpy.lstsq", "qr.householder", "exact.certified", "normal.cholesky"])
def test_no_route_is_scored_for_what_the_data_do_not_determine(route):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what a route warns of is in its row
        row = sl.measure(route, problem())
    assert any("UndeterminedWarning" in text for text in row.warnings) == (route == "exact.certified")
    assert row.facts[UNDETERMINED] == "a2 = a0 + 0.7 a1, to the last place of every number"
    assert row.cause == ""
    for name in ("digits.min", "digits.median", "digits.normwise", "error.normwise", "error.scaled", "ulps.max"):
        if row.answered:
            assert (row.scores[name], row.reasons[name].partition(",")[0]) == (None, "undetermined")
    if row.answered:
        assert row.scores["backward_error.optimal"] is not None
        assert "a2 = a0 + 0.7 a1" in str(row)
    assert row.scores["digits.supported"] < 1


def test_a_cut_off_is_to_blame_and_digits_are_scored_where_the_data_say_which_it_is():
    """With one entry off by many ulps no relation holds, whatever the condition number; nor does it for decimals."""
    row = sl.measure("numpy.lstsq", problem(noise=2**12))
    assert UNDETERMINED not in row.facts
    assert row.scores["digits.min"] is not None
    good = sl.Problem.from_matrix("good", RNG.standard_normal((20, 3)), RNG.standard_normal(20))
    assert UNDETERMINED not in sl.measure("numpy.lstsq", good).facts


def test_exact_dependence_and_whole_numbers_are_no_matter_of_rounding():
    twins = sl.Problem.from_matrix("twins", [[1.5, 1.5], [2, 2], [3, 3]], [1, 2, 4])
    assert sl.measure("numpy.lstsq", twins).facts == {}
    counts = np.array([[1, 2**26, 2**26 + 1], [1, 2**26 - 3, 2**26 - 2], [1, 5, 6], [1, 9, 11]], dtype=float)
    row = sl.measure("numpy.lstsq", sl.Problem.from_matrix("counts", counts, [1, 2, 4, 3]))
    assert UNDETERMINED not in row.facts
