"""Names with labels: a catalogue of functions that are found by looking into packages, never listed twice."""

import hashlib
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeAlias, TypeVar, get_args

import numpy as np

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Format
from stabilitylab.core.errors import DuplicateNameError, InputError, UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.printable import one_line
from stabilitylab.core.suggest import did_you_mean, similar

Function = Callable[..., Any]
AnyLabel = TypeVar("AnyLabel", bound="Label")
F = TypeVar("F", bound=Function)

ROUTES = "stabilitylab.routes"
"""The group of entry points by which another distribution names its modules of solvers and library routes."""

MISSPELT = 0.75  # similarity from which a family is meant that there is; below, all are listed

TAGS: Mapping[str, str] = {
    "scale-equivariant": "A times a power of two gives x divided by it, bit for bit",
    "columnwise-backward-stable": "backward error of order u with respect to each column",
    "normwise-backward-stable": "backward error of order u with respect to the norm of A",
    "no-rank-test": "exactly deficient data give a refusal or anything finite",
    "residual-optimal": "exactly deficient data give a least-squares solution, whichever",
    "uncertain-rank": "round-off decides whether an exactly dependent column is dropped",
    "square": "takes as many rows as columns only",
}
"""What a route may claim by a tag, each with what the exam then asks."""

DeficientAnswer: TypeAlias = Literal["none", "minimum-norm", "refuses", "basic"]
Centring: TypeAlias = Literal["", "means", "running means", "rotations"]
Scaling: TypeAlias = Literal["", "unit norm", "unit variance", "powers of two", "only for the cut-off"]

