"""Iterative methods for min |b - A x| that know A and b, as plain generators of iterates: one idea per file.

A method takes A (m, n), b (m,) and a start x (n,) of one format, and yields an `Iterate` after each step; it ends only
where a step is exactly 0, so that none follows. Stopping stands outside (`descent.stopping`). `names()` and `get(name)`
speak the catalogue's names. A new one is a new function in this package.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.solvers.descent import Iterate

F = TypeVar("F", bound=Callable[..., Iterator[Iterate]])


@dataclass(frozen=True, kw_only=True)
class MethodLabel(Label):
    """What an iterative method claims about itself.

    steps: with how many it is over, n the number of columns: the budget of its route. claims: those of its route (see
    `core.catalog.RouteLabel`), which the exam measures.
    """

    steps: Callable[[int], int]
    claims: tuple[tuple[str, Any], ...] = ()


catalog: Catalog[MethodLabel] = Catalog("iterative method", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def method(name: str, *, source: str, steps: Callable[[int], int], **claims: Any) -> Callable[[F], F]:
    """Tie a label (see MethodLabel) to a method; the function itself is returned unchanged."""
    return catalog.register(MethodLabel(name=name, source=source, steps=steps, claims=tuple(claims.items())))
