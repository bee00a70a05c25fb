"""Metamorphic laws of optimisers: two runs, of which the weights of one follow exactly from those of the other.

Each law is a function of a Subject and an Instance. It returns the two sides that are equal, or a text that says why it
does not apply. Source: Chen, Kuo, Liu et al., ACM Computing Surveys 51 (2018) 4:1-4:27.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from stabilitylab.conformance.optimisers.subject import Subject
from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.objective import Loss
from stabilitylab.libraries.optimisers import Task

# Optimisers whose path does not change with the size of the gradient, eps being 0, and those whose lr makes up for it.
SIZE_FREE = ("adam", "amsgrad", "adamw", "nadam", "rmsprop", "adagrad", "lion")
PROPORTIONAL = ("gradient", "heavy_ball", "nesterov", "momentum_mean")
ROOM = 64.0  # units of u, per step, relative to the largest weight, where two sums are not the same bits


@dataclass(frozen=True)
class Instance:
    """A problem of small integers: rows of A (m, n) and then b, row by row; x0 (n,), steps at the rate 2**rate.

    exponent: the k of the law. format: of all numbers.
    """

    exponent: int
    rows: tuple[tuple[int, ...], ...]
    x0: tuple[int, ...]
    steps: int = 6
    rate: int = -6
    format: str = "float64"

    def task(self, options: Mapping[str, Any], loss: Loss = "half sum", size: float = 1.0, slower: float = 1.0) -> Task:
        """The task; A and b times `size`, the rate times `slower`."""
        table = np.array(self.rows, dtype=np.float64) * size
        lr = np.full(self.steps, 2.0**self.rate * slower)
        x0 = np.array(self.x0, dtype=np.float64)
        return Task(table[:, :-1], table[:, -1], x0, lr, loss=loss, format=self.format, options=options)


@dataclass(frozen=True, eq=False)
class Side:
    """One of two equal values: what of the subject is called, with what, and the order in which columns are taken."""

    call: Literal["path", "accumulated", "predicted"]
    arguments: tuple[Any, ...]
    order: tuple[int, ...] = ()
    row: int | None = None

    def value(self, subject: Subject) -> Array:
        """The array that the call gives."""
        value = np.asarray(getattr(subject, self.call)(*self.arguments))
        value = value[self.row] if self.row is not None else value
        return value[..., list(self.order)] if self.order else value


Sides: TypeAlias = tuple[Side, Side]
Maker: TypeAlias = Callable[[Subject, Instance], Sides | str]


@dataclass(frozen=True)
class Law:
    """A law that an optimiser obeys whatever the data; statement: in one sentence.

    sides: makes the two sides. exponents: the least and the largest k. exact: whether the sides are the same bits;
    otherwise they may be ROOM u apart in each step.
    """

    name: str
    statement: str
    sides: Maker
    exponents: tuple[int, int]
    exact: bool


LAWS: dict[str, Law] = {}
"""Every law by its name."""


def law(*, exponents: tuple[int, int] = (0, 0), exact: bool = True) -> Callable[[Maker], Maker]:
    """Register a function as a Law in LAWS, under its name with blanks; its docstring is the statement."""

    def add(make: Maker) -> Maker:
        name = make.__name__.replace("_", " ")
        LAWS[name] = Law(name, (make.__doc__ or "").strip().partition("\n")[0], make, exponents, exact)
        return make

    return add


@dataclass(frozen=True)
class Comparison:
    """How far the two sides are apart, relative to the largest number of a side, and how far they may be.

    step: the first step at which they are further apart than that; None where they never are.
    """

    apart: float
    allowed: float
    step: int | None

    @property
    def broken(self) -> bool:
        """Whether the law is broken."""
        return self.step is not None


def compare(subject: Subject, law: Law, instance: Instance) -> Comparison | str:
    """Both sides of the law on an instance; a text where the law does not apply to the subject."""
    sides = law.sides(subject, instance)
    if isinstance(sides, str):
        return sides
    one, other = (np.atleast_2d(side.value(subject)) for side in sides)
    with np.errstate(all="ignore"):
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        size = max(float(np.max(np.abs(one), where=np.isfinite(one), initial=0.0)), np.finfo(np.float64).tiny)
        difference = np.where(same, 0.0, np.nan_to_num(np.abs(one - other) / size, nan=1.0, posinf=1.0))
    # Of bits that differ by less than any number shows, as 0 and a subnormal number, something must show.
    difference = np.where(~same & (difference == 0), np.finfo(np.float64).tiny, difference)
    allowed = 0.0 if law.exact else ROOM * unit_roundoff(instance.format) * max(1, len(one) - 1)
    steps = np.flatnonzero(difference.max(axis=1) > allowed)
    return Comparison(float(difference.max()), allowed, int(steps[0]) if steps.size else None)


def _formula(subject: Subject) -> str:
    return (subject.formula or "").removeprefix("descent.")


@law(exponents=(-20, 20))
def loss_times_a_power_of_four(subject: Subject, instance: Instance) -> Sides | str:
    """The loss times 4**k, eps being 0, or the rate divided by it: every weight of every step has the same bits."""
    formula, settings, size = _formula(subject), subject.settings, 2.0**instance.exponent
    if formula in PROPORTIONAL:
        one, other = instance.task({}), instance.task({}, size=size, slower=size**-2)
        return Side("path", (one,)), Side("path", (other,))
    if formula not in SIZE_FREE:
        return "its steps depend on the size of the gradient, or no formula of it is known"
    if settings.get("initial") or settings.get("decay") == "coupled":
        return "what it adds to the gradient or to its squares does not grow with the loss"
    if settings.get("eps") and "eps" not in subject.theirs:
        return "its eps cannot be set to 0"
    options = {subject.theirs["eps"]: 0.0} if settings.get("eps") else {}
    return Side("path", (instance.task(options),)), Side("path", (instance.task(options, size=size),))


@law()
def order_of_coordinates(subject: Subject, instance: Instance) -> Sides | str:
    """Coefficients from the last to the first, on data in which none meets another: the same bits in that order."""
    table = np.array(instance.rows, dtype=np.float64)
    weights, targets = table[0, :-1], table[-1, :-1]
    lr, x0 = np.full(instance.steps, 2.0**instance.rate), np.array(instance.x0, dtype=np.float64)

    def task(order: Array) -> Task:
        return Task(np.diag(weights[order]), targets[order], x0[order], lr, format=instance.format)

    straight = np.arange(len(x0))
    order = tuple(straight[::-1].tolist())
    return Side("path", (task(straight),)), Side("path", (task(straight[::-1]),), order)


@law(exact=False)
def every_row_twice(subject: Subject, instance: Instance) -> Sides | str:
    """Every row twice, the loss being a mean: the same path."""
    twice = Instance(0, instance.rows * 2, instance.x0, instance.steps, instance.rate, instance.format)
    return Side("path", (instance.task({}, "mean"),)), Side("path", (twice.task({}, "mean"),))


@law(exact=False)
def micro_batches(subject: Subject, instance: Instance) -> Sides | str:
    """Gradients added up over one row and the others, the loss being a mean: the path of the whole batch."""
    if subject.accumulated is None:
        return "nothing says how it adds up gradients"
    counts = (1, len(instance.rows) - 1) if len(instance.rows) > 1 else (1,)
    task = instance.task({}, "mean")
    return Side("path", (task,)), Side("accumulated", (task, counts))


@law()
def a_row_alone(subject: Subject, instance: Instance) -> Sides | str:
    """The prediction of the last row alone: the same bits as among the others."""
    if subject.predicted is None:
        return "nothing says how it predicts"
    # Thirds are numbers with all their bits, whose products and sums are rounded.
    task = instance.task({})
    A, x = task.A / 3, task.x0 / 7
    return Side("predicted", (A, x), row=-1), Side("predicted", (A[-1:], x), row=-1)