_CENTRED: Mapping[Centring, str] = {
    "means": "centred at their means",
    "running means": "centred at their running means",
    "rotations": "centred by the rotations against the ones, which update means",
}
_SCALED: Mapping[Scaling, str] = {
    "unit norm": "scaled to unit norm",
    "unit variance": "scaled to unit variance",
    "powers of two": "scaled by powers of two, to about unit norm",
}


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

    tags: claims of the exam, of TAGS.
    law, constant: the error law of `scoring.theory.laws` that predicts it, and the factor in front of it; None: none
    is known.
    works_in: "input" when it works in the format of its input, else the format it converts to.
    scalars: the formats it accepts.
    deficient_answer: what it answers to exactly rank-deficient data: "none", "minimum-norm", "refuses", or "basic":
    some columns are dropped, their coefficients 0 or NA, and the others solve what is left.
    cutoff: relative singular-value cut-off as a function of (m, n, eps), or None; cutoff_says puts it in words.
    call_form: how it wants the data, a name in `data.call_form.CALL_FORMS`: "matrix" (A, b), "columns" (X, y,
    intercept), X without the column of ones that intercept stands for, "line" (x, y), "polynomial" (x, y, degree),
    "ridge" (X, y, intercept, penalty).
    takes: of a problem's design, whether it can be asked, where its call form does not say so; takes_says: what it
    takes, in words that end "takes ... only".
    centred, scaled, mapped: what is done to the columns before they are solved: nothing where empty; mapped: x is
    mapped to [-1, 1]. "only for the cut-off": the raw columns are solved, and the cut-off is relative to their norms.
    starts_at: of an iterative method, the number that all coefficients start from, where it is not 0; None otherwise.
    iterative: whether x is reached by steps that a tolerance or a number of steps ends, so that it may come too early.
    called_under: settings that its users do not have unless they ask for them, in words; "" where there are none. All
    routes run on one BLAS thread.
    reference_solver: whether the reference is made by it, so that it is no player among the others.
    library: whose entry point it is; None for a solver of our own. default: whether it is the one that most users of
    its library call; one route of a library is.
    fails: questions of the exam it is known to fail, with the reason.
    Raises InputError for a tag, a format or another value that is none of those there are.
    """

    tags: frozenset[str] = frozenset()
    law: str | None = None
    constant: float = 1.0
    works_in: str = "input"
    scalars: tuple[str, ...] = ("float64",)
    deficient_answer: DeficientAnswer = "none"
    cutoff: Callable[[int, int, float], float] | None = None
    cutoff_says: str = ""
    call_form: str = "matrix"
    takes: Callable[[Any], bool] | None = None
    takes_says: str = ""
    centred: Centring = ""
    scaled: Scaling = ""
    mapped: bool = False
    starts_at: float | None = None
    iterative: bool = False
    called_under: str = ""
    reference_solver: bool = False
    library: Library | None = None
    default: bool = False
    fails: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for tag in sorted(self.tags):
            require_choice(f"a tag of {self.name}", tag, TAGS)
        require_choice(f"deficient_answer of {self.name}", self.deficient_answer, get_args(DeficientAnswer))
        require_choice(f"centred of {self.name}", self.centred, get_args(Centring))
        require_choice(f"scaled of {self.name}", self.scaled, get_args(Scaling))
        for scalar in (*self.scalars, *({self.works_in} - {"input"})):
            try:
                np.dtype(scalar)
            except TypeError:
                raise InputError(f"scalars and works_in of {self.name} must be formats; got {scalar!r}") from None

    @property
    def solves(self) -> str:
        """The matrix really solved, in words: "raw", or what is done to its columns first."""
        if self.scaled == "only for the cut-off":
            return "raw columns; the cut-off is relative, as if they were scaled to unit norm"
        done = " and ".join(filter(None, [_CENTRED.get(self.centred), _SCALED.get(self.scaled)]))
        if self.mapped:
            return "x mapped to [-1, 1]" + (f", columns {done}" if done else "")
        if self.centred and self.call_form == "line":
            return f"x and y {done}"
        return f"columns {done}" if done else "raw"

    def accepts(self, format: Format) -> bool:
        """Whether it takes data of a format: one of its `scalars`, or any where "object" is among them."""
        return "object" in self.scalars or (not format.carried and format.dtype.name in self.scalars)

    @property
    def penalised(self) -> bool:
        """Whether it solves a ridge regression: with a penalty above 0 no direction is there to be dropped."""
        return self.call_form == "ridge"

    @property
    def may_drop(self) -> bool:
        """Whether it may drop a direction; not where it declares that it tests no rank, and no cut-off."""
        return "no-rank-test" not in self.tags or self.cutoff is not None or bool(self.cutoff_says)

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


@dataclass(frozen=True)
class Origin:
    """Where a function of another distribution comes from: its name, its version, and the SHA-256 of its module."""

    distribution: str
    version: str
    module: str


def origin(function: Function) -> Origin | None:
    """The origin of a function in a module or package that an entry point of the group ROUTES names; else None."""
    if function.__module__.partition(".")[0] == __name__.partition(".")[0]:
        return None
    for point in importlib.metadata.entry_points(group=ROUTES):
        if f"{function.__module__}.".startswith(f"{point.module}.") and point.dist is not None:
            file = sys.modules[function.__module__].__file__
            content = Path(file).read_bytes() if file is not None else b""
            return Origin(point.dist.name, point.dist.version, hashlib.sha256(content).hexdigest())
    return None


class Catalog(Generic[AnyLabel]):
    """Functions by name. The first question imports packages, with all modules in them; importing registers.

    entry_points: a group of entry points whose modules, of other distributions, are imported as well. A module that
    cannot be imported is left out, with all that it registered, and named in `broken`; it is not tried again, and is
    there once somebody else imports it.
    """

    def __init__(self, kind: str, *packages: str, entry_points: str = "") -> None:
        self.kind = kind
        self.packages = packages
        self.entry_points = entry_points
        self._entries: dict[str, Entry[AnyLabel]] = {}
        self._broken: dict[str, str] = {}
        self._discovered = False

    @property
    def broken(self) -> Mapping[str, str]:
        """The modules that could not be imported: name -> what happened, in which line of which file, and the way out.

        Raises DuplicateNameError where two modules register one name: which of them is meant only a person knows.
        """
        self._discover()
        return MappingProxyType(self._lost())

    def could_hold(self, name: str) -> Mapping[str, str]:
        """Those of `broken` that are named after the family of this name, as r_routes for "r.lm"."""
        family = re.escape(name.partition(".")[0])
        return {module: why for module, why in self.broken.items() if re.search(rf"(^|\.){family}(_|$)", module)}

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

    @contextmanager
    def temporarily(self, *entries: Entry[AnyLabel]) -> Iterator[None]:
        """Inside the block these entries are there too, or in place of others of their names; then all is as before.

        What is registered inside the block goes with it.
        """
        self._discover()
        before = dict(self._entries)
        self._entries.update({entry.label.name: entry for entry in entries})
        try:
            yield
        finally:
            self._entries = before

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
            lost = self.could_hold(name) or self.broken
            raise UnknownNameError(unknown_name(self.kind, name, sorted(entries), lost))
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
            for package in self.packages:
                self._import_all(package, "")
            for point in importlib.metadata.entry_points(group=self.entry_points) if self.entry_points else ():
                dist = point.dist
                self._import_all(point.module, point.module if dist is None else f"{dist.name} {dist.version}")
            # Last, so that after two modules that claim one name the next question fails too.
            self._discovered = True
        if lost := self._lost():
            # Another catalogue may have tried the module again, which then registered a part of it here.
            return {name: e for name, e in self._entries.items() if e.function.__module__ not in lost}
        return self._entries

    def _lost(self) -> dict[str, str]:
        """The modules that could not be imported and have not been since, by whoever corrected them."""
        return {name: why for name, why in self._broken.items() if name not in sys.modules}

    def _import_all(self, name: str, brought_by: str) -> None:
        """Import a module, and where it is a package all modules in it; what cannot be imported goes to `broken`.

        brought_by: the distribution, where it is another than this one.
        """
        try:
            module = importlib.import_module(name)
        except DuplicateNameError:
            raise
        except (Exception, SystemExit) as error:
            # What it registered before it failed goes too: half a file is no claim of whoever wrote it.
            self._entries = {key: e for key, e in self._entries.items() if e.function.__module__ != name}
            self._broken[name] = import_failure(error, brought_by)
            return
        for found in pkgutil.iter_modules(getattr(module, "__path__", []), name + "."):
            self._import_all(found.name, brought_by)


def unknown_name(kind: str, name: str, known: Sequence[str], lost: Mapping[str, str], plural: str = "names") -> str:
    """The message about a name that is none of those known: similar ones, and the modules that may have brought it.

    lost: of the modules that could not be imported those that may have.
    """
    missing = "".join(f"; {module} could not be imported: {why}" for module, why in lost.items())
    family, families = name.partition(".")[0], list(dict.fromkeys(one.partition(".")[0] for one in known))
    if "." in name and family not in families and not similar(family, families, MISSPELT):
        hint = f"there is no family {family!r}: the families are {', '.join(families)}"
    else:
        hint = did_you_mean(name, known, plural=plural)
    return f"no {kind} is named {name!r}: {hint}{missing}"


def import_failure(error: BaseException, brought_by: str = "") -> str:
    """What happened when a module was imported, in which line of which file, and the way out, in one line.

    To be called where the error was caught: of its traceback the first frame is the caller's. brought_by: the
    distribution that the module is part of, where that is another than this one.
    """
    if isinstance(error, SyntaxError) and error.filename:
        place, text = f"{error.filename}, line {error.lineno}", error.msg
    else:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__)[1:] if not _of_importlib(frame.filename)]
        place, text = (f"{frames[0].filename}, line {frames[0].lineno}" if frames else ""), str(error)
    said = one_line(f"{type(error).__name__}: {text}".rstrip(": ") + (f" ({place})" if place else ""))
    absent = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if absent and importlib.util.find_spec(absent) is None:
        way = f"install {absent}, or import it inside the functions that use it"
    else:
        way = "correct the file"
    return f"{said}: {way}" + (f", or uninstall {brought_by}" if brought_by else "")


def _of_importlib(file: str) -> bool:
    return file.startswith("<frozen importlib") or file == importlib.__file__
