"""Adam."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.adam", source="Kingma and Ba, ICLR (2015), algorithm 1", law="adam")
def adam(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    update: Update = plain,
) -> Iterator[Iterate]:
    """x_(k+1) = x_k - lr m̂ / (sqrt(v̂) + eps), m and v the running means of g and g², hats for the bias correction.

    Source: Kingma and Ba (2015), algorithm 1."""
    g = gradient(x)
    m = v = 0 * g
    for k in count():
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        # Bias correction: both started at 0, so that they are means over 1 - beta**(k+1) of the weight.
        corrected = m / (1 - beta1 ** (k + 1))
        root = np.sqrt(v / (1 - beta2 ** (k + 1)))
        x = update(x, -lr(k) * (corrected / (root + eps)))
        yield Iterate(x, {"m": m, "v": v})
        g = gradient(x)
