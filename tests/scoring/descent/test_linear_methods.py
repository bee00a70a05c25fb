"""Linear methods: limit, rates and the solution by modes, against exact recurrences and runs of the optimisers."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import MPContext

from stabilitylab.core.errors import InputError
from stabilitylab.scoring.theory.descent.modes import (
    log_envelope,
    log_modes,
    rate,
    steps_of_coefficients,
    steps_to_digits,
)
from stabilitylab.scoring.theory.descent.recurrence import LINEAR, Recurrence, recurrence_of
from stabilitylab.scoring.theory.descent.tuning import (
    best_gradient,
    best_heavy_ball,
    best_nesterov,
    safe_gradient,
    standard_nesterov,
)
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.schedules import constant

mp = MPContext()
mp.dps = 60

MEASURED = [name for name in descent.names() if descent.entry(name).label.law in LINEAR]
TUNINGS = (best_gradient, safe_gradient, best_heavy_ball, standard_nesterov, best_nesterov)
momenta = st.sampled_from((0.0, 0.25, 0.5, 0.9, 0.99))


FORMS = [(name, {}) for name in MEASURED] + [("descent.nesterov", {"form": "shifted"})]
FORMS += [("descent.heavy_ball", {"dampening": 0.3}), ("descent.heavy_ball", {"lr_inside": True})]


def law(name, momentum, **more):
    """The recurrence of an optimiser's label, and the keyword arguments that it goes with."""
    named = {"gradient": {}, "momentum_mean": {"beta": momentum}}
    given = named.get(descent.entry(name).label.law, {"momentum": momentum}) | more
    return recurrence_of(descent.entry(name).label.law, given), given


def run(name, h, steps, momentum, **more):
    """Errors (steps, n) of an optimiser on the modes h, from 1 each."""
    _, given = law(name, momentum, **more)
    iterates = descent.get(name)(lambda x: h * x, np.ones_like(h), lr=constant(1.0), **given)
    return np.array([iterate.x for iterate in islice(iterates, steps)])


def exact(recurrence, h, steps):
    """e_0, ..., e_steps in 60 digits."""
    h = mp.mpf(float(h))
    s, p = (mp.mpf(a) - mp.mpf(b) * h for a, b in ((recurrence.s0, recurrence.s1), (recurrence.p0, recurrence.p1)))
    errors = [mp.mpf(1), 1 - mp.mpf(recurrence.first) * h]
    while len(errors) <= steps:
        errors.append(s * errors[-1] - p * errors[-2])
    return errors


@given(st.sampled_from(sorted(LINEAR)), momenta, st.floats(1e-6, 1.1))
def test_the_solution_by_modes_is_that_of_the_recurrence_in_60_digits_and_the_envelope_bounds_it(name, momentum, part):
    recurrence = LINEAR[name](*(() if name == "gradient" else (momentum,)))
    h = np.array([part * recurrence.limit])
    steps = np.array([0, 1, 2, 3, 4, 17, 18, 100, 101])
    logs, signs = (values[:, 0] for values in log_modes(recurrence, h, steps))
    bounds = log_envelope(recurrence, h, steps)[:, 0]
    errors = exact(recurrence, h[0], steps[-1])
    for k, log, sign, bound in zip(steps, logs, signs, bounds, strict=True):
        assert abs(errors[k]) <= mp.exp(bound) * (1 + mp.mpf(10) ** -9)
        assert abs(float(sign) * mp.exp(log) - errors[k]) <= mp.mpf(10) ** -9 * mp.exp(bound)


@given(st.sampled_from(sorted(LINEAR)), momenta)
def test_just_below_the_limit_both_roots_are_below_1_in_modulus_and_just_above_one_is_not(name, momentum):
    recurrence = LINEAR[name](*(() if name == "gradient" else (momentum,)))
    below, above = recurrence.radius(recurrence.limit * np.array([1 - 1e-6, 1 + 1e-6]))
    assert below < 1 < above
    assert recurrence.radius(recurrence.limit * np.linspace(1e-3, 0.999, 200)).max() < 1


def test_the_limits_are_those_of_the_textbooks_and_a_recurrence_that_never_leaves_has_none():
    b = 0.9
    expected = {
        "gradient": 2,
        "heavy_ball": 2 * (1 + b),
        "nesterov": 2 * (1 + b) / (1 + 2 * b),
        "momentum_mean": 2 * (1 + b) / (1 - b),
    }
    found = {name: make(*(() if name == "gradient" else (b,))).limit for name, make in LINEAR.items()}
    assert found == pytest.approx(expected, rel=1e-12)
    assert Recurrence(s0=0.5, s1=0.0).limit == np.inf


