"""What a training run is: the optimiser, its rate and hyperparameters, the formats, the batch, the budget."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from stabilitylab.core.arguments import require_choice, require_whole
from stabilitylab.core.arithmetic.formats import FLOAT64, Format
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LOSSES, Loss
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.schedules import Rate, constant

RESERVED = ("gradient", "x", "lr", "update")  # parameters of an optimiser that are no hyperparameters


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is, but for the data.

    optimiser: a name of `solvers.descent`. lr: the rate; schedule: what it is multiplied by at step k = 0, 1, ..., None
    for 1. hyperparameters: by the names of the optimiser's arguments. format: of the data, the weights and the
    gradient. state: the format in which the gradient is handed to the optimiser and in which it keeps its state; None:
    that of the weights. update: how a step is added to the weights. loss: the factor in front of |A x - b|². batch: the
    rows drawn for each step; None: all of them. replacement: whether each row of a batch is drawn from all. seed: of
    the batches and of random rounding. loss_scale: what the loss is multiplied by before it is differentiated, and the
    gradient, in the format of the state, divided by. clip: the largest norm of a gradient; None: any.
    """

    optimiser: str
    lr: float
    steps: int = 1000
    schedule: Rate | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    format: Format = FLOAT64
    state: Format | None = None
    update: str = "plain"
    loss: Loss = "half sum"
    batch: int | None = None
    replacement: bool = False
    seed: int = 0
    loss_scale: float = 1.0
    clip: float | None = None

    def __post_init__(self) -> None:
        require_whole("steps", self.steps, at_least=1)
        require_choice("loss", self.loss, LOSSES)
        for name in ("lr", "loss_scale", *(["clip"] if self.clip is not None else [])):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
                raise InputError(f"{name} must be a number above 0; got {value!r}")
        known = hyperparameters_of(self.optimiser)
        for name in self.hyperparameters:
            if name not in known:
                raise InputError(
                    f"{self.optimiser} has no hyperparameter {name!r}: {did_you_mean(name, tuple(known))}"
                    if known
                    else f"{self.optimiser} has no hyperparameters; got {name!r}: leave it out"
                )

    @property
    def rate(self) -> Rate:
        """The rate at step k."""
        if self.schedule is None:
            return constant(self.lr)
        lr, schedule = self.lr, self.schedule
        return lambda step: lr * schedule(step)

    @property
    def state_format(self) -> Format:
        """In which the optimiser keeps its state."""
        return self.format if self.state is None else self.state

    def hyperparameter(self, name: str) -> Any:
        """A hyperparameter, as set or by default; None where the optimiser has none of that name."""
        return self.hyperparameters.get(name, hyperparameters_of(self.optimiser).get(name))


def optimiser_named(name: str) -> str:
    """The catalogue's name of an optimiser, of which "descent." may be left out. Raises UnknownNameError."""
    full = name if name.startswith("descent.") else f"descent.{name}"
    return descent.entry(full).label.name


def hyperparameters_of(optimiser: str) -> Mapping[str, Any]:
    """The hyperparameters of an optimiser with their defaults."""
    parameters = inspect.signature(descent.get(optimiser)).parameters.values()
    return {one.name: one.default for one in parameters if one.name not in RESERVED}
