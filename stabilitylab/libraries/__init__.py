"""Entry points of real libraries, called exactly as their users call them; one file per library.

A route takes (A, b), or what its `design` says ("line": (x, y); "polynomial": (x, y, degree)), and returns the
coefficients in the order intercept first, or a Fit. It declares what the library does with the data (precision worked
in, matrix really solved, rank policy and cut-off); the exam measures each declaration. The library is imported inside
the function and named in `requires`, so that a missing one is an absent route and not a broken import.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from stabilitylab.catalog import Catalog, RouteLabel
from stabilitylab.errors import MissingLibraryError

F = TypeVar("F", bound=Callable[..., Any])

catalog: Catalog[RouteLabel] = Catalog("library route", "stabilitylab.libraries")
names, entry = catalog.names, catalog.entry


def route(name: str, *, source: str, tags: tuple[str, ...] = (), **claims: Any) -> Callable[[F], F]:
    """Tie a label (see RouteLabel) to a library's entry point; the function itself is returned unchanged."""
    return catalog.register(RouteLabel(name=name, source=source, tags=frozenset(tags), **claims))


def get(name: str) -> Callable[..., Any]:
    """The route of that name. Raises UnknownNameError, or MissingLibraryError with the way to install it."""
    found = catalog.entry(name)
    if not found.label.available:
        raise MissingLibraryError(
            f"{name} needs the module {found.label.requires!r}, which is not installed: "
            f"pip install 'stabilitylab[libraries]'"
        )
    return found.function


def missing() -> dict[str, str]:
    """The routes that cannot run here, each with the module it lacks."""
    return {entry.label.name: entry.label.requires for entry in catalog if not entry.label.available}
