"""Adadelta."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate, constant
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.adadelta", source="Zeiler, arXiv:1212.5701 (2012), algorithm 1", usual_rate=1.0)
def adadelta(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate = constant(1.0),  # noqa: B008 - a function without a state
    decay: float = 0.95,
    eps: float = 1e-6,
    update: Update = plain,
) -> Iterator[Iterate]:
    """v the running mean of g², d = sqrt(u + eps)/sqrt(v + eps) g, u the running mean of d², x_(k+1) = x_k - lr d.

    The step has the unit of x whatever that of g. u starts at 0, so that the first steps are sqrt(eps/(1 - decay))
    long: eps decides how long it takes to get going.
    Source: Zeiler, ADADELTA: an adaptive learning rate method, arXiv:1212.5701 (2012), algorithm 1, which has lr 1."""
    for k in count():
        g = gradient(x)
        if k == 0:
            u = v = zeros(g)
        # 4. Accumulate the gradient.
        v = decay * v + (1 - decay) * (g * g)
        # 5. The step, from the steps before it.
        d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        # 6. Accumulate the steps.
        u = decay * u + (1 - decay) * (d * d)
        # 7. Take it.
        x = update(x, -lr(k) * d)
        yield Iterate(x, {"u": u, "v": v})
