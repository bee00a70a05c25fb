"""The step at which a loss becomes infinite, said before the run and measured in it."""

import numpy as np
import pytest

from diverging_runs import Run, drawn, misses
from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64
from stabilitylab.core.objective import LeastSquares
from stabilitylab.scoring.theory.descent.start import Start, stored


@pytest.mark.parametrize("format", [FLOAT32, FLOAT64], ids=str)
def test_the_loss_becomes_infinite_within_one_step_of_the_prediction(format):
    runs = [drawn(seed, format, 1500) for seed in range(15)]
    assert len({run.law for run in runs}) == 4
    assert len({run.objective.loss for run in runs}) == 4
    assert misses(runs, 3000) == []


def test_the_prediction_notices_a_rate_that_the_format_does_not_hold():
    run = line(FLOAT32, [1.0, 2.0], [1.0, 1.0], 0.4008)
    exact = run.lr
    nearby = [exact * (1 + 2.0**-19), exact * (1 - 2.0**-19)]
    steps = [run.predicted(lr).step for lr in (exact, *nearby)]
    assert steps[0] > 1000
    assert min(abs(step - steps[0]) for step in steps[1:]) > 1


def line(format, a, b, lr, loss="half sum"):
    """Gradient descent from 0 on one column."""
    A, b = format.rounded(np.array(a)[:, None]), format.rounded(np.array(b))
    return Run("gradient", LeastSquares(A, b, loss), format.rounded(np.zeros(1)), format, stored(lr, format), 0.0)


@pytest.mark.parametrize(
    ("run", "quantity"),
    [
        (line(FLOAT32, [1.0, 2.0], [1.0, 1.0], 0.5), "loss"),
        # With columns near 1e21 a residual whose square fits has an A'r that does not.
        (line(FLOAT32, [1e21, 1e21], [1e3, -1e1], 1.2e-42), "gradient"),
        # The smallest columns for which a rate is in the range at all: the loss still comes before the weights.
        (line(FLOAT32, [6e-20, 6e-20], [1e3, -1e1], 3.2e38), "loss"),
        (line(FLOAT16, [30.0, 20.0], [1.0, 2.0], 0.002), "loss"),
        (line(BFLOAT16, [1.0, 1.0], [1.0, 1.5], 1.5), "loss"),
    ],
)
def test_what_leaves_the_range_first_is_named_and_counts(run, quantity):
    predicted = run.predicted()
    assert predicted.quantity == quantity
    assert abs(predicted.step - run.measured(500)) <= 1


def test_the_factor_of_a_loss_is_formed_after_the_sum():
    """Of the mean over many rows the sum is what overflows, and of twice the sum twice the sum."""
    a, b = np.linspace(1, 2, 64), np.linspace(-1, 1, 64)
    for loss, lr in (("half sum", 2.2), ("sum", 1.1), ("half mean", 2.2 * 64), ("mean", 1.1 * 64)):
        L = float(a @ a)
        run = line(FLOAT32, a, b, lr / L, loss)
        assert abs(run.predicted().step - run.measured(2000)) <= 1


def test_below_the_limit_nothing_is_predicted_and_a_start_beyond_the_range_overflows_at_once():
    stable = line(FLOAT32, [1.0, 2.0], [1.0, 1.0], 0.39)
    assert stable.predicted() is None
    assert stable.measured(300) is None
    far = line(FLOAT32, [1.0, 2.0], [1e25, 1.0], 0.1)
    assert far.predicted().step == 0


def test_dependent_columns_change_nothing_along_the_others():
    a = np.array([1.0, 2.0, -1.0])
    A, b = FLOAT32.rounded(np.column_stack([a, a, 2 * a])), FLOAT32.rounded(np.array([1.0, 0.5, 3.0]))
    run = Run("gradient", LeastSquares(A, b), FLOAT32.rounded(np.zeros(3)), FLOAT32, stored(0.058, FLOAT32), 0.0)
    assert abs(run.predicted().step - run.measured(2000)) <= 1
    # Eigenvalues that float64 does not hold are no reason to fail: nothing is said.
    assert line(FLOAT64, [1e200, 1e200], [1.0, 2.0], 1e-300).predicted() is None


def test_eigenvalues_and_components_are_those_of_the_hessian():
    rng = np.random.default_rng(3)
    A, b, x0 = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=3)
    start = Start(A, b, x0, 0.25)
    H = A.T @ A / 4
    assert np.allclose(H @ start.eigenvectors, start.eigenvectors * start.eigenvalues)
    assert np.allclose(start.minimiser + start.eigenvectors @ start.components, x0)
    assert np.allclose(A.T @ start.residual, 0)
    assert np.allclose(A @ start.minimiser - b, start.residual)
