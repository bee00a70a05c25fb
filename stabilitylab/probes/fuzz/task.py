"""One task of the campaign: a regression in the form in which it is given to a solver, and the solver's answer."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stabilitylab.core.errors import StabilityLabError
from stabilitylab.probes.fuzz.modes import in_mode

FIGURES = (
    "rss",
    "residual_norm",
    "standard_errors",
    "covariance_diagonal",
    "t_statistics",
    "r_squared",
    "f_statistic",
)
"""What is asked of a fit besides x, by the names of `CertifiedFit`."""
OF_SUMS = FIGURES[:4]
"""Those of an accumulator from which rows were removed: whether a column is constant is not known then."""


@dataclass(frozen=True, eq=False)
class Block:
    """Rows A (k, n), b (k,) that are added to an accumulator (sign 1) or removed from it (sign -1).

    apart: they go into an accumulator of their own, which is merged.
    """

    A: Any
    b: Any
    sign: int = 1
    apart: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """min |b - A x| over A (m, n), b (m,): arrays, or lists of any exact numbers (text is a decimal).

    weights (m,): each row counts so many times. blocks: what an accumulator is given in place of A and b, to the same
    sums. mode: the processor's mode meanwhile, "" for its default. changed: the row of b that is overwritten after the
    fit and before the figures. every_route: solve by every route that can, and not by the one that is chosen alone.
    figures: those of FIGURES that are asked for.
    """

    A: Any
    b: Any
    weights: Any = None
    blocks: tuple[Block, ...] = ()
    mode: str = ""
    changed: int | None = None
    every_route: bool = False
    figures: tuple[str, ...] = ()

    @property
    def columns(self) -> list[list[Any]]:
        """The columns of A (n of m numbers), as Python's numbers or text."""
        rows = self.A.tolist() if isinstance(self.A, np.ndarray) else self.A
        return [list(column) for column in zip(*rows, strict=True)]


@dataclass(frozen=True, eq=False)
class Answer:
    """x (n,), and for each figure that was asked for its value, or the error that was raised in its place.

    by_route: x by each route that was taken besides. route: the method by which x was proven, in words.
    """

    x: Any
    figures: Mapping[str, Any] = field(default_factory=dict)
    by_route: Mapping[str, Any] = field(default_factory=dict)
    route: str = ""


@dataclass(frozen=True)
class Engine:
    """A certified solver: lstsq(A, b, weights=) and accumulator(n).add(A, b).solve() give fits, with x and figures.

    by_every_route(A, b) gives x for each route by its name.
    """

    lstsq: Callable[..., Any]
    accumulator: Callable[[int], Any]
    by_every_route: Callable[..., Mapping[str, Any]]


def answer(task: Task, engine: Engine) -> Answer:
    """The answer of a certified solver to a task, in the task's mode. Raises what it raises before there is an x."""
    with in_mode(task.mode) if task.mode else nullcontext():
        if task.blocks:
            fit = _summed(task.blocks, engine.accumulator, len(task.columns)).solve()
        elif task.changed is None:
            fit = engine.lstsq(task.A, task.b, weights=task.weights)
        else:
            b = np.array(task.b)
            fit = engine.lstsq(np.array(task.A), b)
            b[task.changed] += 1.0 + abs(b[task.changed])
        by_route = engine.by_every_route(task.A, task.b) if task.every_route else {}
        return Answer(fit.x, {name: _figure(fit, name) for name in task.figures}, by_route, fit.certificate.route)


def _summed(blocks: Sequence[Block], accumulator: Callable[[int], Any], n: int) -> Any:
    total = accumulator(n)
    for block in blocks:
        if block.apart:
            total.merge(accumulator(n).add(block.A, block.b))
        elif block.sign > 0:
            total.add(block.A, block.b)
        else:
            total.remove(block.A, block.b)
    return total


def _figure(fit: Any, name: str) -> Any:
    try:
        return getattr(fit, name)
    except StabilityLabError as error:
        return error
