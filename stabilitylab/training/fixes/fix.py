"""The registry of changes: which codes they may mend, and the function that runs them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from stabilitylab.core.catalog import Catalog, Label

F = TypeVar("F", bound=Callable[..., Iterator["Tried"]])


@dataclass(frozen=True)
class Tried:
    """A change that was run: in words, as a line of code, and the digits of the worst coefficient it ended with.

    gap: the loss gap; None where the coefficients were mapped back from others. cost: how many times as long as the run
    it replaces, by the number of gradients.
    """

    says: str
    code: str
    digits: float
    gap: float | None = None


@dataclass(frozen=True, kw_only=True)
class FixLabel(Label):
    """mends: the codes of the causes it may mend; empty: any."""

    mends: frozenset[str] = frozenset()


catalog: Catalog[FixLabel] = Catalog("change of a run", __name__.rpartition(".")[0])


def fix(name: str, *mends: str, source: str = "") -> Callable[[F], F]:
    """Tie a label to a change: a function of an Inquiry that yields what it ran."""
    return catalog.register(FixLabel(name=name, source=source, mends=frozenset(mends)))
