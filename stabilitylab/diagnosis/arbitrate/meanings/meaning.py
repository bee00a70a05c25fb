"""The registry of meanings, each with its code and the function that proposes questions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from stabilitylab.bench.causes import Cause
from stabilitylab.core.catalog import Catalog
from stabilitylab.diagnosis.arbitrate.answers import Answer
from stabilitylab.diagnosis.arbitrate.model import Model
from stabilitylab.diagnosis.arbitrate.setting import Setting


@dataclass(frozen=True)
class Meaning(Cause):
    """A cause that is a difference of meaning.

    stage: where it stands when two meanings are combined, rows and weights first, then how columns are coded, what is
    left out, what is added, and in which units and order coefficients are reported. uses_answer: whether some of its
    questions are found from the answer. renames: whether some of its questions have coefficients of other names.
    """

    stage: int = 0
    uses_answer: bool = False
    renames: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """What a meaning sees: the table, the model that it changes, and the answer where it uses that."""

    setting: Setting
    model: Model
    answer: Answer | None = None

    @property
    def x(self) -> tuple[Fraction, ...] | None:
        """The solution (n,) of the model; None where that is not unique."""
        return self.setting.solved(self.model)


Proposes = Callable[[View], Iterator[Model]]
P = TypeVar("P", bound=Proposes)

catalog: Catalog[Meaning] = Catalog("meaning", __name__.rpartition(".")[0])


def meaning(
    code: str, title: str, stage: int, *, uses_answer: bool = False, renames: bool = False, source: str = ""
) -> Callable[[P], P]:
    """Tie a registry entry to the function that proposes its questions."""
    label = Meaning(code, title, "warning", stage=stage, uses_answer=uses_answer, renames=renames, source=source)
    return catalog.register(label)
