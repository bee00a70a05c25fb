"""Polyak's heavy ball."""

from collections.abc import Iterator
from itertools import count

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.heavy_ball", source="Polyak, USSR Comput. Math. Math. Phys. 4 (1964), section 2", law="heavy_ball")
def heavy_ball(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    momentum: float = 0.9,
    dampening: float = 0.0,
    lr_inside: bool = False,
    update: Update = plain,
) -> Iterator[Iterate]:
    """v_(k+1) = momentum v_k + g(x_k), x_(k+1) = x_k - lr v_(k+1).

    At constant lr that is Polyak's x_(k+1) = x_k - lr g(x_k) + momentum (x_k - x_(k-1)). Diverges where
    lr > 2 (1 + momentum)/L. The best parameters bring the rate from that of cond(A)² to that of cond(A), after a first
    growth to about cond(A)/e from a cold start.
    dampening: g times 1 - dampening after the first step, as torch.optim.SGD. lr_inside: v = momentum v - lr g and
    x + v, Polyak's form where lr changes, as in Keras; otherwise a new lr also multiplies what is in v.
    Source: Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1-17, doi:10.1016/0041-5553(64)90137-5, section 2."""
    for k in count():
        g = gradient(x)
        if k == 0:
            v = zeros(g)
        elif dampening:
            g = (1 - dampening) * g
        if lr_inside:
            v = momentum * v - lr(k) * g
            x = update(x, v)
        else:
            v = momentum * v + g
            x = update(x, -lr(k) * v)
        yield Iterate(x, {"v": v})
