"""Adam with weight decay: beside the step, in the step, or as a penalty in the gradient."""

from collections.abc import Iterator
from itertools import count
from typing import Literal

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, as_of, optimiser, zeros
from stabilitylab.solvers.descent.adam import adam_direction
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.adamw", source="Loshchilov and Hutter, ICLR (2019), algorithm 2", usual_rate=0.001)
def adamw(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    eps_added: Literal["after correction", "before correction"] = "after correction",
    weight_decay: float = 0.01,
    decay: Literal["beside the step", "in the step", "coupled"] = "beside the step",
    update: Update = plain,
) -> Iterator[Iterate]:
    """x_(k+1) = x_k - lr weight_decay x_k - lr m̂ / (sqrt(v̂) + eps), m and v the running means of Adam.

    It does not converge to the least-squares solution, but to a compromise with 0 that depends on the scale of x alone.
    decay: "beside the step": x - lr weight_decay x, then Adam's step, each rounded, as torch and Keras. "in the step":
    lr (m̂/(sqrt(v̂) + eps) + weight_decay x), one addition, as Optax. Either way lr weight_decay below u/2 changes no
    weight by itself. "coupled": weight_decay x is added to g, a penalty, which Adam then scales away, as torch's Adam.
    Source: Loshchilov and Hutter, Decoupled weight decay regularization, ICLR (2019), algorithm 2; lr is their
    eta alpha, and weight_decay their lambda/alpha, as in libraries."""
    for k in count():
        g = gradient(x)
        if decay == "coupled":  # line 6
            g = g + weight_decay * as_of(g, x)
        if k == 0:
            m = v = zeros(g)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        step = adam_direction(m, v, k, beta1, beta2, eps, before=eps_added == "before correction", corrected=True)
        if decay == "in the step":  # line 12
            step = step + weight_decay * as_of(g, x)
        elif decay == "beside the step":
            x = update(x, -(lr(k) * weight_decay) * x)
        x = update(x, -lr(k) * step)
        yield Iterate(x, {"m": m, "v": v})
