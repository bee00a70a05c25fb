"""Nesterov's accelerated gradient, in his form and in the two that libraries store."""

from collections.abc import Iterator
from itertools import count
from typing import Literal

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, as_of, optimiser, zeros
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.nesterov", source="Nesterov (1983); Nesterov (2004), (2.2.20)", law="nesterov")
def nesterov(
    gradient: Gradient,
    x: Array,
    *,
    lr: Rate,
    momentum: float = 0.9,
    form: Literal["textbook", "shifted", "shifted, lr inside"] = "textbook",
    update: Update = plain,
) -> Iterator[Iterate]:
    """y_k = x_k + momentum (x_k - x_(k-1)), x_(k+1) = y_k - lr g(y_k), x_(-1) = x_0.

    Diverges where lr > 2 (1 + momentum)/((1 + 2 momentum) L), which falls to 4/3 as momentum grows to 1: earlier than
    gradient descent and than the heavy ball.
    form: "shifted": the weight is y_k: v = momentum v + g(y), y - lr (g + momentum v), as torch.optim.SGD and Optax;
    the same path at constant lr, seen one look-ahead later. "shifted, lr inside": v = momentum v - lr g(y), y +
    momentum v - lr g, as Keras, which is the textbook's path for changing lr too.
    Source: Nesterov, Dokl. Akad. Nauk SSSR 269 (1983) 543-547; Introductory Lectures on Convex Optimization (2004),
    (2.2.20). The shift: Bengio, Boulanger-Lewandowski and Pascanu, ICASSP (2013), section 3.5."""
    if form == "textbook":
        return _textbook(gradient, x, lr, momentum, update)
    return _shifted(gradient, x, lr, momentum, update, lr_inside=form != "shifted")


def _textbook(gradient: Gradient, x: Array, lr: Rate, momentum: float, update: Update) -> Iterator[Iterate]:
    before = x
    for k in count():
        y = x + momentum * (x - before)
        # The step from x, not from y: x itself is what an update may keep in a wider format.
        g = gradient(y)
        step = momentum * (as_of(g, x) - as_of(g, before)) - lr(k) * g
        before, x = x, update(x, step)
        yield Iterate(x, {"y": y})


def _shifted(
    gradient: Gradient, y: Array, lr: Rate, momentum: float, update: Update, *, lr_inside: bool
) -> Iterator[Iterate]:
    for k in count():
        g = gradient(y)
        if k == 0:
            v = zeros(g)
        if lr_inside:
            v = momentum * v - lr(k) * g
            y = update(y, momentum * v - lr(k) * g)
        else:
            v = momentum * v + g
            y = update(y, -lr(k) * (g + momentum * v))
        yield Iterate(y, {"v": v})
