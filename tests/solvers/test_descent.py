"""Optimisers as generators: formats, what is refused when they are called, and learning rates."""

import inspect
import math
from itertools import islice

import mpmath
import numpy as np
import pytest

from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, LONGDOUBLE, format_of
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LeastSquares
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.schedules import (
    constant,
    cosine,
    exponential,
    inverse_power,
    inverse_time,
    step_decay,
    warm_up,
)
from stabilitylab.solvers.descent.updates import compensated, master, plain, stochastic

A = np.array([[1, 2, 0], [0, 1, -1], [3, 0, 1], [1, 1, 1], [2, -1, 0]], dtype=float)
B = np.array([1.0, -2.0, 3.0, 0.0, 1.0])
EVERY = pytest.mark.parametrize("name", descent.names())


def steps(name, gradient, x, count=6, **keywords):
    return list(islice(descent.get(name)(gradient, x, lr=constant(0.01), **keywords), count))


@EVERY
@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16, FLOAT32, FLOAT64, LONGDOUBLE], ids=str)
def test_weights_and_state_keep_the_format(name, format):
    objective = LeastSquares(format.rounded(A), format.rounded(B), "mean")
    start = format.rounded(np.zeros(3))
    for x, state in steps(name, objective.gradient, start):
        assert format_of(x) == format
        assert all(format_of(values) == format for values in state.values())
    assert not np.asarray(start).any(), "the start was written to"


@EVERY
def test_numbers_of_mpmath_go_through_the_same_lines(name):
    ctx = mpmath.MPContext()
    ctx.prec = 200

    def numbers(values):
        return np.array([ctx.mpf(v) for v in values.ravel().tolist()], dtype=object).reshape(values.shape)

    wide = LeastSquares(numbers(A), numbers(B), "mean")
    double = LeastSquares(A, B, "mean")
    x = steps(name, wide.gradient, numbers(np.zeros(3)))[-1].x
    assert all(isinstance(entry, ctx.mpf) for entry in x)
    assert np.allclose(x.astype(float), steps(name, double.gradient, np.zeros(3))[-1].x, rtol=1e-12)


@EVERY
@pytest.mark.parametrize(
    "update", [lambda: plain, compensated, master, lambda: stochastic(1)], ids=["plain", "compensated", "master", "sr"]
)
def test_a_wider_gradient_decides_the_format_of_the_state_and_not_of_the_weights(name, update):
    objective = LeastSquares(FLOAT32.rounded(A), FLOAT32.rounded(B), "mean")
    for narrow in (BFLOAT16, FLOAT16):
        start = narrow.rounded(np.full(3, 0.5))
        given = steps(name, lambda x: objective.gradient(FLOAT32.rounded(x)), start, update=update())
        assert all(format_of(x) == narrow for x, _ in given)
        # y is the point of the gradient, a weight; everything else is state.
        assert {format_of(values) for key, values in given[-1].state.items() if key != "y"} <= {FLOAT32}


def called(name="descent.adam", x=None, **keywords):
    """A call, of which no step is asked for."""
    return descent.get(name)(lambda x: x, np.ones(2) if x is None else x, **{"lr": constant(0.1), **keywords})


