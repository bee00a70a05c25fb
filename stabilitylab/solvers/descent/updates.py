"""How a step is added to the weights: plainly, with compensation, in a wider master copy, or rounded at random."""

from collections.abc import Callable
from typing import TypeAlias

from stabilitylab.core.arithmetic.formats import Array

Update: TypeAlias = Callable[[Array, Array], Array]
"""(x (n,), step (n,)) -> x + step in the format of x; one that carries something over serves one run only."""


def plain(x: Array, step: Array) -> Array:
    """x + step, rounded once to the format of x."""
    return x + step
