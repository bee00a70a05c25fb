"""Optimisers of real libraries, run as their users run them; a file per library.

A route takes a `Task` and returns the weights after each step, (steps + 1, n), the start first, as float64, which holds
every shorter format exactly. Each runs in a process of its own, and imports its library inside the function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.core.library import Library
from stabilitylab.core.objective import Loss

F = TypeVar("F", bound=Callable[["Task"], Array])


@dataclass(frozen=True, eq=False)
class Task:
    """What a library's optimiser is asked: min of the loss over A (m, n), b (m,), from the start x0 (n,).

    The arrays hold numbers of the format `format` as float64. lr: the rate of each step (steps,). own_gradient: whether
    the library differentiates its own loss; otherwise the gradient is computed by `core.objective` in the format and
    fed to it. options: hyperparameters by the library's own names; those that are not named keep its defaults.
    """

    A: Array
    b: Array
    x0: Array
    lr: Array
    loss: Loss = "half sum"
    format: str = "float64"
    own_gradient: bool = False
    options: Mapping[str, float | bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OptimiserRouteLabel(Label):
    """What an optimiser of a library declares about itself; conformance and training measure each declaration.

    library: whose it is. documented: the optimiser of ours (`solvers.descent`) whose formula its documentation gives,
    with the hyperparameters, defaults included, that make it this one; None where none of ours is it. formats: the
    formats of parameters that it takes. variant: of one formula with several implementations, "loop", "foreach" or
    "fused". stochastic: whether its own loop draws rows at random.
    """

    library: Library
    documented: str | None = None
    hyperparameters: Mapping[str, float | bool | str] = field(default_factory=dict, hash=False)
    formats: tuple[str, ...] = ("float64", "float32")
    variant: str = ""
    stochastic: bool = False

    @property
    def lacks(self) -> str:
        """What it needs and is not here, with the way to get it; "" where it can run."""
        return self.library.missing


catalog: Catalog[OptimiserRouteLabel] = Catalog("library's optimiser", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def optimiser_route(name: str, library: Library, *, source: str, **declared: object) -> Callable[[F], F]:
    """Tie a label (see OptimiserRouteLabel) to an optimiser of a library; the function is returned unchanged."""
    return catalog.register(OptimiserRouteLabel(name=name, library=library, source=source, **declared))  # type: ignore[arg-type]