@pytest.mark.parametrize(
    "case",
    {
        "a rate that is a number": (lambda: called(lr=0.1), "constant(0.1)"),
        "no rate at all": (lambda: called(lr=None), "function of the number of the step"),
        "a rate of 0": (lambda: constant(0.0), "above 0"),
        "a negative rate": (lambda: constant(-0.1), "uphill"),
        "a rate that is NaN": (lambda: constant(math.nan), "finite"),
        "an infinite rate": (lambda: constant(math.inf), "finite"),
        "a rate that is text": (lambda: constant("fast"), "'fast'"),
        "a rate that is a flag": (lambda: constant(True), "finite number"),
        "a schedule that becomes negative": (lambda: next(called(lr=lambda k: -1.0)), "lr of step 0"),
        "a schedule that becomes NaN": (lambda: list(islice(called(lr=lambda k: math.nan**k), 3)), "lr of step 1"),
        "a schedule of text": (lambda: next(called(lr=lambda k: "1")), "finite number"),
        "beta1 of 1": (lambda: called(beta1=1.0), "nothing is ever forgotten"),
        "beta2 above 1": (lambda: called(beta2=1.5), "beta2"),
        "a negative momentum": (lambda: called("descent.heavy_ball", momentum=-0.1), "momentum"),
        "a dampening of 1": (lambda: called("descent.heavy_ball", dampening=1), "dampening"),
        "momentum that is NaN": (lambda: called("descent.nesterov", momentum=math.nan), "finite"),
        "a negative eps": (lambda: called(eps=-1e-8), "0 leaves it out"),
        "an infinite eps": (lambda: called("descent.adagrad", eps=math.inf), "eps"),
        "a negative accumulator": (lambda: called("descent.adagrad", initial=-1), "initial"),
        "a negative decay of weights": (lambda: called("descent.lion", weight_decay=-1), "weight_decay"),
        "a flag that is none": (lambda: called("descent.rmsprop", eps_inside="yes"), "True or False"),
        "an unknown form": (lambda: called("descent.nesterov", form="fast"), "textbook, shifted"),
        "an unknown reading": (lambda: called("descent.amsgrad", maximum_of="m"), "corrected v"),
        "an unknown place of eps": (lambda: called(eps_added="both"), "before correction"),
        "an unknown decay": (lambda: called("descent.adamw", decay="l2"), "coupled"),
        "an update that is none": (lambda: called(update="kahan"), "'kahan'"),
        "a start that is a list": (lambda: called(x=[0.0]), "np.zeros(n)"),
        "a start of integers": (lambda: called(x=np.zeros(2, dtype=int)), "int64"),
        "an empty start": (lambda: called(x=np.zeros(0)), "nothing to train"),
        "a start that is a matrix": (lambda: called(x=np.zeros((2, 1))), "ravel"),
        "a start that is NaN": (lambda: called(x=np.array([0.0, math.nan])), "entry 1 of the start is nan"),
        "a start that is infinite": (lambda: called(x=np.array([math.inf])), "entry 0"),
        "no steps of a cosine": (lambda: cosine(0.1, steps=0), "at least 1"),
        "half a step of warm-up": (lambda: warm_up(constant(1.0), steps=0.5), "whole number"),
        "a warm-up of a number": (lambda: warm_up(0.1, steps=5), "warm_up(constant(0.1), steps=5)"),
        "a factor that grows": (lambda: exponential(0.1, factor=1.1), "at most 1"),
        "a factor of 0": (lambda: step_decay(0.1, every=10, factor=0), "above 0"),
        "a decay that grows": (lambda: inverse_time(0.1, decay=-1), "decay"),
        "a power that grows": (lambda: inverse_power(0.1, power=-0.5), "power"),
        "a seed that is none": (lambda: stochastic(None), "seed"),
        "a master format that is none": (lambda: master("float20"), "format must be one of"),
    }.items(),
    ids=lambda case: case[0],
)
def test_what_cannot_be_trained_with_is_refused_when_it_is_said(case):
    call, said = case[1]
    with pytest.raises(InputError) as refused:
        call()
    assert said in str(refused.value)


@EVERY
def test_every_hyperparameter_is_one_that_is_checked(name):
    """A new name that no rule knows would go on unchecked: a text is taken by none."""
    for key, parameter in inspect.signature(descent.get(name)).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            with pytest.raises(InputError, match=key):
                called(name, **{key: "wrong"})


def test_a_float64_of_numpy_does_not_widen_what_it_meets():
    run = descent.get("descent.adam")(
        lambda x: x, np.ones(2, "float16"), lr=lambda k: np.float64(0.1), beta1=np.float64(0.5)
    )
    x, state = next(run)
    assert x.dtype == state["m"].dtype == np.float16


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (constant(0.5), [0.5, 0.5, 0.5, 0.5, 0.5]),
        (step_decay(1.0, every=2, factor=0.5), [1, 1, 0.5, 0.5, 0.25]),
        (exponential(1.0, factor=0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
        (cosine(1.0, steps=4), [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0]),
        (cosine(1.0, steps=2, final=0.5), [1, 0.75, 0.5, 0.5, 0.5]),
        (inverse_time(1.0, decay=1.0), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]),
        (inverse_power(1.0, power=2.0), [1, 1 / 4, 1 / 9, 1 / 16, 1 / 25]),
        (warm_up(step_decay(1.0, every=3, factor=0.5), steps=4), [0.25, 0.5, 0.75, 0.5, 0.5]),
    ],
    ids=["constant", "step decay", "exponential", "cosine", "cosine to an end", "1/t", "1/t²", "warm-up"],
)
def test_schedules(rate, expected):
    assert [rate(k) for k in range(5)] == pytest.approx(expected, rel=1e-15)
    assert all(isinstance(rate(k), float) for k in range(5))
