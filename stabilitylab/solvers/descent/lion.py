"""Lion."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, as_of, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.lion", source="Chen et al., NeurIPS (2023), algorithm 2", usual_rate=0.0001)
def lion(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
    update: Update = plain,
) -> Iterator[Iterate]:
    """x_(k+1) = x_k - lr (sign(beta1 m_k + (1 - beta1) g) + weight_decay x_k), m_(k+1) = beta2 m_k + (1 - beta2) g.

    Every coordinate moves by lr in every step, so that at constant lr it ends in a cycle of that size; it reaches a
    coefficient x after |x|/lr steps, and not before. weight_decay: the lambda of the source, which has no default.
    Source: Chen et al., Symbolic discovery of optimization algorithms, arXiv:2302.06675 (2023), algorithm 2."""
    for k in count():
        g = gradient(x)
        if k == 0:
            m = zeros(g)
        step = np.sign(beta1 * m + (1 - beta1) * g)
        if weight_decay:
            step = step + weight_decay * as_of(g, x)
        x = update(x, -lr(k) * step)
        m = beta2 * m + (1 - beta2) * g
        yield Iterate(x, {"m": m})
