"""The registry of changes: which codes they may mend, and the function that runs them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.core.printable import one_decimal

F = TypeVar("F", bound=Callable[..., Iterator["Tried"]])


@dataclass(frozen=True)
class Tried:
    """A change that was run: in words, as a line of code, and the digits of the worst coefficient it ended with.

    gap: the loss gap; None where the coefficients were mapped back from others. is_direct: whether no training was
    done at all.
    """

    says: str
    code: str
    digits: float
    gap: float | None = None
    is_direct: bool = False

    def sentence(self, before: float) -> str:
        """What was done and how near it came: in digits where it has one more than `before`, else in the loss gap."""
        if self.gap is None or self.digits >= before + 1:
            return f"{self.says}: {one_decimal(self.digits)} digits"
        return f"{self.says}: {one_decimal(self.digits)} digits, the loss {self.gap:.1e} above its minimum"


@dataclass(frozen=True, kw_only=True)
class FixLabel(Label):
    """mends: the codes of the causes it may mend; empty: any."""

    mends: frozenset[str] = frozenset()


catalog: Catalog[FixLabel] = Catalog("change of a run", __name__.rpartition(".")[0])


def fix(name: str, *mends: str, source: str = "") -> Callable[[F], F]:
    """Tie a label to a change: a function of an Inquiry that yields what it ran."""
    return catalog.register(FixLabel(name=name, source=source, mends=frozenset(mends)))
