"""A column of labels as features: one column of 0, 1 (and -1) for each level, or for each but the reference level."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError
from stabilitylab.core.printable import quoted
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Columns, Term

Coding: TypeAlias = Literal["treatment", "sum", "full"]
Rule: TypeAlias = Literal["given", "first in the data", "first alphabetically", "last alphabetically"]
CODINGS = ("treatment", "sum", "full")
RULES = ("given", "first in the data", "first alphabetically", "last alphabetically")


class ReferenceLevel(NamedTuple):
    """The level without a feature of its own, and the rule that chose it."""

    level: str
    rule: str


@dataclass(frozen=True)
class Category(Term):
    """k - 1 features for a column of k labels, named "column[level]", sorted, without the reference level; or k.

    coding "treatment": 1 in the rows of the level, 0 elsewhere, so that with an intercept a coefficient is the
    difference from the reference level. "sum": the same, but -1 in the rows of the reference level, so that it is the
    difference from the unweighted mean of the levels. "full": 1 in the rows of the level, 0 elsewhere, for all k
    levels, as where there is no intercept; there is no reference level, and its features sum to 1.
    reference: the reference level, or None to have it chosen by rule. rule: "first alphabetically" (the default; of
    numbers the smallest), "last alphabetically" (the largest), "first in the data", or "given" when `reference` names
    it. Texts sort by code points, capital letters first; R sorts them as its locale does.
    Raises InputError for an unknown coding, rule or reference, and for labels of one level, which have no feature
    unless they are coded fully.
    """

    column: str
    coding: Coding = "treatment"
    reference: str | None = None
    rule: Rule | None = None

    def __post_init__(self) -> None:
        if self.coding not in CODINGS:
            raise InputError(f"coding must be one of {', '.join(CODINGS)}; got {self.coding!r}")
        if self.rule is None:
            object.__setattr__(self, "rule", "first alphabetically" if self.reference is None else "given")
        if self.rule not in RULES:
            raise InputError(f"rule must be one of {', '.join(RULES)}; got {self.rule!r}")
        if (self.rule == "given") != (self.reference is not None):
            raise InputError(
                f"the rule 'given' goes with a reference level, any other without; got reference={self.reference!r}, "
                f"rule={self.rule!r}"
            )
        if self.coding == "full" and self.reference is not None:
            raise InputError(
                f"a category coded fully has no reference level; got reference={self.reference!r}: leave it out"
            )

    def __str__(self) -> str:
        return self.column

    @property
    def labels(self) -> tuple[str, ...]:
        """Its column."""
        return (self.column,)

    @property
    def stored(self) -> bool:
        """True: whole numbers."""
        return True

    def reference_level(self, labels: Labels) -> ReferenceLevel:
        """The reference level among these labels, with the rule that chose it, which tables can name.

        Raises InputError, naming the levels, where the reference given is none of them.
        """
        levels = labels.sorted_levels
        if self.reference is not None:
            if self.reference not in levels:
                shown = quoted(levels, 20)
                raise InputError(
                    f"reference must be a level of column {self.column!r}, one of {shown}; got {self.reference!r}"
                )
            return ReferenceLevel(self.reference, "given")
        if self.rule == "first in the data":
            return ReferenceLevel(labels.levels[0], self.rule)
        if self.rule == "last alphabetically":
            return ReferenceLevel(levels[-1], "largest" if labels.numeric else "last alphabetically")
        return ReferenceLevel(levels[0], "smallest" if labels.numeric else "first alphabetically")

    def levels(self, labels: Labels) -> tuple[str, ...]:
        """The levels that have a feature, in the order of the features."""
        if self.coding == "full":
            return labels.sorted_levels
        reference = self.reference_level(labels).level
        levels = tuple(level for level in labels.sorted_levels if level != reference)
        if not levels:
            raise InputError(f"column {self.column!r} has the one level {reference!r}, a constant: leave it out")
        return levels

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The name "column[level]" for each level that has a feature."""
        return tuple(f"{self.column}[{level}]" for level in self.levels(labels[self.column]))

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """0, 1 and -1, which every format holds, (m, k - 1) or, coded fully, (m, k)."""
        coded = self._coded(columns.labels[self.column])
        return format.rounded(np.array(coded, dtype=format.dtype).T)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """0, 1 and -1."""
        return tuple(ExactColumn(feature) for feature in self._coded(columns.labels[self.column]))

    def _coded(self, labels: Labels) -> list[tuple[int, ...]]:
        base = {self.reference_level(labels).level: -1} if self.coding == "sum" else {}
        codes = [{**base, level: 1} for level in self.levels(labels)]
        return [tuple(code.get(value, 0) for value in labels.values) for code in codes]
