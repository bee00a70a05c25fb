"""RMSprop."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.rmsprop", source="Tieleman and Hinton, Coursera lecture 6.5 (2012)", usual_rate=0.001)
def rmsprop(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    decay: float = 0.9,
    eps: float = 1e-8,
    eps_inside: bool = False,
    update: Update = plain,
) -> Iterator[Iterate]:
    """v_(k+1) = decay v_k + (1 - decay) g², x_(k+1) = x_k - lr g / (sqrt(v) + eps).

    v starts at 0 and is not corrected: the first step is lr/sqrt(1 - decay) long.
    eps_inside: sqrt(v + eps), as Optax and Keras, where eps limits a gradient of sqrt(eps); outside as torch. The
    source has no eps.
    Source: Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012)."""
    for k in count():
        g = gradient(x)
        if k == 0:
            v = zeros(g)
        v = decay * v + (1 - decay) * (g * g)
        root = np.sqrt(v + eps) if eps_inside else np.sqrt(v) + eps
        x = update(x, -lr(k) * (g / root))
        yield Iterate(x, {"v": v})
