"""The registry of causes: what a cause is called, how grave it is, and the test that proves it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from stabilitylab.bench.causes.found import Found, Severity
from stabilitylab.core.catalog import Catalog, Label

About: TypeAlias = Literal["data", "storage", "algorithm", "rest", "meaning"]
Shown = Callable[..., Found | None]
S = TypeVar("S", bound=Shown)


@dataclass(frozen=True)
class Cause(Label):
    """An entry of the registry.

    code: stable, "SL101", which is its name in the catalogue too. title: in plain words, without numbers. severity: of
    what is found. about: whether it lies in the data, in storing them, in the algorithm, or in what is asked
    ("meaning"); "rest" is what is left where none of those is proven.
    """

    name: str = field(init=False, default="")
    source: str = field(default="", kw_only=True)
    code: str
    title: str
    severity: Severity
    about: About = "meaning"

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.code)


catalog: Catalog[Cause] = Catalog("cause", __name__.rpartition(".")[0])


def cause(code: str, title: str, severity: Severity, about: About, *, source: str = "") -> Callable[[S], S]:
    """Tie a registry entry to the test that proves it: a function of an Inquiry that returns what it found, or None."""
    return catalog.register(Cause(code, title, severity, about, source=source))


def registered() -> tuple[Cause, ...]:
    """Every cause, sorted by code."""
    return tuple(entry.label for entry in catalog)


def cause_named(code: str) -> Cause:
    """The cause of that code. Raises UnknownNameError, with the nearest codes."""
    return catalog.entry(code).label


def shown(code: str, sentence: str, **rest: Any) -> Found:
    """What was found under a registered code; rest: the other fields of Found."""
    label = cause_named(code)
    return Found(code, label.title, rest.pop("severity", label.severity), sentence, **rest)
