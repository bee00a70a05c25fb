"""A design matrix as a recipe: a tuple of terms over the columns of a problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.data.category import Category as Category
from stabilitylab.data.labels import Labels as Labels
from stabilitylab.data.terms import Centred as Centred
from stabilitylab.data.terms import Column as Column
from stabilitylab.data.terms import Columns as Columns
from stabilitylab.data.terms import Elapsed as Elapsed
from stabilitylab.data.terms import Exp as Exp
from stabilitylab.data.terms import Intercept, Power, Term, TermLike, as_term
from stabilitylab.data.terms import Log as Log
from stabilitylab.data.terms import Product as Product
from stabilitylab.data.terms import Scaled as Scaled
from stabilitylab.data.terms import Sqrt as Sqrt
from stabilitylab.data.unbound import OnlyRegressor, Regressors


@dataclass(frozen=True)
class Design:
    """How the features are formed from the columns: the features of each term, one after the other.

    Terms that stand for columns only the data can name ("every regressor") are replaced when a Problem is made, so that
    `problem.design.terms` always names its columns. An intercept stands first, where libraries put theirs.
    Raises InputError for no terms, for a term that is none, for one that stands twice, for an intercept behind others.
    """

    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        if isinstance(self.terms, str | Term):
            raise InputError(f"terms must be a tuple; got {self.terms!r}: Design.of({self.terms!r}) for that column")
        terms = tuple(as_term(term) for term in self.terms)
        object.__setattr__(self, "terms", terms)
        if not terms:
            raise InputError("a design needs at least one term: Design.of(Intercept(), 'x'), for one")
        twice = next((term for term in terms if terms.count(term) > 1), None) if len(set(terms)) < len(terms) else None
        if twice is not None:
            raise InputError(f"the term {twice} stands twice in the design: leave one out")
        if Intercept() in terms[1:]:
            raise InputError("the intercept must be the first term of a design: put Intercept() in front")

    @classmethod
    def of(cls, *terms: TermLike) -> "Design":
        """The design of these terms, a text being the column of that name: Design.of(Intercept(), "x", Log("z"))."""
        return cls(tuple(map(as_term, terms)))

    @classmethod
    def matrix(cls) -> "Design":
        """The columns besides the response are the features."""
        return cls.of(Regressors())

    @classmethod
    def columns(cls, *, intercept: bool = True) -> "Design":
        """The columns besides the response, with a column of ones in front or without."""
        return cls.of(Intercept(), Regressors()) if intercept else cls.matrix()

    @classmethod
    def line(cls) -> "Design":
        """A straight line: the polynomial of degree 1."""
        return cls.polynomial(1)

    @classmethod
    def polynomial(cls, degree: int) -> "Design":
        """1, x, ..., x**degree of the one column x besides the response. Raises InputError for a degree below 1."""
        if not isinstance(degree, int) or isinstance(degree, bool) or degree < 1:
            raise InputError(f"a polynomial must have a degree of at least 1; got {degree!r}")
        x = OnlyRegressor()
        return cls.of(Intercept(), x, *(Power(x, k) for k in range(2, degree + 1)))

    def __str__(self) -> str:
        """The terms as a sum, the first few of many; a polynomial by its degree."""
        if self.degree is not None:
            return "a line" if self.degree == 1 else f"a polynomial of degree {self.degree}"
        shown = " + ".join(map(str, self.terms[:4]))
        return shown if len(self.terms) <= 4 else f"{shown} + ... ({len(self.terms)} terms)"

    @property
    def intercept(self) -> bool:
        """Whether an Intercept is among the terms."""
        return Intercept() in self.terms

    @property
    def degree(self) -> int | None:
        """d when the terms are the powers 0, ..., d of one column, in this order; else None."""
        if len(self.terms) < 2 or not isinstance(self.terms[1], Column | OnlyRegressor):
            return None
        x, degree = self.terms[1], len(self.terms) - 1
        powers = (Intercept(), x, *(Power(x, k) for k in range(2, degree + 1)))
        return degree if self.terms == powers else None

    @property
    def stored(self) -> bool:
        """Whether forming the features rounds nothing, so that the data truth equals the matrix truth."""
        return all(term.stored for term in self.terms)

    @property
    def unbound(self) -> bool:
        """Whether a term stands for columns that only the data can name."""
        return any(term.unbound for term in self.terms)

    @property
    def numbers(self) -> frozenset[str]:
        """The columns that some term reads as numbers."""
        return frozenset(name for term in self.terms for name in term.numbers)

    @property
    def labels(self) -> frozenset[str]:
        """The columns that some term reads as labels."""
        return frozenset(name for term in self.terms for name in term.labels)

    def bound(self, columns: Sequence[str], response: str) -> "Design":
        """The same design with every column named, for data of these columns.

        Raises InputError where the response is among the regressors, or a polynomial has not one regressor;
        UnknownNameError, with near misses, for a column that is not there.
        """
        regressors = tuple(name for name in columns if name != response)
        design = Design(tuple(bound for term in self.terms for bound in term.bound(regressors)))
        for name in sorted(design.numbers | design.labels):
            if name == response:
                raise InputError(f"the response {name!r} is among the terms of the design: leave it out")
            if name not in regressors:
                hint = did_you_mean(name, regressors, plural="columns", show=repr, few=12)
                raise UnknownNameError(f"no column is named {name!r}: {hint}")
        return design

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """One name for each column of the design matrix."""
        return tuple(name for term in self.terms for name in term.names(labels))

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """The design matrix (m, n) as a user would form it in the format, in C order; infinite where that overflows."""
        with np.errstate(over="ignore", invalid="ignore"):
            features = [term.rounded(columns, format) for term in self.terms]
        n = sum(feature.shape[1] for feature in features)
        return np.concatenate(features, axis=1, out=np.empty((columns.rows, n), dtype=format.dtype))

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """The columns of the design matrix without rounding."""
        return tuple(feature for term in self.terms for feature in term.exact(columns))
