"""The BLAS that a library computes with, as the process in which its routes run has loaded it."""

import sys
from collections.abc import Mapping
from functools import lru_cache

from stabilitylab import libraries
from stabilitylab.bench.isolation import NO_CHANGE, isolated_fact
from stabilitylab.core.blas import UNKNOWN
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.library import Library


def loaded_blas(library: Library, *, python: str | None = None, environment: Mapping[str, str] = NO_CHANGE) -> str:
    """`Library.blas` in the process that answers for the library, which is started where it does not run.

    python, environment: as for `isolated_answer`. "unknown" where that process ended instead. Found out once.
    """
    return _loaded(library, python or sys.executable, frozenset(environment.items()))


def stands_in(library: Library) -> tuple[str, str]:
    """The module with the routes of a library, and the name of the library in it."""
    modules = {e.function.__module__ for e in libraries.catalog if e.label.library is library}
    return next((m, key) for m in sorted(modules) for key, value in vars(sys.modules[m]).items() if value is library)


@lru_cache(maxsize=256)
def _loaded(library: Library, python: str, environment: frozenset[tuple[str, str]]) -> str:
    try:
        if not library.isolated and python == sys.executable and not environment:
            return library.blas()
        return isolated_fact(library, *stands_in(library), "blas", python=python, environment=dict(environment))
    except (StabilityLabError, OSError, ImportError):
        return UNKNOWN
