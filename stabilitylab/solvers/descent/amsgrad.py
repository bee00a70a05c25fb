"""AMSGrad."""

from collections.abc import Iterator
from itertools import count
from typing import Literal

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.adam import adam_direction
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.amsgrad", source="Reddi, Kale and Kumar, ICLR (2018), algorithm 2", usual_rate=0.001)
def amsgrad(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    maximum_of: Literal["v", "corrected v"] = "v",
    corrected: bool = True,
    update: Update = plain,
) -> Iterator[Iterate]:
    """Adam with the largest v so far in place of v, so that no rate of a coordinate grows again.

    maximum_of: what the maximum is taken of: v, which is corrected afterwards, as torch and Keras; or the corrected v,
    as Optax, which is larger in the first steps and stays. corrected: the source has no bias correction, and no eps:
    corrected=False, eps=0.
    Source: Reddi, Kale and Kumar, On the convergence of Adam and beyond, ICLR (2018), algorithm 2."""
    for k in count():
        g = gradient(x)
        if k == 0:
            m = v = largest = zeros(g)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        if maximum_of == "v" or not corrected:
            largest = np.maximum(largest, v)
            step = adam_direction(m, largest, k, beta1, beta2, eps, before=False, corrected=corrected)
        else:
            largest = np.maximum(largest, v / (1 - beta2 ** (k + 1)))
            step = (m / (1 - beta1 ** (k + 1))) / (np.sqrt(largest) + eps)
        x = update(x, -lr(k) * step)
        yield Iterate(x, {"m": m, "v": v, "largest": largest})
