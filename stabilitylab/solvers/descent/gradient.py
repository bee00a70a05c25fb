"""Gradient descent."""

from collections.abc import Iterator
from itertools import count

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, optimiser
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.solvers.descent.updates import Update, plain


@optimiser("descent.gradient", source="Cauchy (1847); Polyak (1987), section 1.4", law="gradient")
def gradient_descent(gradient: Gradient, x: Array, *, lr: Rate, update: Update = plain) -> Iterator[Iterate]:
    """x_(k+1) = x_k - lr g(x_k).

    On least squares the error along the eigenvector of lambda shrinks by 1 - lr lambda in each step: diverges where
    lr > 2/L, L the largest eigenvalue; the smallest decides how long it takes. With a gradient of some rows alone
    (`core.objective.minibatches`) it is stochastic gradient descent.
    Source: Cauchy, C. R. Acad. Sci. 25 (1847) 536-538; Polyak, Introduction to Optimization (1987), section 1.4."""
    for k in count():
        x = update(x, -lr(k) * gradient(x))
        yield Iterate(x)
