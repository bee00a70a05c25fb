"""Maxima: the answer is that of the decimals typed, deficient data are refused, and the session goes on."""

from fractions import Fraction

import numpy as np
import pytest

from stabilitylab.libraries.maxima_routes import MAXIMA, maxima_lsquares_estimates
from stabilitylab.libraries.support.programs import SingularError

pytestmark = pytest.mark.skipif(bool(MAXIMA.missing), reason=MAXIMA.missing)


def line(x, y):
    """Intercept and slope in rationals."""
    mean_x, mean_y = Fraction(sum(x), len(x)), Fraction(sum(y), len(y))
    slope = sum((p - mean_x) * (q - mean_y) for p, q in zip(x, y, strict=True)) / sum((p - mean_x) ** 2 for p in x)
    return [float(mean_y - slope * mean_x), float(slope)]


def test_the_answer_is_that_of_the_decimals_rounded_once():
    x, y = ["1e9", "1000000000.1", "1000000000.3"], ["0.1", "1.3", "2.9"]
    exact = line(list(map(Fraction, x)), list(map(Fraction, y)))
    stored = line([Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y])
    assert maxima_lsquares_estimates(np.array(x, dtype=float), np.array(y, dtype=float)).tolist() == exact
    assert exact != stored


def test_a_constant_regressor_is_refused_and_the_next_question_is_answered():
    y = np.array([1.0, 2.0, 4.0])
    with pytest.raises(SingularError, match="parameters"):
        maxima_lsquares_estimates(np.ones(3), y)
    assert maxima_lsquares_estimates(np.arange(3.0), y).tolist() == line([0, 1, 2], list(map(Fraction, y)))
