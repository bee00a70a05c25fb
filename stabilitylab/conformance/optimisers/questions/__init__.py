"""The questions to optimisers, grouped by idea; a new one is a new function in a module of this package.

A question is a function of a Trainee. It returns where the optimiser does what it should; the methods of the Trainee
end it in every other case. Its docstring says what is asked, the bound, and where the bound's constant comes from.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from stabilitylab.conformance.optimisers.trainee import Trainee
from stabilitylab.core.catalog import Catalog, Label


class Question(Protocol):
    """A function of a Trainee, by its name."""

    __name__: str

    def __call__(self, optimiser: Trainee, /) -> None:
        """Ask."""


Q = TypeVar("Q", bound=Callable[[Trainee], None])

catalog: Catalog[Label] = Catalog("question to optimisers", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def question(*, source: str) -> Callable[[Q], Q]:
    """Enter a function among the questions, by its name; source: of the criterion."""

    def add(function: Q) -> Q:
        return catalog.register(Label(name=function.__name__, source=source))(function)

    return add
