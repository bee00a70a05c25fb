"""Families of test problems, one kind of difficulty a file: functions that return a Problem, found by name.

`get(name)` is the function, `get(name)(...)` a Problem; `case(name, ...)` is the name with the parameters, hashable,
from which `build` makes the Problem when it is needed. Random numbers come from `numpy.random.default_rng(seed)` alone.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.data.penalty import penalised as penalised
from stabilitylab.data.problem import Problem

F = TypeVar("F", bound=Callable[..., Problem])

catalog: Catalog[Label] = Catalog("problem", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def problem(name: str, *, source: str) -> Callable[[F], F]:
    """Tie a name and a source to a function that returns a Problem."""
    return catalog.register(Label(name=name, source=source))


@dataclass(frozen=True)
class Case:
    """The recipe of a problem: the family's name and its parameters."""

    family: str
    parameters: tuple[tuple[str, Any], ...] = ()

    def build(self) -> Problem:
        """The Problem itself; the last few built are kept."""
        return _build(self)


@lru_cache(maxsize=32)
def _build(case: Case) -> Problem:
    made: Problem = get(case.family)(**dict(case.parameters))
    return made


def case(family: str, **parameters: Any) -> Case:
    """One recipe. The family is looked up when it is built."""
    return Case(family, tuple(sorted(parameters.items())))


def cases(family: str, **grid: Any) -> tuple[Case, ...]:
    """The recipes of a grid: each parameter a value or an iterable of values, in the order written."""
    axes = [
        [
            (key, value)
            for value in (values if isinstance(values, Iterable) and not isinstance(values, str) else [values])
        ]
        for key, values in grid.items()
    ]
    return tuple(case(family, **dict(point)) for point in itertools.product(*axes))
