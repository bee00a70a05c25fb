"""Solutions of least norm: exact, for matrices of any shape and rank."""

import numpy as np
import pytest

from exact_fit import fractions, minimum_norm_solution
from stabilitylab import lstsq
from wild import doubles, is_root

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
def test_a_solution_of_least_norm_is_the_exact_one_and_reports_what_is_defined(name):
    A, b = WIDE[name]
    fit = lstsq(A, b, policy="minimum-norm")
    x = minimum_norm_solution(A, b)
    at = fractions(A) @ np.array(x, dtype=object)
    rest = fractions(b) - at
    assert fit.x.tolist() == doubles(x)
    assert list(fit.certificate.x) == x
    assert fit.certificate.rank == np.linalg.matrix_rank(A) < A.shape[1]
    assert is_root(fit.residual_norm, sum(v * v for v in rest))
    assert fit.standard_errors is fit.t_statistics is None
    assert fit.fitted_values().tolist() == doubles(at)
    assert fit.residuals().tolist() == doubles(rest)
    assert "least norm at rank" in repr(fit)


def test_of_a_matrix_of_full_rank_least_norm_is_the_only_solution_and_of_zeros_it_is_zero():
    A, b = RNG.standard_normal((8, 3)), RNG.standard_normal(8)
    assert lstsq(A, b, policy="minimum-norm").x.tobytes() == lstsq(A, b).x.tobytes()
    assert lstsq(np.zeros((3, 2)), np.ones(3), policy="minimum-norm").x.tolist() == [0.0, 0.0]
