"""A question that an answer may solve: features, rows, weights and penalties, and how it differs from the one asked."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.diagnosis.arbitrate.polynomial import Polynomial


@dataclass(frozen=True, eq=False)
class Feature:
    """One coefficient: of the feature `polynomial`, reported after it is multiplied by `factor`.

    name: canonical, as `Problem.feature_names` has it. others: how programs write it besides. penalty: lambda, of the
    square of the coefficient before the factor. is_present: whether the model has it; the coefficient is 0 otherwise.
    is_indicator: made of the levels of a category alone.
    """

    name: str
    polynomial: Polynomial
    others: frozenset[str] = frozenset()
    factor: Fraction = Fraction(1)
    penalty: Fraction = Fraction(0)
    is_present: bool = True

    @property
    def is_intercept(self) -> bool:
        """Whether it is a constant."""
        return set(self.polynomial) == {()}

    @property
    def is_indicator(self) -> bool:
        """Whether it is made of levels of categories alone."""
        return not self.is_intercept and all(atom.kind == "level" for monomial in self.polynomial for atom in monomial)


class Weights(NamedTuple):
    """The weights of a model. key: what they are, one for each choice. column: None where every row counts once."""

    key: str
    column: ExactColumn | None


class Difference(NamedTuple):
    """In what a model differs from the question asked: the code of the meaning, and the words for it."""

    code: str
    says: str


@dataclass(frozen=True, eq=False)
class Model:
    """min sum_i w_i (response_i - sum_j beta_j feature_ij)² + sum_j penalty_j beta_j², over rows that are not left out.

    differences: from the question asked, none for that itself. tries: how many models were looked at to find this one,
    where the answer was used to find it. is_usual: whether it is frequent enough to be combined with others.
    """

    features: tuple[Feature, ...]
    response: Polynomial
    weights: Weights
    left_out: frozenset[int] = frozenset()
    differences: tuple[Difference, ...] = ()
    tries: int = 1
    is_usual: bool = True

    def changed(self, code: str, says: str, *, tries: int = 1, is_usual: bool = True, **changes: object) -> "Model":
        """This model with one difference more."""
        differences = (*self.differences, Difference(code, says))
        changes |= {"tries": self.tries * tries, "is_usual": self.is_usual and is_usual}
        return replace(self, differences=differences, **changes)  # type: ignore[arg-type]

    @property
    def present(self) -> tuple[Feature, ...]:
        """The features that the model has."""
        return tuple(feature for feature in self.features if feature.is_present)

    @property
    def intercept(self) -> Feature | None:
        """Its intercept, None where it has none."""
        return next((feature for feature in self.present if feature.is_intercept), None)

    @property
    def says(self) -> str:
        """The question in words."""
        return " and ".join(difference.says for difference in self.differences) or "the question asked"

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its differences, each once."""
        return tuple(dict.fromkeys(difference.code for difference in self.differences))
