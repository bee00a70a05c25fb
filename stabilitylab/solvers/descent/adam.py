"""Adam."""

from collections.abc import Iterator
from itertools import count
from typing import Literal

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.adam", source="Kingma and Ba, ICLR (2015), algorithm 1", law="adam", usual_rate=0.001)
def adam(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    eps_added: Literal["after correction", "before correction"] = "after correction",
    corrected: bool = True,
    update: Update = plain,
) -> Iterator[Iterate]:
    """x_(k+1) = x_k - lr m̂ / (sqrt(v̂) + eps), m and v the running means of g and g², hats for the bias correction.

    Where gradients keep their sign a step is about lr long, whatever their size. At constant lr it converges only
    where eps > lr L (1 - beta1)/(2 (1 + beta1)).
    eps_added: "before correction": lr sqrt(1 - beta2^(k+1))/(1 - beta1^(k+1)) m/(sqrt(v) + eps), the form at the end of
    section 2, as Keras and TensorFlow: eps counts 1/sqrt(1 - beta2) times as much in the first step. corrected: False
    leaves the bias correction out.
    Source: Kingma and Ba (2015), algorithm 1."""
    for k in count():
        # 1. The gradient.
        g = gradient(x)
        if k == 0:
            m = v = zeros(g)
        # 2. and 3. The running means, which start at 0.
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        # 4. to 6. They are means over 1 - beta**(k+1) of the weight: divided by it, m̂ and v̂ are unbiased.
        step = adam_direction(m, v, k, beta1, beta2, eps, before=eps_added == "before correction", corrected=corrected)
        x = update(x, -lr(k) * step)
        yield Iterate(x, {"m": m, "v": v})


def adam_direction(
    m: Array, v: Array, k: int, beta1: float, beta2: float, eps: float, *, before: bool, corrected: bool
) -> Array:
    """m̂ / (sqrt(v̂) + eps) (n,) in step k = 0, 1, ...; before: eps is added to sqrt(v), which is corrected then."""
    first, second = 1 - beta1 ** (k + 1), 1 - beta2 ** (k + 1)
    step: Array
    if not corrected:
        step = m / (np.sqrt(v) + eps)
    elif before:
        step = second**0.5 / first * (m / (np.sqrt(v) + eps))
    else:
        step = (m / first) / (np.sqrt(v / second) + eps)
    return step
