"""Entry points of real libraries, called exactly as their users call them; a file per library, one for ridges.

A route takes (A, b), or what its `call_form` says ("columns": (X, y, intercept); "line": (x, y); "polynomial": (x, y,
degree); "ridge": (X, y, intercept, penalty)), and returns the coefficients in the order intercept first, or a Fit. It
declares what the library does with the data (precision worked in, matrix really solved, rank policy and cut-off); the
exam measures each declaration. The library is imported, or the program started, inside the function, so that a missing
one is an absent route and not a broken import. One whose users can give weights of the squares has a last parameter
`weights` (m,), None by default.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from stabilitylab.core.catalog import ROUTES, Catalog, RouteLabel
from stabilitylab.core.errors import MissingLibraryError
from stabilitylab.core.library import Library

F = TypeVar("F", bound=Callable[..., Any])

catalog: Catalog[RouteLabel] = Catalog("library route", __name__, entry_points=ROUTES)
names, entry = catalog.names, catalog.entry


def route(name: str, library: Library, *, source: str, tags: tuple[str, ...] = (), **claims: Any) -> Callable[[F], F]:
    """Tie a label (see RouteLabel) to an entry point of a library; the function itself is returned unchanged."""
    return catalog.register(RouteLabel(name=name, library=library, source=source, tags=frozenset(tags), **claims))


def get(name: str) -> Callable[..., Any]:
    """The route of that name. Raises UnknownNameError, or MissingLibraryError with the way to install it."""
    chosen = catalog.entry(name)
    if chosen.label.lacks:
        raise MissingLibraryError(f"{name} cannot run here: {chosen.label.lacks}")
    return chosen.function


def missing() -> dict[str, str]:
    """The libraries that have routes but are not installed: title -> what is missing, and the command to install it."""
    return {library.title: library.missing for library in each() if library.missing}


def each() -> Iterator[Library]:
    """Every library that has a route, sorted by name."""
    by_name = {entry.label.library.name: entry.label.library for entry in catalog if entry.label.library is not None}
    return iter([by_name[name] for name in sorted(by_name)])


def of_route(name: str) -> Library | None:
    """The library of the route of that name; None for a name of no library's route."""
    return catalog.entry(name).label.library if name in catalog else None


def defaults() -> tuple[str, ...]:
    """For each library the entry point that most of its users call, as its label declares, sorted by library."""
    chosen = {e.label.library.name: e.label.name for e in catalog if e.label.library is not None and e.label.default}
    return tuple(chosen[name] for name in sorted(chosen))
