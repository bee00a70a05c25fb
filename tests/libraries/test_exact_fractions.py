"""Maxima: the answer is that of the decimals typed, deficient data are refused, and the session goes on."""

from fractions import Fraction

import numpy as np
import pytest

from stabilitylab.libraries.maxima_routes import MAXIMA, maxima_lsquares_estimates
from stabilitylab.libraries.support.programs import SingularError

pytestmark = pytest.mark.skipif(bool(MAXIMA.missing), reason=MAXIMA.missing)


def test_the_answer_is_that_of_the_decimals_rounded_once():
    typed = [("0.1", "0.1"), ("0.1", "1.3"), ("0.4", "2.9")]
    exact, stored = (
        sum(number(x) * number(y) for x, y in typed) / sum(number(x) ** 2 for x, _ in typed)
        for number in (Fraction, lambda text: Fraction(float(text)))
    )
    A, b = np.array([[float(x)] for x, _ in typed]), np.array([float(y) for _, y in typed])
    assert maxima_lsquares_estimates(A, b).tolist() == [float(exact)]
    assert float(exact) != float(stored)


def test_dependent_columns_are_refused_and_the_next_question_is_answered():
    A, b = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), np.array([1.0, 2.0, 4.0])
    with pytest.raises(SingularError, match="parameters"):
        maxima_lsquares_estimates(A, b)
    assert maxima_lsquares_estimates(np.eye(3)[:, :2], b).tolist() == [1.0, 2.0]
