"""NAdam: Adam with Nesterov's look-ahead."""

from collections.abc import Iterator
from itertools import count
from typing import Literal

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain

WARMTH = 0.96  # of the schedule of momenta, section 2 of the source


@optimiser("descent.nadam", source="Dozat, ICLR workshop (2016), algorithm 2", usual_rate=0.002)
def nadam(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    momentum: Literal["growing", "constant"] = "growing",
    momentum_decay: float = 0.004,
    update: Update = plain,
) -> Iterator[Iterate]:
    """x_(k+1) = x_k - lr (mu_(k+2) m / (1 - mu_1 ... mu_(k+2)) + (1 - mu_(k+1)) g / (1 - mu_1 ... mu_(k+1))) / root.

    m and v are Adam's running means, with beta1 and not with mu, as in libraries; root = sqrt(v̂) + eps, v̂ without the
    further factor beta2 of the source, which no library has.
    momentum: "growing": mu_t = beta1 (1 - 0.96**(t momentum_decay)/2), as torch and the source with 0.004, and as Keras
    with 1; "constant": mu_t = beta1, as Optax.
    Source: Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop (2016), algorithm 2."""

    def mu(t: int) -> float:
        return beta1 if momentum == "constant" else beta1 * (1 - 0.5 * WARMTH ** (t * momentum_decay))

    weight = 1.0
    for k in count():
        g = gradient(x)
        if k == 0:
            m = v = zeros(g)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        # The look-ahead: the momentum of the next step for m, that of this one for g, each with its own correction.
        weight *= mu(k + 1)
        ahead = mu(k + 2) / (1 - weight * mu(k + 2)) * m + (1 - mu(k + 1)) / (1 - weight) * g
        x = update(x, -lr(k) * (ahead / (np.sqrt(v / (1 - beta2 ** (k + 1))) + eps)))
        yield Iterate(x, {"m": m, "v": v})
