"""The registry of the causes of training: codes from SL401, and the tests that prove them."""

from collections.abc import Callable
from typing import Any, TypeVar

from stabilitylab.bench.causes.cause import About, Cause, Shown
from stabilitylab.bench.causes.found import Found, Severity
from stabilitylab.core.catalog import Catalog

S = TypeVar("S", bound=Shown)

catalog: Catalog[Cause] = Catalog("cause of training", __name__.rpartition(".")[0])


def cause(code: str, title: str, severity: Severity, about: About, *, source: str = "") -> Callable[[S], S]:
    """Tie a registry entry to the test that proves it: a function of an Inquiry that returns what it found, or None."""
    return catalog.register(Cause(code, title, severity, about, source=source))


def shown(code: str, sentence: str, **rest: Any) -> Found:
    """What was found under a registered code; rest: the other fields of Found."""
    label = catalog.entry(code).label
    return Found(code, label.title, rest.pop("severity", label.severity), sentence, **rest)
