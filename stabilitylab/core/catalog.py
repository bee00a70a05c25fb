"""Names with labels: a catalogue of functions that are found by looking into packages, never listed twice."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from stabilitylab.core.errors import DuplicateNameError, UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.suggest import did_you_mean

Function = Callable[..., Any]
AnyLabel = TypeVar("AnyLabel", bound="Label")
F = TypeVar("F", bound=Function)


@dataclass(frozen=True, kw_only=True)
class Label:
    """What is tied to a function at the place where it is written.

    name: `family.variant`, public vocabulary. source: author, year, section, for whoever wants to check.
    """

    name: str
    source: str


@dataclass(frozen=True, kw_only=True)
class RouteLabel(Label):
    """What a solver or a library's entry point claims about itself; tests measure every claim.

    tags: claims of the exam, such as "columnwise-backward-stable".
    law, constant: the error law of `theory.laws` that predicts it, and the factor in front of it; None: none is known.
    works_in: "input" when it works in the format of its input, else the format it converts to.
    scalars: the formats it accepts.
    deficient_answer: what it answers to exactly rank-deficient data: "none", "minimum-norm", "refuses", or "basic":
    some columns are dropped, their coefficients 0 or NA, and the others solve what is left.
    cutoff: relative singular-value cut-off as a function of (m, n, eps), or None; cutoff_says puts it in words.
    design: how it wants the data: "matrix" (A, b), "columns" (X, y, intercept), X without the column of ones that
    intercept stands for, "line" (x, y), "polynomial" (x, y, degree).
    solves: the matrix really solved: "raw", or what is done to its columns first.
    library: whose entry point it is; None for a solver of our own.
    fails: questions of the exam it is known to fail, with the reason.
    """

    tags: frozenset[str] = frozenset()
    law: str | None = None
    constant: float = 1.0
    works_in: str = "input"
    scalars: tuple[str, ...] = ("float64",)
    deficient_answer: str = "none"
    cutoff: Callable[[int, int, float], float] | None = None
    cutoff_says: str = ""
    design: str = "matrix"
    solves: str = "raw"
    library: Library | None = None
    fails: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def lacks(self) -> str:
        """What it needs and is not here, with the way to get it; "" where it can run."""
        return self.library.missing if self.library is not None else ""

    @property
    def available(self) -> bool:
        """Whether the library it needs is here."""
        return not self.lacks


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[AnyLabel]):
    """A catalogued function with its label."""

    label: AnyLabel
    function: Function

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


class Catalog(Generic[AnyLabel]):
    """Functions by name. The first question imports its packages, with all their modules; importing registers."""

    def __init__(self, kind: str, *packages: str) -> None:
        self.kind = kind
        self.packages = packages
        self._entries: dict[str, Entry[AnyLabel]] = {}
        self._discovered = False

    def register(self, label: AnyLabel) -> Callable[[F], F]:
        """A decorator that ties label to a function and returns the function unchanged."""

        def add(function: F) -> F:
            known = self._entries.get(label.name)
            here = (function.__module__, function.__qualname__)
            # A module that is reloaded registers itself again, which is no clash.
            if known is not None and (known.function.__module__, known.function.__qualname__) != here:
                there = f"{known.function.__module__}.{known.function.__qualname__}"
                raise DuplicateNameError(
                    f"two {self.kind}s are named {label.name!r}, {there} and {'.'.join(here)}: rename one of them"
                )
            self._entries[label.name] = Entry(label=label, function=function)
            return function

        return add

    def names(self) -> tuple[str, ...]:
        """Every name, sorted."""
        return tuple(sorted(self._discover()))

    def get(self, name: str) -> Function:
        """The function of that name. Raises UnknownNameError, with the nearest names."""
        return self.entry(name).function

    def entry(self, name: str) -> Entry[AnyLabel]:
        """The function of that name with its label. Raises UnknownNameError, with the nearest names."""
        entries = self._discover()
        if name not in entries:
            raise UnknownNameError(f"no {self.kind} is named {name!r}: {did_you_mean(name, sorted(entries))}")
        return entries[name]

    def named(self, function_name: str) -> Function:
        """The function whose Python name is function_name; AttributeError if none, as for any missing attribute."""
        for entry in self:
            if entry.function.__name__ == function_name:
                return entry.function
        raise AttributeError(f"no {self.kind} is a function named {function_name!r}")

    def __iter__(self) -> Iterator[Entry[AnyLabel]]:
        return iter([entry for _, entry in sorted(self._discover().items())])

    def __contains__(self, name: object) -> bool:
        return name in self._discover()

    def __len__(self) -> int:
        return len(self._discover())

    def _discover(self) -> dict[str, Entry[AnyLabel]]:
        if not self._discovered:
            self._discovered = True
            for package in self.packages:
                path = getattr(importlib.import_module(package), "__path__", [])
                for module in pkgutil.iter_modules(path, package + "."):
                    if not module.ispkg:
                        importlib.import_module(module.name)
        return self._entries
