"""The state of a regression between two stages: its columns, exact or stored, and its features, exact or formed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, RankDeficientError
from stabilitylab.data.design import Columns
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn, Problem
from stabilitylab.data.terms import Column, Term
from stabilitylab.exact.gram.exact_input import inputs_of_parts
from stabilitylab.exact.gram.inputs import exact_weights, summed
from stabilitylab.exact.gram.numbers import Parts, exact_numbers, of_integers
from stabilitylab.exact.statistics import Evidence
from stabilitylab.replay import Enclosed, Vector

Numbers: TypeAlias = ExactColumn | Array
ENOUGH = 30  # digits to which the exact ends are enclosed; a double has 16


@dataclass(frozen=True, eq=False)
class System:
    """min sum w_i (y - A x)_i² with some columns stored in the format of the problem and some features formed in it.

    problem: as it was asked. columns: those that the design reads and the response, exact until they are stored.
    weights (m,): None where every row counts once. formed: the features (m, k) of the terms that have been formed in
    the format; those of all others are exact functions of the columns as they are here. kept: columns that were
    read and exact features of them, by the term and the identity of the columns, for all systems of one problem.
    """

    problem: Problem
    columns: Mapping[str, DataColumn]
    weights: Numbers | None = None
    formed: Mapping[Term, Array] = field(default_factory=dict)
    kept: dict[tuple[Any, ...], tuple[tuple[DataColumn, ...], tuple[ExactColumn, ...]]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def of(cls, problem: Problem, weights: Numbers | None) -> "System":
        """The one in which nothing has been stored yet."""
        names = {*problem.design.numbers, *problem.design.labels, problem.response}
        return cls(problem, {name: problem.data[name] for name in problem.data if name in names}, weights)

    def storing(self, names: Collection[str]) -> "System":
        """Some columns rounded to the format; this same system where that changes no number."""
        stored = {name: self.problem.column(name) for name in names if not self._holds(name)}
        return replace(self, columns={**self.columns, **stored}) if stored else self

    def weighing(self, stored: Array) -> "System":
        """The weights as a program has them; this same system where that changes none."""
        weights = self.weights
        if weights is None or (isinstance(weights, ExactColumn) and equals(weights, stored)):
            return self
        return self if weights is stored else replace(self, weights=stored)

    def forming(self, terms: Collection[Term]) -> "System":
        """The features of some terms formed in the format, from stored columns; this same system where nothing rounds.

        Raises InputError where a column has not been stored yet. Overflow gives what the format gives.
        """
        formed = {}
        for term in terms:
            if term not in self.formed and not term.stored:
                values = term.rounded(self._stored(term), self.problem.format)
                if not all(map(equals, self._exact(term), values.T)):
                    formed[term] = values
        return replace(self, formed={**self.formed, **formed}) if formed else self

    @cached_property
    def evidence(self) -> Evidence:
        """The exact normal equations of the system as it is. Raises RankDeficientError for dependent columns."""
        columns = [number for term in self.problem.design.terms for number in self._features(term)]
        return evidence_of(columns, self._numbers(self.problem.response), self.weights)

    @property
    def stored(self) -> tuple[Array, Array]:
        """A (m, n) and b (m,) in the format. Raises InputError where something has not been stored or formed yet."""
        parts = [self._in_format(term) for term in self.problem.design.terms]
        if not self._holds(self.problem.response):
            raise InputError(f"{self.problem.response!r} must be stored in {self.problem.dtype} before")
        return np.concatenate(parts, axis=1), self.problem.b

    @property
    def solution(self) -> Vector:
        """x (n,), proven to `ENOUGH` digits."""
        return enclosed(self.evidence, ENOUGH)

    def _in_format(self, term: Term) -> Array:
        """The features of a term (m, k) that have been formed, or that the format holds exactly."""
        if term in self.formed:
            return self.formed[term]
        values = term.rounded(self._stored(term), self.problem.format)
        if not term.stored and not all(map(equals, self._exact(term), values.T)):
            raise InputError(f"{term} must be formed in {self.problem.dtype} before")
        return values

    def _features(self, term: Term) -> list[Numbers]:
        if term in self.formed:
            return list(self.formed[term].T)
        if isinstance(term, Column):
            return [self._numbers(term.name)]
        return list(self._exact(term))

    def _exact(self, term: Term) -> tuple[ExactColumn, ...]:
        """The features of a term without rounding, of the columns as they are."""
        read = tuple(self.columns[name] for name in term.numbers)
        key = (term, *map(id, read))
        if key not in self.kept:
            numbers = {name: self._exactly(name) for name in term.numbers}
            # With the columns themselves, whose identities are then nobody else's.
            self.kept[key] = read, term.exact(Columns(self.problem.shape[0], numbers, self._labels))
        return self.kept[key][1]

    def _exactly(self, name: str) -> ExactColumn:
        """A column without rounding."""
        values = self._numbers(name)
        if isinstance(values, ExactColumn):
            return values
        key = (Column(name), id(values))
        if key not in self.kept:
            self.kept[key] = (values,), (ExactColumn.of_floats(values),)
        return self.kept[key][1][0]

    def _numbers(self, name: str) -> Numbers:
        values = self.columns[name]
        assert not isinstance(values, Labels), "what a term reads as numbers, a Problem has checked"
        return values

    @cached_property
    def _labels(self) -> dict[str, Labels]:
        read = {name: self.problem.data[name] for name in self.problem.design.labels}
        return {name: v if isinstance(v, Labels) else Labels.of_numbers(v) for name, v in read.items()}

    def _stored(self, term: Term) -> Columns[Array]:
        """The columns of a term as the format holds them, to form its features from."""
        for name in term.numbers:
            if not self._holds(name):
                raise InputError(f"{term} is formed of {name!r}, which must be stored in {self.problem.dtype} before")
        numbers = {name: self.problem.column(name) for name in term.numbers}
        return Columns(self.problem.shape[0], numbers, self._labels)

    def _holds(self, name: str) -> bool:
        values = self.columns[name]
        if isinstance(values, Labels):
            return True
        stored = self.problem.column(name)
        if isinstance(values, ExactColumn):
            return equals(values, stored)
        return values is stored or bool((values == stored).all())


def evidence_of(columns: Sequence[Numbers], response: Numbers, weights: Numbers | None = None) -> Evidence:
    """The exact normal equations of columns and a response. Raises RankDeficientError for dependent columns."""
    data = inputs_of_parts([_as_parts(column) for column in columns], [_as_parts(response)])[0]
    if isinstance(weights, ExactColumn):
        # A common factor of all weights changes no coefficient.
        weights = np.array([None, *map(Fraction, weights.integers)], dtype=object)[1:]
    found = Evidence(summed(data, exact_weights(weights, len(data.b))), len(columns), Fraction(0))
    if found.solved(ENOUGH) is None:
        raise RankDeficientError("the columns are exactly dependent")
    return found


def solution_of(columns: Sequence[Numbers], response: Numbers) -> Vector:
    """x (n,) of columns and a response, proven to `ENOUGH` digits. Raises RankDeficientError."""
    return enclosed(evidence_of(columns, response), ENOUGH)


def equals(exact: ExactColumn, floats: Array) -> bool:
    """Whether floats (m,) are these numbers exactly."""
    column = exact.coprime()
    odd = column.scale.denominator
    if odd & (odd - 1):  # coprime integers over a denominator that is no power of two
        return False
    numerator = column.scale.numerator
    return all(
        (p := value.as_integer_ratio())[0] * odd == n * numerator * p[1]
        for value, n in zip(floats.tolist() if floats.dtype.itemsize <= 8 else floats, column.integers, strict=True)
    )


def enclosed(evidence: Evidence, digits: int) -> Vector:
    """The coefficients (n,) of a regression with their proven radii."""
    intervals = evidence.coefficients(digits)
    return tuple(Enclosed(one.middle, Fraction(one.high - one.low, 2 * one.over)) for one in intervals)


def _as_parts(column: Numbers) -> tuple[Parts, Fraction]:
    if isinstance(column, ExactColumn):
        return of_integers(column.integers), column.scale
    return exact_numbers(column, "a column")
