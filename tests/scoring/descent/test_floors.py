"""Where gradient descent comes to rest in a format, predicted beside measured."""

from collections import deque
from itertools import islice

import numpy as np
import pytest
from mpmath import MPContext

from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT8_E4M3, FLOAT8_E5M2, FLOAT16, FLOAT32, FLOAT64
from stabilitylab.core.objective import LeastSquares
from stabilitylab.scoring.theory.descent.floors import floor, floor_of_loss_gap, frozen_error, usual_floor
from stabilitylab.scoring.theory.descent.frozen import stays
from stabilitylab.scoring.theory.descent.start import Start
from stabilitylab.scoring.theory.descent.tuning import best_heavy_ball
from stabilitylab.solvers.descent.gradient import gradient_descent
from stabilitylab.solvers.descent.heavy_ball import heavy_ball
from stabilitylab.solvers.descent.schedules import constant

mp = MPContext()
mp.dps = 40

GRID = [(FLOAT8_E4M3, (3, 10)), (FLOAT8_E5M2, (3,)), (BFLOAT16, (3, 10, 30)), (FLOAT16, (3, 10, 30))]
GRID += [(FLOAT32, (3, 10)), (FLOAT64, (3,))]


def problem(cond, residual, seed, format, m=20, n=5):
    """A with this condition number and L = 1 before rounding, b with this residual beside A x, in the format."""
    rng = np.random.default_rng(seed)
    U, V = np.linalg.qr(rng.normal(size=(m, n + 1)))[0], np.linalg.qr(rng.normal(size=(n, n)))[0]
    A = U[:, :n] * np.geomspace(1, 1 / cond, n) @ V.T
    x = rng.normal(size=n)
    b = A @ x + residual * np.linalg.norm(A @ x) * U[:, n]
    return LeastSquares(format.rounded(A), format.rounded(b))


def minimiser(objective):
    """x* in 40 digits, rounded: float64's own solver errs by as much as float64's floor."""
    A = mp.matrix(np.asarray(objective.A, dtype=float).tolist())
    b = mp.matrix(np.asarray(objective.b, dtype=float).tolist())
    return np.array([float(value) for value in mp.lu_solve(A.T * A, A.T * b)])


def at_rest(iterates, most):
    """The weights of an iteration once they repeat, or the last of `most`."""
    recent = deque(maxlen=3)
    for k, one in enumerate(islice(iterates, most)):
        key = one.x.tobytes()
        if key in recent:
            break
        if k % 16 < 3:
            recent.append(key)
    return np.asarray(one.x, dtype=np.float64)


def start_of(objective):
    return Start(objective.A, objective.b, np.zeros(objective.A.shape[1]))


def measured(objective, lr, format):
    """|x - x*| / |x*| of gradient descent from 0 at rest."""
    best = minimiser(objective)
    most = int(3 + 45 / (lr * start_of(objective).eigenvalues[-1]))
    x = at_rest(gradient_descent(objective.gradient, format.rounded(np.zeros(len(best))), lr=constant(lr)), most)
    return float(np.linalg.norm(x - best) / np.linalg.norm(best))


def test_the_floor_is_predicted_within_a_factor_3_in_nine_tenths_of_the_cells():
    ratios, usual, others = [], [], []
    for format, conds in GRID:
        for cond in conds:
            for residual in (0.0, 1.0):
                for share in (1.0, 2.0):
                    objective = problem(cond, residual, cond, format)
                    start = start_of(objective)
                    lr = share / float(start.eigenvalues[0] + (share - 1) * start.eigenvalues[-1])
                    error = measured(objective, lr, format)
                    ratios.append(error / floor(start, lr, format))
                    usual.append(error / usual_floor(cond, format, lr_L=share))
                    others.append(error / (format.unit_roundoff * cond))
    within = [np.mean(np.abs(np.log(found)) < np.log(3)) for found in (ratios, usual, others)]
    assert min(within[:2]) >= 0.9
    # The law of backward stable solvers, u cond, is another.
    assert within[2] < 0.8


@pytest.mark.parametrize("residual", [0.0, 1.0])
def test_for_small_rates_the_whole_vector_of_the_error_at_rest_is_predicted(residual):
    objective = problem(10, residual, 4, FLOAT32)
    start = start_of(objective)
    lr = 0.1 / float(start.eigenvalues[0])
    best = minimiser(objective)
    steps = int(20 / (lr * start.eigenvalues[-1]))
    x = at_rest(gradient_descent(objective.gradient, np.zeros(5, np.float32), lr=constant(lr)), steps)
    expected = frozen_error(start, lr, FLOAT32)
    assert np.linalg.norm(x - best - expected) < 0.15 * np.linalg.norm(expected)
    gap = np.linalg.norm(np.asarray(objective.A, dtype=float) @ (x - best)) ** 2 / 2
    assert gap == pytest.approx(floor_of_loss_gap(start, lr, FLOAT32), rel=0.3)
    weights = x.astype(np.float32)
    assert stays(weights, (-lr * objective.gradient(weights)).astype(np.float32), FLOAT32).all()


def test_heavy_ball_rests_nearer_by_the_gain_of_its_momentum():
    ratios = []
    for cond in (10, 30):
        for seed in range(3):
            objective = problem(cond, 0.0, seed, FLOAT32)
            start = start_of(objective)
            tuned = best_heavy_ball(float(start.eigenvalues[-1]), float(start.eigenvalues[0]))
            iterates = heavy_ball(
                objective.gradient, np.zeros(5, np.float32), lr=constant(tuned.lr), momentum=tuned.momentum
            )
            best = minimiser(objective)
            x = at_rest(iterates, int(60 / (1 - tuned.rate)))
            error = float(np.linalg.norm(x - best) / np.linalg.norm(best))
            gain = 1 / (1 - tuned.momentum)
            ratios.append(error / floor(start, tuned.lr, FLOAT32, gain=gain))
    assert 1 / 4 < np.median(ratios) < 4


def test_a_floor_is_never_above_the_start_and_is_0_where_the_minimiser_is():
    objective = problem(100, 0.0, 1, FLOAT8_E4M3)
    start = start_of(objective)
    assert floor(start, 1.0, FLOAT8_E4M3) == pytest.approx(1.0)
    assert floor_of_loss_gap(start, 1.0, FLOAT8_E4M3) <= np.sum(start.eigenvalues * start.components**2) / 2
    assert usual_floor(1e6, FLOAT32) == 1.0
    nothing = Start(np.eye(2), np.zeros(2), np.ones(2))
    assert floor(nothing, 1.0, FLOAT32) == 0.0
