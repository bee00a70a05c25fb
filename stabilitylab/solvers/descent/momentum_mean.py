"""Gradient descent along a running mean of the gradients."""

from collections.abc import Iterator
from itertools import count

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.momentum_mean", source="Cohen et al., arXiv:2207.14484 (2022), section 3", law="momentum_mean")
def momentum_mean(
    gradient: Gradient, x: Array, *, lr: Rate, beta: float = 0.9, update: Update = plain
) -> Iterator[Iterate]:
    """m_(k+1) = beta m_k + (1 - beta) g(x_k), x_(k+1) = x_k - lr m_(k+1): Adam without its scaling and correction.

    The heavy ball with the rate (1 - beta) lr: diverges where lr > 2 (1 + beta)/((1 - beta) L), 38/L at 0.9.
    Source: Cohen et al., Adaptive gradient methods at the edge of stability, arXiv:2207.14484 (2022), section 3."""
    for k in count():
        g = gradient(x)
        if k == 0:
            m = zeros(g)
        m = beta * m + (1 - beta) * g
        x = update(x, -lr(k) * m)
        yield Iterate(x, {"m": m})
