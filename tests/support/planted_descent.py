"""Optimisers with one mistake each, for the questions that must notice it."""

from itertools import count
from typing import Literal

import numpy as np

from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT32, format_of
from stabilitylab.solvers.descent import Iterate, zeros
from stabilitylab.solvers.descent.updates import plain


def adam_with(correction=lambda beta, k: 1 - beta ** (k + 1), swapped=False, eps_inside=False, early=0, rate=0):
    """Adam, with another bias correction, its betas exchanged, eps inside the root, or the rate of another step."""

    def adam(
        gradient,
        x,
        *,
        lr,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        eps_added: Literal["after correction"] = "after correction",
        corrected: Literal[True] = True,
        update=plain,
    ):
        if swapped:
            beta1, beta2 = beta2, beta1
        for k in count(early):
            g = gradient(x)
            if k == early:
                m = v = zeros(g)
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * (g * g)
            m_hat, v_hat = m / correction(beta1, k), v / correction(beta2, k)
            root = np.sqrt(v_hat + eps) if eps_inside else np.sqrt(v_hat) + eps
            x = update(x, -lr(k + rate) * (m_hat / root))
            yield Iterate(x, {"m": m, "v": v})

    return adam


def rmsprop_with_eps_on_the_other_side(
    gradient, x, *, lr, decay: float = 0.9, eps: float = 1e-8, eps_inside: bool = False, update=plain
):
    for k in count():
        g = gradient(x)
        if k == 0:
            v = zeros(g)
        v = decay * v + (1 - decay) * (g * g)
        root = np.sqrt(v) + eps if eps_inside else np.sqrt(v + eps)
        x = update(x, -lr(k) * (g / root))
        yield Iterate(x, {"v": v})


def two_steps_at_a_time(gradient, x, *, lr, update=plain):
    for k in count():
        for _ in range(2):
            x = update(x, -lr(k) * gradient(x))
        yield Iterate(x)


def a_step_before_the_first(gradient, x, *, lr, update=plain):
    x = update(x, -lr(0) * gradient(x))
    for k in count():
        x = update(x, -lr(k) * gradient(x))
        yield Iterate(x)


def stops_at_a_small_gradient(gradient, x, *, lr, update=plain):
    g = gradient(x)
    for k in count():
        if np.abs(g).max() < 1:
            return
        x = update(x, -lr(k) * g)
        yield Iterate(x)
        g = gradient(x)


def in_place(gradient, x, *, lr, update=plain):
    for k in count():
        x += -lr(k) * gradient(x)
        yield Iterate(x)


def one_array_for_all_iterates(gradient, x, *, lr, update=plain):
    held = x.copy()
    for k in count():
        held[...] = update(held, -lr(k) * gradient(held))
        yield Iterate(held)


def without_its_update(gradient, x, *, lr, update=plain):
    for k in count():
        x = x - lr(k) * gradient(x)
        yield Iterate(x)


def with_a_float64_rate(gradient, x, *, lr, update=plain):
    for k in count():
        x = plain(x, -np.float64(lr(k)) * np.asarray(gradient(x)))
        yield Iterate(x, {"v": np.asarray(gradient(x)) * np.float64(lr(k))})


def rounds_the_step_first(x, step):
    return x + format_of(x).rounded(step)


def rounds_the_sum_twice(x, step):
    wide = format_of(step)
    return format_of(x).rounded(wide.rounded(x) + step)


def by_way_of_bfloat16(x, step):
    return format_of(x).rounded(BFLOAT16.rounded(FLOAT32.rounded(plain(x, step))))


def gradient_with(default):
    """Gradient descent whose own update is this one."""

    def gradient_descent(gradient, x, *, lr, update=default):
        for k in count():
            x = update(x, -lr(k) * gradient(x))
            yield Iterate(x)

    return gradient_descent


def lion_with_betas_exchanged(
    gradient, x, *, lr, beta1: float = 0.9, beta2: float = 0.99, weight_decay: float = 0.0, update=plain
):
    for k in count():
        g = gradient(x)
        if k == 0:
            m = zeros(g)
        x = update(x, -lr(k) * (np.sign(beta2 * m + (1 - beta2) * g) + weight_decay * x))
        m = beta1 * m + (1 - beta1) * g
        yield Iterate(x, {"m": m})
