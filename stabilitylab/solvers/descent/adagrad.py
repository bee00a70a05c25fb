"""Adagrad."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.adagrad", source="Duchi, Hazan and Singer, JMLR 12 (2011), figure 1", usual_rate=0.01)
def adagrad(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    eps: float = 1e-10,
    eps_inside: bool = False,
    initial: float = 0.0,
    update: Update = plain,
) -> Iterator[Iterate]:
    """s_(k+1) = s_k + g², x_(k+1) = x_k - lr g / (sqrt(s) + eps), s_0 = initial: the rate of a coordinate falls as
    1/sqrt(k) by itself.

    eps_inside: sqrt(s + eps), as Optax and Keras, which start from 0.1; outside as the source and torch, from 0.
    Source: Duchi, Hazan and Singer, JMLR 12 (2011) 2121-2159, figure 1, with diagonal matrices; delta is eps."""
    for k in count():
        g = gradient(x)
        if k == 0:
            s = zeros(g) + initial
        s = s + g * g
        root = np.sqrt(s + eps) if eps_inside else np.sqrt(s) + eps
        x = update(x, -lr(k) * (g / root))
        yield Iterate(x, {"s": s})
