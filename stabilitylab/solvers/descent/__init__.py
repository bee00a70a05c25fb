"""First-order methods as plain generators of iterates, over any format: one idea per file.

An optimiser takes a gradient function and a start x (n,), and yields `Iterate`s without end: it neither looks at
convergence nor keeps a history (see `stabilitylab.training`). `names()` and `get(name)` speak the catalogue's names. A
new one is a new function in this package.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.catalog import Catalog, Label

F = TypeVar("F", bound=Callable[..., Iterator["Iterate"]])


class Iterate(NamedTuple):
    """The weights x (n,) after a step, and what is carried on to the next step, by the letters of the source."""

    x: Array
    state: Mapping[str, Array] = {}


@dataclass(frozen=True, kw_only=True)
class OptimiserLabel(Label):
    """What an optimiser claims about itself.

    law: the name in `scoring.theory.descent` of its stability limit and rate on least squares; None: none is known.
    """

    law: str | None = None


catalog: Catalog[OptimiserLabel] = Catalog("optimiser", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def optimiser(name: str, *, source: str, **claims: Any) -> Callable[[F], F]:
    """Tie a label (see OptimiserLabel) to an optimiser; the function itself is returned unchanged."""
    return catalog.register(OptimiserLabel(name=name, source=source, **claims))
