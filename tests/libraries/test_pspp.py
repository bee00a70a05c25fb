"""PSPP: numbers pass in both directions as the bytes of float64."""

import numpy as np
import pytest

from stabilitylab.libraries.pspp_routes import PSPP, pspp_regression
from stabilitylab.libraries.support.programs import ProgramError

pytestmark = pytest.mark.skipif(bool(PSPP.missing), reason=PSPP.missing)


def test_doubles_go_in_and_come_out_to_the_last_bit():
    """Over unit vectors without intercept the coefficients are the values: sums of a product with 1 and of zeros."""
    rng = np.random.default_rng(3)
    y = rng.normal(size=40) * 10.0 ** rng.integers(-150, 150, 40)
    fit = pspp_regression(np.eye(40), y, False)
    assert np.array_equal(fit.x, y)
    assert fit.r_squared == 1


def test_a_constant_first_column_loses_every_slope():
    x, y = np.array([1.0, 2, 4, 3, 5]), np.array([1.0, 2, 3, 5, 4])
    kept = pspp_regression(np.column_stack([x, np.full(5, 3.0)]), y, True)
    lost = pspp_regression(np.column_stack([np.full(5, 3.0), x]), y, True)
    assert kept.x == pytest.approx([0.9, 0.7, 0])
    assert lost.x[2] == pytest.approx(0)
    assert lost.r_squared == 1


def test_what_pspp_says_of_an_error_is_in_the_error():
    with pytest.raises(ProgramError, match="error: DATA LIST"):
        pspp_regression(np.empty((3, 0)), np.ones(3), True)
