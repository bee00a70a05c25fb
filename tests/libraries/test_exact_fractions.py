"""Maxima: the answer is that of the decimals typed, deficient data are refused, and the session goes on."""

from fractions import Fraction

import numpy as np
import pytest

from stabilitylab.libraries.maxima_routes import MAXIMA, maxima_lsquares_estimates
from stabilitylab.libraries.support.programs import SingularError

pytestmark = pytest.mark.skipif(bool(MAXIMA.missing), reason=MAXIMA.missing)


def test_the_answer_is_that_of_the_decimals_rounded_once():
    typed = [("0.1", "0.7"), ("0.2", "1.3"), ("0.4", "2.9")]
    x, y = ([Fraction(row[k]) for row in typed] for k in (0, 1))
    slope = sum(p * q for p, q in zip(x, y, strict=True)) / sum(p * p for p in x)
    A, b = np.array([[float(p)] for p in x]), np.array([float(q) for q in y])
    assert maxima_lsquares_estimates(A, b).tolist() == [float(slope)]
    assert float(slope) != float(A[:, 0] @ b / (A[:, 0] @ A[:, 0]))


def test_dependent_columns_are_refused_and_the_next_question_is_answered():
    A, b = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), np.array([1.0, 2.0, 4.0])
    with pytest.raises(SingularError, match="parameters"):
        maxima_lsquares_estimates(A, b)
    assert maxima_lsquares_estimates(np.eye(3)[:, :2], b).tolist() == [1.0, 2.0]
