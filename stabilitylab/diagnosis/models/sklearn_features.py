"""The columns between the steps of a pipeline, and whether what a fitted step holds is what these columns have."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64, Array
from stabilitylab.core.errors import InputError
from stabilitylab.data.category import Category
from stabilitylab.data.design import Design
from stabilitylab.data.frames import distinct
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Column, Term
from stabilitylab.diagnosis.models.attributes import title

AS_IS = (
    "pass the X of the fit, or transform X first, and pass the last step of the pipeline with that, "
    "diagnose(model[-1], model[:-1].transform(X), y)"
)
"""The way out of what a step does that is not known here."""
ROUNDINGS = 64.0  # units of u of the largest entry, by which a mean may be off, or an end of a range
NEAR = 1e-9  # of the spread of a column as it is in X, by which the attributes of a step may be off
FORMED = 1e-3  # the same of features that steps before have formed, with rounding errors of their own


@dataclass(frozen=True)
class Feature:
    """One column between the steps of a pipeline: a term, and of a category the level that it marks."""

    term: Term
    level: str = ""

    def __str__(self) -> str:
        return f"{self.term}[{self.level}]" if self.level else str(self.term)


def labels_read(term: Term, table: Table) -> tuple[str, ...]:
    """The levels of the features of a term in its order, ("",) for one that is no category."""
    categories = _categories(term)
    if not categories:
        return ("",)
    (category,) = categories
    return category.levels(labels_of(category.column, table))


def _categories(term: Term) -> list[Category]:
    if isinstance(term, Category):
        return [term]
    return _categories(term.inner) if hasattr(term, "inner") else []


def labels_of(column: str, table: Table) -> Labels:
    """A column as levels: its texts, or its numbers as texts."""
    values = table.columns[column]
    return values if isinstance(values, Labels) else Labels.of_numbers(values)


def values_of(feature: Feature, table: Table) -> Array:
    """The feature in float64 (m,), formed of the columns of the table."""
    design = Design((feature.term,))
    read = [*design.numbers, *design.labels]
    *_, response = distinct([*read, "response"])
    data = {**{name: table.columns[name] for name in read}, response: np.zeros(table.rows)}
    A = Problem(table.name, data, design, "as given", response=response).A
    return np.asarray(A[:, labels_read(feature.term, table).index(feature.level)])


def is_held(feature: Feature, holds: float, column: Array, here: float, table: Table) -> bool:
    """Whether two numbers are one up to the rounding errors of who computed them: of a step, and of its column here."""
    names = Design((feature.term,)).numbers
    short = any(getattr(table.columns[name], "dtype", None) == np.float32 for name in names)
    u = (FLOAT32 if short else FLOAT64).unit_roundoff
    near = NEAR if isinstance(feature.term, Column) and not short else FORMED
    with np.errstate(all="ignore"):
        return bool(abs(holds - here) <= near * np.ptp(column) + ROUNDINGS * u * np.abs(column).max())


def require_held(
    step: Any, name: str, feature: Feature, holds: float, column: Array, here: float, table: Table
) -> None:
    """Raise InputError where an attribute of a fitted step is not what its feature has here."""
    if not is_held(feature, holds, column, here, table):
        raise InputError(f"{title(step)} holds {name} = {holds:.6g} of {feature}, which is {here:.6g} in X: {AS_IS}")
