"""What happened: forward errors in digits, backward errors in units of u, and the digits the data support.

A metric is a function of (problem, solution, reference) that returns a number, or a NoScore with the reason. One of the
answer is called only for solutions that have finite coefficients; one of the data does not look at the solution, and is
taken of failures too. Numbers that compare x with the reference are formed in mpmath.
A new one is a new function in a module of this package.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from stabilitylab.core.catalog import Catalog, Label
from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem


@dataclass(frozen=True)
class NoScore:
    """Why a metric has no value for a solution."""

    reason: str


Score = float | NoScore
About = Literal["answer", "coefficients", "data"]
Metric = Callable[[Problem, Solution, Reference], Score]
M = TypeVar("M", bound=Metric)


@dataclass(frozen=True, kw_only=True)
class MetricLabel(Label):
    """says: the heading of a column; unit: what the number counts; better: "higher", "lower" or "" for neither.

    of: whether it is a number about the answer, of that about its coefficients against those of the reference, or about
    the data whatever the answer.
    """

    says: str
    unit: str
    better: str
    of: About = "answer"


catalog: Catalog[MetricLabel] = Catalog("metric", __name__)
names, get, entry = catalog.names, catalog.get, catalog.entry


def metric(name: str, *, says: str, unit: str, better: str, source: str = "", of: About = "answer") -> Callable[[M], M]:
    """Tie a name, a heading, a unit, a direction and what it is about to a metric."""
    return catalog.register(MetricLabel(name=name, says=says, unit=unit, better=better, source=source, of=of))


def of_coefficients(name: str) -> bool:
    """Whether a score compares coefficients with those of the reference: of undetermined data it has no value."""
    return name in catalog and catalog.entry(name).label.of == "coefficients"


def of_data(name: str) -> bool:
    """Whether a score is a metric of the data alone, so that failures have it too."""
    return name in catalog and catalog.entry(name).label.of == "data"
