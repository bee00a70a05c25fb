"""The questions of the exam, grouped by idea; a new one is a new function in a module of this package.

A question is a function of an Examinee. It returns where the route does what it should; the methods of the Examinee end
it in every other case. Its docstring says what is asked, the bound, and where the bound's constant comes from.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from stabilitylab.conformance.examinee import Examinee
from stabilitylab.core.catalog import Catalog, Label


class Question(Protocol):
    """A function of an Examinee, by its name."""

    __name__: str

    def __call__(self, route: Examinee, /) -> None:
        """Ask."""


Q = TypeVar("Q", bound=Callable[[Examinee], None])

catalog: Catalog[Label] = Catalog("question of the exam", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def question(*, source: str) -> Callable[[Q], Q]:
    """Enter a function among the questions, by its name; the function itself is returned unchanged.

    source: of the bound, or of the criterion.
    """

    def add(function: Q) -> Q:
        return catalog.register(Label(name=function.__name__, source=source))(function)

    return add
