"""Laws of Adam against runs of it: threshold of eps, cycles, how far it can walk, its largest steps."""

from itertools import islice
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import InputError
from stabilitylab.scoring.theory.descent.adam import (
    cycle,
    epsilon_threshold,
    farthest,
    isolated_step,
    largest_step,
    steps_to_arrive,
    two_cycle,
)
from stabilitylab.solvers.descent.adam import adam
from stabilitylab.solvers.descent.schedules import constant


def path(gradient, x, steps, lr, **hyperparameters):
    """The iterates (steps, n)."""
    return np.array([one.x for one in islice(adam(gradient, x, lr=constant(lr), **hyperparameters), steps)])


@pytest.mark.parametrize("beta1", [0.9, 0.5])
@pytest.mark.parametrize(("L", "lr"), [(1.0, 0.1), (200.0, 0.01)])
@pytest.mark.parametrize("eps_added", ["after correction", "before correction"])
def test_adam_settles_for_eps_five_percent_above_the_threshold_and_cycles_five_percent_below_it(
    beta1, L, lr, eps_added
):
    threshold = epsilon_threshold(lr, L, beta1)
    ends = []
    for factor in (0.95, 1.05):
        xs = path(
            lambda x: L * x,
            np.array([0.01 * lr]),
            2500,
            lr,
            beta1=beta1,
            beta2=0.99,
            eps=factor * threshold,
            eps_added=eps_added,
        )
        ends.append(np.abs(xs[-1000:]).max() / lr)
    assert ends[0] > 1e-3
    assert ends[1] < 1e-30


def test_the_amplitude_of_the_cycle_is_proportional_to_lr_and_free_of_the_eigenvalue():
    L = np.array([0.01, 1.0, 300.0])
    expected = cycle(0.9, 0.95, steps=4000, observed=2000)
    for lr in (0.1, 0.001):
        xs = path(lambda x: L * x, np.full(3, lr), 4000, lr, beta2=0.95, eps=1e-9 * lr * 0.01)
        assert np.abs(xs[2000:]).max(axis=0) / lr == pytest.approx(expected, rel=0.1)
    # Of the two other scales one might think of, the amplitude has none.
    assert expected == pytest.approx(0.04, rel=0.1)


@pytest.mark.parametrize(("beta1", "share"), [(0.0, 0.0), (0.5, 0.9), (0.5, 0.98), (0.7, 0.98)])
def test_where_the_orbit_of_period_two_is_stable_adam_ends_in_it(beta1, share):
    L, lr = 20.0, 0.01
    threshold = epsilon_threshold(lr, L, beta1)
    orbit = two_cycle(beta1, 0.95, share * threshold / (lr * L))
    assert orbit.stable
    xs = path(lambda x: L * x, np.array([0.3 * lr]), 4000, lr, beta1=beta1, beta2=0.95, eps=share * threshold)[:, 0]
    assert np.abs(xs[-100:]) == pytest.approx(orbit.amplitude * lr, rel=1e-3)
    assert (np.sign(xs[-100:-1]) == -np.sign(xs[-99:])).all()
    assert cycle(beta1, 0.95, share * threshold / (lr * L), steps=9000, observed=1000) == pytest.approx(
        orbit.amplitude, rel=1e-3
    )


def test_the_orbit_of_period_two_is_unstable_for_the_usual_betas_and_gone_above_the_threshold():
    orbit = two_cycle(0.9, 0.95)
    assert not orbit.stable
    assert orbit.amplitude == pytest.approx(1 / 38)
    assert cycle(0.9, 0.95, steps=4000, observed=2000) > 1.4 * orbit.amplitude
    assert two_cycle(0.9, 0.999, 1 / 37) is None


@pytest.mark.parametrize("distance", [100, 1000])
def test_adam_walks_about_lr_a_step_towards_a_far_minimiser(distance):
    lr = 0.003
    aim = distance * lr
    xs = path(lambda x: x - aim, np.zeros(1), 2 * distance, lr)[:, 0]
    arrived = int(np.argmax(xs > 0.9 * aim)) + 1
    assert steps_to_arrive(aim, lr) == pytest.approx(distance)
    assert distance * 0.9 <= arrived < 1.5 * distance
    with pytest.raises(InputError, match="positive"):
        steps_to_arrive(1.0, 0.0)


betas = st.tuples(st.sampled_from((0.0, 0.5, 0.9, 0.99)), st.sampled_from((0.5, 0.9, 0.99, 0.999)))


@given(betas, st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.booleans())
def test_no_gradients_make_a_step_longer_than_the_largest_or_lead_farther(both, gradients, corrected):
    beta1, beta2 = both
    # Gradients whose squares a double holds: below, v loses bits and with them the bound.
    drawn = iter([g if abs(g) > 1e-3 else 1e-3 for g in gradients] + [0.0])
    xs = path(
        lambda x: np.array([next(drawn)]),
        np.zeros(1),
        len(gradients),
        1.0,
        beta1=beta1,
        beta2=beta2,
        eps=0.0,
        corrected=corrected,
    )[:, 0]
    for k, step in enumerate(np.abs(np.diff(xs, prepend=0.0)), 1):
        assert step <= largest_step(beta1, beta2, k, corrected=corrected) * (1 + 1e-12)
        assert abs(xs[k - 1]) <= farthest(k, beta1, beta2, corrected=corrected) * (1 + 1e-12)


@pytest.mark.parametrize("both", [(0.9, 0.999), (0.5, 0.9), (0.9, 0.9), (0.99, 0.9)])
def test_growing_gradients_reach_the_largest_step(both):
    beta1, beta2 = both
    drawn = iter((beta2 / beta1) ** k for k in range(41))
    xs = path(lambda x: np.array([next(drawn)]), np.zeros(1), 40, 1.0, beta1=beta1, beta2=beta2, eps=0.0)[:, 0]
    for k, step in enumerate(np.abs(np.diff(xs, prepend=0.0)), 1):
        assert step == pytest.approx(largest_step(beta1, beta2, k), rel=1e-9)


def test_the_bounds_of_late_steps_are_7_27_of_any_gradients_and_3_16_of_an_isolated_one():
    assert largest_step() == pytest.approx(7.2703, rel=1e-4)
    assert largest_step(0.99, 0.9) == largest_step(0.9, 0.0) == inf
    assert largest_step(0.0, 0.0) == largest_step(0.9, 0.0, 1) == 1
    assert isolated_step() == pytest.approx(0.1 / 0.001**0.5)
    drawn = iter([1e-12] * 9000 + [1.0, 1.0])
    xs = path(lambda x: np.array([next(drawn)]), np.zeros(1), 9001, 1.0, eps=1e-9)[:, 0]
    assert abs(xs[-1] - xs[-2]) == pytest.approx(isolated_step(), rel=1e-3)
    assert farthest(20_000) == pytest.approx(farthest(10_000) + 10_000 * largest_step(), rel=1e-6)
