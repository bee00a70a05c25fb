"""Optimisers of real libraries, run as their users run them; a file per library.

A route takes a `Task` and returns the weights after each step, (steps + 1, n), the start first, as float64, which holds
every shorter format exactly. Each runs in a process of its own, and imports its library inside the function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import numpy as np

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Array, format_named
from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.core.errors import InputError
from stabilitylab.core.library import Library
from stabilitylab.core.objective import LOSSES, Gradient, LeastSquares, Loss

F = TypeVar("F", bound=Callable[["Task"], Array])
Option: TypeAlias = float | bool | tuple[float, float]


@dataclass(frozen=True, eq=False)
class Task:
    """What a library's optimiser is asked: min of the loss over A (m, n), b (m,), from the start x0 (n,).

    The arrays hold numbers of the format `format` as float64. lr: the rate of each step (steps,). own_gradient: whether
    the library differentiates its own loss; otherwise the gradient is computed by `core.objective` in the format and
    fed to it. options: hyperparameters by the library's own names; those that are not named keep its defaults.
    Raises InputError where shapes do not belong together, no step is asked for, or a number of A, b or lr is not finite
    or, of A, b, x0, not of the format; x0 may be anything, since a start that is NaN is a question too.
    """

    A: Array
    b: Array
    x0: Array
    lr: Array
    loss: Loss = "half sum"
    format: str = "float64"
    own_gradient: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_choice("loss", self.loss, LOSSES)
        if self.A.ndim != 2 or self.b.shape != self.A.shape[:1] or self.x0.shape != self.A.shape[1:]:
            shapes = f"{self.A.shape}, {self.b.shape} and {self.x0.shape}"
            raise InputError(f"A must have shape (m, n), b (m,) and x0 (n,); got {shapes}")
        if not self.A.size:
            raise InputError(f"A must have rows and columns; got shape {self.A.shape}")
        if self.lr.ndim != 1 or not self.lr.size:
            raise InputError(f"lr must have shape (steps,), the rate of each of at least one step; got {self.lr.shape}")
        for name, values in (("A", self.A), ("b", self.b), ("lr", self.lr)):
            if not np.isfinite(values).all():
                raise InputError(f"{name} must be finite; it holds {values[~np.isfinite(values)][0]}")
        for name, values in (("A", self.A), ("b", self.b), ("x0", self.x0)):
            held = stored(values, self.format)
            if not np.array_equal(held, values, equal_nan=True):
                place = np.argwhere(~((held == values) | (values != values)))[0]
                raise InputError(
                    f"{name} must hold numbers of {self.format}; {values[tuple(place)]!r} is none: round it first, "
                    f"to {held[tuple(place)]!r}"
                )

    @property
    def objective(self) -> LeastSquares:
        """The loss over A and b in arrays of the format."""
        format = format_named(self.format)
        return LeastSquares(format.rounded(self.A), format.rounded(self.b), self.loss)


def fed_gradient(task: Task) -> Gradient:
    """The gradient that is fed: x (n,) -> g (n,), computed in the format of the task; both as float64."""
    objective, format = task.objective, format_named(task.format)
    return lambda x: plain_float64(objective.gradient(format.rounded(x)))


def plain_float64(values: Any) -> Array:
    """An array of any format of at most 53 bits as plain float64, exactly."""
    return np.array(values, dtype=np.float64, subok=False)


def stored(values: Any, format: str) -> Array:
    """What a format holds of an array of numbers: each rounded to it, as float64."""
    return plain_float64(format_named(format).rounded(np.asarray(values, dtype=np.float64)))


@dataclass(frozen=True, kw_only=True)
class OptimiserRouteLabel(Label):
    """What an optimiser of a library declares about itself; conformance and training measure each declaration.

    library: whose it is. documented: the optimiser of ours (`solvers.descent`) whose formula its documentation gives,
    with the hyperparameters, defaults included, that make it this one; None where none of ours is it. renamed: its own
    name of a hyperparameter -> ours, or ours of each entry where its is a tuple. stores: the hyperparameters, by our
    names, that it keeps in a format of its own; the others are Python floats until an operation rounds them. departs:
    the formats of parameters in which it departs from the documented formula by more than its roundings, with the
    reason. formats: those that it takes. fed: whether gradients can be fed to it. losses: the conventions of the
    losses that the library itself differentiates, the one that most users take first; empty where it has none. variant:
    of one formula with several implementations, "loop", "foreach" or "fused". stochastic: whether its own loop draws
    rows at random. predicts: A (m, n), x (n,) -> A x (m,) as its users predict, in float64; None where it has no model.
    called_under: settings that its users do not have unless they ask for them, in words. environment: variables of its
    process.
    """

    library: Library
    documented: str | None = None
    hyperparameters: Mapping[str, float | bool | str] = field(default_factory=dict, hash=False)
    renamed: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, hash=False)
    stores: Mapping[str, str] = field(default_factory=dict, hash=False)
    departs: Mapping[str, str] = field(default_factory=dict, hash=False)
    formats: tuple[str, ...] = ("float64", "float32")
    fed: bool = True
    losses: tuple[Loss, ...] = ()
    variant: str = ""
    stochastic: bool = False
    predicts: Callable[[Array, Array], Array] | None = None
    called_under: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def lacks(self) -> str:
        """What it needs and is not here, with the way to get it; "" where it can run."""
        return self.library.missing

    def unsuited(self, task: Task) -> str:
        """Why it cannot be asked this task, with what it takes instead; "" where it can."""
        if task.format not in self.formats:
            return f"takes parameters in {', '.join(self.formats)}, not in {task.format}"
        if not task.own_gradient:
            return "" if self.fed else "computes its own gradient, and cannot be fed one: own_gradient=True"
        if not self.losses:
            return "has no loss of its own: own_gradient=False"
        if task.loss not in self.losses:
            return f"has no loss that is the {task.loss}: it has the {', the '.join(self.losses)}"
        return ""


catalog: Catalog[OptimiserRouteLabel] = Catalog("library's optimiser", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def optimiser_route(name: str, library: Library, *, source: str, **declared: Any) -> Callable[[F], F]:
    """Tie a label (see OptimiserRouteLabel) to an optimiser of a library; the function is returned unchanged."""
    return catalog.register(OptimiserRouteLabel(name=name, library=library, source=source, **declared))
