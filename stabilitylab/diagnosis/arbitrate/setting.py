"""The columns of a question, exactly, and the exact sums of their products from which models are solved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from operator import mul
from typing import Any

import flint
import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.correct_rounding import square_root
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import Problem
from stabilitylab.diagnosis.arbitrate.contrasts import Coding
from stabilitylab.diagnosis.arbitrate.model import Feature, Model, Weights
from stabilitylab.diagnosis.arbitrate.polynomial import Atom, Monomial, Polynomial
from stabilitylab.diagnosis.arbitrate.printed import as_float
from stabilitylab.diagnosis.question import Question

RESPONSE = Atom("response", "")
EVERY_ROW_ONCE = Weights("", None)


@dataclass(frozen=True, eq=False)
class Setting:
    """The table of a question as exact columns, one for each atom, and sums over its rows.

    incomplete: the rows that lack a cell in a column of the table that the question does not read.
    """

    question: Question
    incomplete: frozenset[int] = frozenset()

    @property
    def problem(self) -> Problem:
        """The regression asked."""
        return self.question.problem

    @property
    def rows(self) -> int:
        """m."""
        return self.problem.shape[0]

    def numbers(self, name: str) -> ExactColumn:
        """A column of numbers of the data as the person has it."""
        if name not in self._columns:
            values = self.problem.data[name] if name in self.problem.data else self.question.table.columns[name]
            assert not isinstance(values, Labels), "a column of labels has no numbers"
            self._columns[name] = values if isinstance(values, ExactColumn) else ExactColumn.of_floats(values)
        return self._columns[name]

    def labels(self, name: str) -> Labels:
        """A column of the data as labels."""
        values = self.problem.data[name] if name in self.problem.data else self.question.table.columns[name]
        return values if isinstance(values, Labels) else Labels.of_numbers(values)

    @property
    def weights(self) -> Weights:
        """Those of the question."""
        given = self.question.weights
        if given is None:
            return EVERY_ROW_ONCE
        return Weights("given", given if isinstance(given, ExactColumn) else ExactColumn.of_floats(given))

    @cached_property
    def other_numbers(self) -> tuple[str, ...]:
        """The columns of numbers of the table that the question reads neither as regressor, response nor weights."""
        read = self.problem.design.numbers | self.problem.design.labels
        read |= {self.problem.response, self.question.weights_name}
        return tuple(name for name in self.question.table.numbers if name not in read)

    # --- columns

    @cached_property
    def _columns(self) -> dict[str, ExactColumn]:
        return {}

    @cached_property
    def _monomials(self) -> dict[Monomial, ExactColumn]:
        return {}

    @cached_property
    def coded(self) -> dict[tuple[str, Coding], list[Feature]]:
        """The features of categories by column and coding."""
        return {}

    @cached_property
    def opaque(self) -> dict[str, ExactColumn]:
        """The features that are no polynomials of columns, by their names."""
        return {}

    def column(self, monomial: Monomial) -> ExactColumn:
        """The product of the atoms, row by row."""
        if monomial not in self._monomials:
            if not monomial:
                found = ExactColumn((1,) * self.rows)
            elif len(monomial) == 1:
                found = self._atom(monomial[0])
            else:
                found = self.column(monomial[:-1]).times(self.column(monomial[-1:]))
            self._monomials[monomial] = found
        return self._monomials[monomial]

    def _atom(self, atom: Atom) -> ExactColumn:
        if atom.kind == "response":
            return self.numbers(self.problem.response)
        if atom.kind == "feature":
            return self.opaque[atom.column]
        if atom.kind == "level":
            return ExactColumn(tuple(int(value == atom.level) for value in self.labels(atom.column).values))
        return self.numbers(atom.column)

    @cached_property
    def _values(self) -> dict[tuple[tuple[Monomial, Fraction], ...], ExactColumn]:
        return {}

    def values(self, p: Polynomial) -> ExactColumn:
        """A polynomial, row by row."""
        key = tuple(sorted(p.items()))
        if key not in self._values:
            self._values[key] = self._formed(p)
        return self._values[key]

    def _formed(self, p: Polynomial) -> ExactColumn:
        if len(p) == 1:
            ((monomial, c),) = p.items()
            column = self.column(monomial)
            return ExactColumn(column.integers, column.scale * c)
        parts = [(self.column(monomial), c) for monomial, c in p.items()]
        scales = [column.scale * c for column, c in parts]
        unit = Fraction(1, _common(scale.denominator for scale in scales))
        factors = [int(scale / unit) for scale in scales]
        integers = [0] * self.rows
        for (column, _), factor in zip(parts, factors, strict=True):
            integers = [total + factor * n for total, n in zip(integers, column.integers, strict=True)]
        return ExactColumn(tuple(integers), unit)

    @cached_property
    def _floats(self) -> dict[tuple[tuple[Monomial, Fraction], ...], Array]:
        return {}

    def floats(self, p: Polynomial) -> Array:
        """A polynomial in float64 (m,), row by row; infinite where it is out of range."""
        key = tuple(sorted(p.items()))
        if key not in self._floats:
            self._floats[key] = np.array(floats_of(self.values(p)))
        return self._floats[key]

    # --- sums

    @cached_property
    def _sums(self) -> dict[tuple[str, Monomial, Monomial], Fraction]:
        return {}

    @cached_property
    def _weighted(self) -> dict[tuple[str, Monomial], list[int]]:
        return {}

    def sum_of_products(
        self, first: Monomial, second: Monomial, weights: Weights = EVERY_ROW_ONCE, left_out: Iterable[int] = ()
    ) -> Fraction:
        """sum_i w_i first_i second_i over the rows that are not left out."""
        if second < first:
            first, second = second, first
        a, b = self.column(first), self.column(second)
        scale = a.scale * b.scale * (1 if weights.column is None else weights.column.scale)
        key = (weights.key, first, second)
        if key not in self._sums:
            self._sums[key] = sum(map(mul, self._with_weights(first, weights), b.integers)) * scale
        weighted = self._with_weights(first, weights)
        removed = sum(weighted[i] * b.integers[i] for i in left_out)
        return self._sums[key] - removed * scale if removed else self._sums[key]

    def _with_weights(self, monomial: Monomial, weights: Weights) -> Sequence[int]:
        integers = self.column(monomial).integers
        if weights.column is None:
            return integers
        key = (weights.key, monomial)
        if key not in self._weighted:
            self._weighted[key] = list(map(mul, integers, weights.column.integers))
        return self._weighted[key]

    def mean(self, p: Polynomial, model: Model, *, weighted: bool = False) -> Fraction:
        """The mean of a polynomial over the rows of a model."""
        weights = model.weights if weighted else EVERY_ROW_ONCE
        total = sum(c * self.sum_of_products((), monomial, weights, model.left_out) for monomial, c in p.items())
        return Fraction(total / self.sum_of_products((), (), weights, model.left_out))

    def variance(self, p: Polynomial, model: Model) -> Fraction:
        """The sum of squares about the mean over the rows of a model, divided by their number."""
        rows = self.sum_of_products((), (), left_out=model.left_out)
        return Fraction(self.inner(p, p, model) / rows - self.mean(p, model) ** 2)

    def inner(self, p: Polynomial, q: Polynomial, model: Model) -> Fraction:
        """sum_i p_i q_i over the rows of a model, without weights."""
        left = model.left_out
        return Fraction(
            sum(c * d * self.sum_of_products(a, b, left_out=left) for a, c in p.items() for b, d in q.items())
        )

    def size(self, square: Fraction) -> Fraction:
        """The square root, correctly rounded to 256 bits."""
        return square_root(square)

    # --- solving

    def normal_equations(self, model: Model) -> tuple[Any, Any]:
        """A'WA (n, n) and A'Wb (n, 1) of the features of a model, without its penalty, in rationals."""
        polynomials = [feature.polynomial for feature in model.present] + [model.response]
        monomials = sorted({monomial for p in polynomials for monomial in p})
        place = {monomial: k for k, monomial in enumerate(monomials)}
        n = len(polynomials)
        S = self._gram(tuple(monomials), model)
        T = flint.fmpq_mat(len(monomials), n)
        for j, polynomial in enumerate(polynomials):
            for monomial, c in polynomial.items():
                T[place[monomial], j] = _flint(c)
        N = T.transpose() * S * T
        G, c = flint.fmpq_mat(n - 1, n - 1), flint.fmpq_mat(n - 1, 1)
        for i in range(n - 1):
            c[i, 0] = N[i, n - 1]
            for k in range(n - 1):
                G[i, k] = N[i, k]
        return G, c

    @cached_property
    def _grams(self) -> dict[tuple[tuple[Monomial, ...], str, frozenset[int]], Any]:
        return {}

    def _gram(self, monomials: tuple[Monomial, ...], model: Model) -> Any:
        key = (monomials, model.weights.key, model.left_out)
        if key not in self._grams:
            p = len(monomials)
            S = flint.fmpq_mat(p, p)
            for i, a in enumerate(monomials):
                for k, b in enumerate(monomials[: i + 1]):
                    S[i, k] = S[k, i] = _flint(self.sum_of_products(a, b, model.weights, model.left_out))
            self._grams[key] = S
        return self._grams[key]

    @cached_property
    def _solutions(self) -> dict[int, tuple[Model, tuple[Fraction, ...] | None]]:
        return {}

    def solved(self, model: Model) -> tuple[Fraction, ...] | None:
        """The coefficients (n,) as reported, 0 for a feature that the model has not; None where they are not unique.

        Computed once for each model.
        """
        if id(model) not in self._solutions:
            self._solutions[id(model)] = model, self._solved(model)  # with the model, so that no other gets its id
        return self._solutions[id(model)][1]

    def _solved(self, model: Model) -> tuple[Fraction, ...] | None:
        if not model.present:
            return None
        G, c = self.normal_equations(model)
        for j, feature in enumerate(model.present):
            G[j, j] += _flint(feature.penalty)
        left, unit = G.numer_denom()
        right, other = c.numer_denom()
        try:
            x = left.solve(right)
        except ZeroDivisionError:
            return None
        ratio = Fraction(int(unit), int(other))
        found = iter(x.entries())
        return tuple(
            _fraction(next(found)) * ratio * feature.factor if feature.is_present else Fraction(0)
            for feature in model.features
        )

    def spread(self, model: Model) -> list[list[float]]:
        """(A'WA + penalty)^-1 (n, n) of the features that a model has, in the units of what is reported."""
        G, _ = self.normal_equations(model)
        for j, feature in enumerate(model.present):
            G[j, j] += _flint(feature.penalty)
        H, factors = G.inv(), [feature.factor for feature in model.present]
        scale = max((abs(_fraction(H[j, j])) * f * f for j, f in enumerate(factors)), default=Fraction(1))
        n = len(factors)
        return [[float(_fraction(H[i, k]) * factors[i] * factors[k] / scale) for k in range(n)] for i in range(n)]


def floats_of(column: ExactColumn) -> list[float]:
    """A column in float64."""
    p, q = column.scale.numerator, column.scale.denominator
    try:
        return [n * p / q for n in column.integers]
    except OverflowError:
        return [as_float(n * column.scale) for n in column.integers]


def _flint(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _common(numbers: Iterable[int]) -> int:
    return lcm(*numbers)
