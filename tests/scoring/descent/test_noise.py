"""The stationary covariance of stochastic gradient descent, against runs of it and its formula in one dimension."""

from itertools import islice

import numpy as np
import pytest

from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LeastSquares, minibatches
from stabilitylab.scoring.theory.descent.noise import stationary_covariance, stationary_loss_gap
from stabilitylab.solvers.descent.gradient import gradient_descent
from stabilitylab.solvers.descent.schedules import constant

RNG = np.random.default_rng(5)
A = RNG.normal(size=(40, 3)) * [1.0, 2.0, 0.5]
B = A @ [1.0, 2.0, 3.0] + RNG.normal(size=40)
BEST = np.linalg.lstsq(A, B, rcond=None)[0]
R = A @ BEST - B


def test_one_dimension_has_the_closed_form():
    a, r = A[:, 0], R - A[:, 0] * (A[:, 0] @ R) / (A[:, 0] @ A[:, 0])
    H, S, Q = (a**2).mean(), (a**2 * r**2).mean(), (a**4).mean()
    (found,) = stationary_covariance(a[:, None], r, 0.03).ravel()
    assert found == pytest.approx(0.03 * S / (2 * H - 0.03 * Q))


@pytest.mark.parametrize(("batch", "lr"), [(1, 0.1), (4, 0.2)])
def test_the_covariance_is_that_of_many_runs(batch, lr):
    """2000 errors at once, each with its own rows."""
    rng = np.random.default_rng(batch)
    e = np.zeros((2000, 3))
    total, kept = np.zeros((3, 3)), 0
    for k in range(450):
        drawn = rng.integers(0, len(A), (len(e), batch))
        a = A[drawn]
        e = e - lr / batch * np.einsum("rbn,rb->rn", a, np.einsum("rbn,rn->rb", a, e) + R[drawn])
        if k >= 150:
            total, kept = total + e.T @ e / len(e), kept + 1
    C = stationary_covariance(A, R, lr, batch)
    assert np.diag(total / kept) == pytest.approx(np.diag(C), rel=0.05)
    assert np.abs(total / kept - C).max() < 0.05 * np.diag(C).max()
    # Without the terms of fourth order in a the answer is another.
    H, S = A.T @ A / len(A), (A * (R**2)[:, None]).T @ A / len(A)
    one = np.eye(3)
    without = np.linalg.solve(np.kron(H, one) + np.kron(one, H), (lr / batch * S).ravel()).reshape(3, 3)
    assert np.trace(without) < 0.9 * np.trace(total / kept)


def test_our_own_minibatches_with_replacement_have_it():
    gradient = minibatches(LeastSquares(A, B, "half mean"), 2, 1, replacement=True)
    iterates = gradient_descent(gradient, BEST.copy(), lr=constant(0.2))
    errors = np.array([one.x for one in islice(iterates, 25_000)])[500:] - BEST
    C = stationary_covariance(A, R, 0.2, 2)
    assert np.trace(errors.T @ errors) / len(errors) == pytest.approx(np.trace(C), rel=0.05)
    gap = np.mean((errors @ A.T) ** 2) / 2
    assert gap == pytest.approx(stationary_loss_gap(A, R, 0.2, 2), rel=0.05)


def test_a_rate_too_large_for_the_noise_has_none_though_the_full_gradient_allows_it():
    H = A.T @ A / len(A)
    full = 2 / np.linalg.eigvalsh(H)[-1]
    assert stationary_covariance(A, R, 0.9 * full) is None
    assert stationary_loss_gap(A, R, 0.9 * full) is None
    assert stationary_covariance(A, R, 0.9 * full, 1000) is not None
    assert stationary_covariance(A, 0 * R, 0.01) == pytest.approx(np.zeros((3, 3)))
    with pytest.raises(InputError, match="batch"):
        stationary_covariance(A, R, 0.01, 0)
