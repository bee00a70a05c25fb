"""Several terms as one, so that their features can be multiplied with those of others in one order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Columns, Term, TermLike, as_term


@dataclass(frozen=True)
class Together(Term):
    """The features of several terms, one term after the other: x and x² beside a category, for one."""

    terms: tuple[TermLike, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(map(as_term, self.terms)))

    def __str__(self) -> str:
        return f"({' + '.join(map(str, self.terms))})"

    @property
    def parts(self) -> tuple[Term, ...]:
        """The terms."""
        return tuple(map(as_term, self.terms))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that one of them reads as numbers."""
        return tuple(name for part in self.parts for name in part.numbers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that one of them reads as labels."""
        return tuple(name for part in self.parts for name in part.labels)

    @property
    def stored(self) -> bool:
        """Whether forming each of them rounds nothing."""
        return all(part.stored for part in self.parts)

    @property
    def unbound(self) -> bool:
        """Whether one of them is."""
        return any(part.unbound for part in self.parts)

    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """The terms that they stand for, together."""
        return (Together(tuple(term for part in self.parts for term in part.bound(regressors))),)

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """Their names."""
        return tuple(name for part in self.parts for name in part.names(labels))

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """Their features, (m, k)."""
        return np.concatenate([part.rounded(columns, format) for part in self.parts], axis=1)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """Their features."""
        return tuple(feature for part in self.parts for feature in part.exact(columns))
