"""Textbook algorithms for min |b - A x|, good and bad, one idea per file.

`names()` and `get(name)` speak the catalogue's names; every solver is also importable by its function's name:
`from stabilitylab.solvers import householder_qr`. A solver is a plain function of (A, b) that returns x (n,), or a Fit
when it has more to say, and raises Breakdown when it cannot go on. A new one is a new function in this package.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from stabilitylab.core.catalog import ROUTES, Catalog, RouteLabel

F = TypeVar("F", bound=Callable[..., Any])

catalog: Catalog[RouteLabel] = Catalog("solver", __name__, entry_points=ROUTES)
names, get, entry = catalog.names, catalog.get, catalog.entry


def solver(name: str, *, source: str, tags: tuple[str, ...] = (), **claims: Any) -> Callable[[F], F]:
    """Tie a label (see RouteLabel) to a solver; the function itself is returned unchanged."""
    return catalog.register(RouteLabel(name=name, source=source, tags=frozenset(tags), **claims))


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return catalog.named(name)


def __dir__() -> list[str]:
    return sorted([*globals(), *(entry.function.__name__ for entry in catalog)])