@pytest.mark.parametrize(("name", "more"), FORMS)
@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_an_optimiser_diverges_above_the_limit_of_its_law_and_not_below_to_four_digits(name, more, momentum):
    recurrence, _ = law(name, momentum, **more)
    h = recurrence.limit * (1 + 5e-5 * np.array([-1.0, 1.0]))
    errors = np.abs(run(name, h, 1000, momentum, **more))
    below, above = errors[-1] / errors[499]
    assert below < 1 < above


@pytest.mark.parametrize(("name", "more"), FORMS)
def test_an_optimiser_takes_the_path_that_its_law_predicts(name, more):
    recurrence, _ = law(name, 0.9, **more)
    h = np.array([0.001, 0.01, 0.2, 0.5, 0.9, 0.999]) * recurrence.limit
    errors = run(name, h, 300, 0.9, **more)
    steps = np.arange(1, 301)
    logs, signs = log_modes(recurrence, h, steps)
    bound = np.exp(log_envelope(recurrence, h, steps))
    assert (np.abs(signs * np.exp(logs) - errors) <= 1e-10 * bound + 1e-300).all()
    # A momentum that is not the one of the run is noticed.
    if recurrence.p0:
        other, _ = law(name, 0.91, **more)
        logs, signs = log_modes(other, h, steps)
        assert (np.abs(signs * np.exp(logs) - errors) > 1e-3 * bound).any()


def test_a_law_that_is_not_linear_has_no_recurrence_and_one_that_lacks_its_momentum_says_so():
    assert recurrence_of("adam", {"beta1": 0.9}) is None
    assert recurrence_of(None, {}) is None
    assert recurrence_of("heavy_ball", {"momentum": 0.5, "lr": 1.0}) == LINEAR["heavy_ball"](0.5)
    with pytest.raises(InputError, match="depends on momentum"):
        recurrence_of("heavy_ball", {"lr": 1.0})


@pytest.mark.parametrize("tuning", TUNINGS, ids=lambda tuning: tuning.__name__)
@pytest.mark.parametrize("kappa", [10.0, 1e4])
def test_the_rates_of_the_table_are_those_of_the_recurrences_and_no_rate_nearby_is_better(tuning, kappa):
    tuned = tuning(2.0, 2.0 * kappa)
    spectrum = np.geomspace(2.0, 2.0 * kappa, 60)
    assert 1 - rate(tuned.recurrence, spectrum * tuned.lr) == pytest.approx(1 - tuned.rate, rel=1e-5)
    if tuning in (best_gradient, best_heavy_ball):
        others = [rate(tuned.recurrence, spectrum * tuned.lr * factor) for factor in (0.98, 1.02)]
        assert min(others) > tuned.rate
    with pytest.raises(InputError, match="smallest first"):
        tuning(2.0, 1.0)


@pytest.mark.parametrize("tuning", TUNINGS, ids=lambda tuning: tuning.__name__)
def test_the_steps_to_some_digits_are_those_after_which_the_error_stays_below(tuning):
    tuned = tuning(1.0, 100.0)
    h = np.array([1.0, 3.0, 40.0, 100.0]) * tuned.lr
    for one, steps in zip(h, steps_to_digits(tuned.recurrence, h, 6), strict=True):
        errors = [float(abs(error)) for error in exact(tuned.recurrence, one, int(steps) + 200)]
        last = max(k for k, error in enumerate(errors) if error > 1e-6)
        assert steps == last + 1
    assert (steps_to_digits(tuned.recurrence, np.array([2.0 * tuned.recurrence.limit]), 6) == np.inf).all()


def test_a_coefficient_needs_as_long_as_the_directions_that_it_has_a_part_in():
    recurrence = LINEAR["gradient"]()
    h, rotation = np.array([1.0, 0.01]), np.array([[1.0, 0.0], [0.6, 0.8]])
    components = np.array([5.0, -2.0])
    steps = steps_of_coefficients(recurrence, h, rotation, components, np.array([1e-6, 1e-6]))
    assert steps[0] == 1
    k = int(steps[1])
    assert 0.8 * 2 * 0.99**k <= 1e-6 < 0.8 * 2 * 0.99 ** (k - 1)
    assert steps_of_coefficients(recurrence, h, rotation, 0 * components, np.ones(2)).tolist() == [0, 0]
