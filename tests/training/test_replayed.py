"""The steps of a library, made again in 200 bits: what is planted in them is seen, and roundings are not.

The weights are made here, by loops that share no code with the formulas; no library is needed.
"""

from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from optimiser_tasks import START, task
from stabilitylab.core.errors import InputError
from stabilitylab.libraries import optimisers
from stabilitylab.libraries.optimisers import fed_gradient
from stabilitylab.training.replayed import against_formula, agreement, formula_of, parted

STEPS = 30
ADAM = "torch.adam"


def adam(asked, *, betas=(0.9, 0.999), eps=1e-8, before=False, late=0, twice=False):
    """Adam in the float format of the task, with the faults that are asked for."""
    kind = np.dtype(asked.format).type
    gradient, w = fed_gradient(asked), asked.x0.astype(kind)
    m = v = np.zeros(2, kind)
    path = [w]
    for k, lr in enumerate(asked.lr):
        g = gradient(w.astype(float)).astype(kind)
        m = kind(betas[0]) * m + kind(1 - betas[0]) * g
        v = kind(betas[1]) * v + kind(1 - betas[1]) * g * g
        first, second = (kind(1 - beta ** (k + 1 + late)) for beta in betas)
        root = np.sqrt(v) + kind(eps) if before else np.sqrt(v / second) + kind(eps)
        step = m / first / root * (np.sqrt(second) if before else kind(1))
        w = w - kind(lr) * step
        w = w.astype(np.float16).astype(kind) if twice else w
        path.append(w)
    return np.array(path, dtype=float)


@pytest.mark.parametrize("format", ["float64", "float32"])
def test_roundings_do_not_leave_the_formula(format):
    asked = task(STEPS, format=format)
    found = against_formula(ADAM, asked, adam(asked))
    assert found.left() is None
    assert found.ulps[0] == 0
    assert found.digits[0] == np.inf
    assert 0 < found.ulps[-1] < 10


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        ({"late": 1}, 1),  # the bias correction of the step after
        ({"betas": (0.999, 0.9)}, 2),  # the first step is that of the sign of g alone
        ({"eps": 1e-7}, 1),
        ({"eps": 1e-3, "before": True}, 1),
        ({"twice": True}, 1),  # rounded to float16 besides
    ],
    ids=str,
)
def test_a_fault_in_the_steps_is_seen_at_once(fault, step):
    asked = task(STEPS, options={"eps": fault["eps"]} if fault.get("before") else {})
    assert against_formula(ADAM, asked, adam(asked, **fault)).left() == step


def test_a_step_too_many_is_seen():
    asked = task(STEPS)
    path = adam(task(STEPS + 1))
    assert against_formula(ADAM, asked, np.concatenate([path[:10], path[11:]])).left() == 10


def test_options_of_the_task_are_those_of_the_formula():
    label = optimisers.entry(ADAM).label
    assert formula_of(label, {}) == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    assert formula_of(label, {"betas": (0.5, 0.25)}) == {"beta1": 0.5, "beta2": 0.25, "eps": 1e-8}
    asked = task(STEPS, options={"betas": (0.5, 0.25), "eps": 1e-3})
    assert against_formula(ADAM, asked, adam(asked, betas=(0.5, 0.25), eps=1e-3)).left() is None


def test_what_is_stored_in_float32_is_that_only_as_stored():
    asked = task(3, lr=0.1)
    gradient, w = fed_gradient(asked), START
    path = [w]
    for _ in range(3):
        w = w - float(np.float32(0.1)) * gradient(w)
        path.append(w)
    assert against_formula("keras.sgd", asked, np.array(path)).left() == 1
    assert against_formula("keras.sgd", asked, np.array(path), reading="stored").left() is None


@pytest.mark.parametrize(
    ("name", "changed", "says"),
    [
        ("torch.rprop", {}, "no formula here is the one that is documented for torch.rprop"),
        (ADAM, {"own_gradient": True, "loss": "mean"}, "computed its own gradients .* own_gradient=False"),
        (ADAM, {"options": {"weight_decay": 0.1}}, "weight_decay of torch.adam has no place in .*descent.adam"),
        (ADAM, {"options": {"foreach": True}}, "foreach of torch.adam has no place"),
    ],
)
def test_what_cannot_be_made_again_is_refused(name, changed, says):
    asked = task(2, **changed)
    with pytest.raises(InputError, match=says):
        against_formula(name, asked, np.zeros((3, 2)))


def test_a_reading_is_one_of_two():
    with pytest.raises(InputError, match="reading must be one of documented, stored"):
        against_formula(ADAM, task(2), np.zeros((3, 2)), reading="rounded")


def test_an_ulp_is_that_of_the_largest_weight_so_far():
    formula = np.array([[mpmath.mpf(1)], [mpmath.mpf(8)], [mpmath.mpf(0)]])
    path = np.array([[1.0], [8 + 2.0**-49], [2.0**-50]])
    found = agreement(path, formula, "float64")
    assert found.ulps.tolist() == [0, 1, 0.5]
    assert found.digits[1] == pytest.approx(-np.log10(2.0**-52), rel=1e-15)
    assert agreement(path, formula, "float32").ulps.tolist() == [0, 2.0**-29, 2.0**-30]
    below = agreement(np.array([[2.0**-149]]), np.array([[mpmath.mpf(0)]]), "float32")
    assert below.ulps.tolist() == [1]


def test_from_the_step_on_after_which_one_alone_is_finite_no_digit_agrees():
    formula = np.array([[mpmath.mpf(j)] for j in (1, 2, 3)])
    found = agreement(np.array([[1.0], [np.nan], [3.0]]), formula, "float64")
    assert found.digits.tolist() == [np.inf, 0, 0]
    assert found.left() == 1
    overflown = np.array([[mpmath.mpf(1)], [mpmath.inf], [mpmath.nan]])
    assert agreement(np.array([[1.0], [np.inf], [np.nan]]), overflown, "float64").left() is None


def test_two_trajectories_part_where_they_differ_by_more_than_so_many_ulps():
    one = np.array([[1.0, 2], [4, 2], [1, 2], [1, 2]])
    other = one + np.array([[0, 0], [0, 0], [0, 3 * 2.0**-51], [20 * 2.0**-50, 0]])
    assert parted(one, other, "float64", ulps=0) == 2
    assert parted(one, other, "float64", ulps=3) == 3
    assert parted(one, other, "float64") == 3
    assert parted(one, other, "float64", ulps=20) is None
    lost = one.copy()
    lost[2:] = np.nan
    assert parted(one, lost, "float64") == 2
    assert parted(lost, lost, "float64") is None


def test_the_formula_is_right_to_200_bits():
    """Two steps of gradient descent in fractions."""
    asked = replace(task(2, lr=0.1), options={})
    gradient, w = fed_gradient(asked), [Fraction(x) for x in START]
    path = np.array([START] * 3)
    for k in range(2):
        w = [x - Fraction(0.1) * Fraction(g) for x, g in zip(w, gradient(path[k]), strict=True)]
    found = against_formula("torch.sgd", asked, path).formula[2]
    with mpmath.workprec(220):
        for x, right in zip(found, w, strict=True):
            assert abs(x - mpmath.mpf(right.numerator) / right.denominator) < mpmath.mpf(2) ** -198
