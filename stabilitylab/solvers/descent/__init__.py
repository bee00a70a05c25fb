"""First-order methods as plain generators of iterates, over any format: one idea per file.

An optimiser takes a gradient function and a start x (n,), and yields `Iterate`s without end: it neither looks at
convergence nor keeps a history (see `stopping`, and `stabilitylab.training`). Its state has the format of the gradient,
which may be wider than that of x; `updates` round to that of x. `names()` and `get(name)` speak the catalogue's names.
A new one is a new function in this package.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, format_of
from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.solvers.descent.hyperparameters import checked

F = TypeVar("F", bound=Callable[..., Iterator["Iterate"]])


class Iterate(NamedTuple):
    """The weights x (n,) after a step, and what is carried on to the next step, by the letters of the source."""

    x: Array
    state: Mapping[str, Array] = {}


@dataclass(frozen=True, kw_only=True)
class OptimiserLabel(Label):
    """What an optimiser claims about itself.

    law: the name in `scoring.theory.descent` of its stability limit and rate on least squares; None: none is known.
    usual_rate: the learning rate of the source, or where it has none that of most libraries; None: such methods have
    the unit of 1/L, L the largest eigenvalue of A'A, and no rate is usual.
    """

    law: str | None = None
    usual_rate: float | None = None


catalog: Catalog[OptimiserLabel] = Catalog("optimiser", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def optimiser(name: str, *, source: str, **claims: Any) -> Callable[[F], F]:
    """Tie a label (see OptimiserLabel) to an optimiser, and check what it is called with (see `hyperparameters`)."""
    register = catalog.register(OptimiserLabel(name=name, source=source, **claims))
    return lambda function: register(checked(function))


def zeros(g: Array) -> Array:
    """Zeros (n,) of the format of g (n,): a state before the first step."""
    # 0 * g would be NaN where an entry is infinite; in an array of objects only the product is a number of their kind.
    return np.asanyarray(0 * g) if g.dtype == object else np.zeros_like(g)


def as_of(g: Array, x: Array) -> Array:
    """x (n,) in the format of g (n,), in which the state is computed."""
    return x if g.dtype == object else format_of(g).rounded(x)
