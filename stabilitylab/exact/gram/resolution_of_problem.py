"""How exactly the features of a Problem are known: what half a unit more in every column does to them."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import sqrt

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.types import Truth
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn, Problem
from stabilitylab.data.terms import Column
from stabilitylab.exact.gram.resolution import Resolutions, half_of_place


def resolutions_of_problem(problem: Problem, truth: Truth) -> Resolutions:
    """Those of the design and the response (n + 1,) of a Problem, for one of its truths.

    The columns by the rule of `gram.resolution`. A feature is a column, a power, a product or a logarithm of columns:
    its absolute resolution is the root mean square of its change when they all grow by half a unit. Where the matrix is
    the truth, or the columns themselves are it, its entries are floats.
    """
    if truth == "matrix" or (truth == "data" and problem.design.stored):
        return Resolutions(np.full(problem.shape[1] + 1, problem.format.unit_roundoff))
    names = {*problem.design.numbers, problem.response}
    given = {name: problem.data[name] if truth == "decimal" else problem.column(name) for name in names}
    if all(isinstance(term, Column) or not term.numbers for term in problem.design.terms):
        # Features that are columns grow as these do, ones and those of labels not: no rationals are needed.
        read = {name: problem.data[name] for name in problem.design.labels}
        labels = {name: v if isinstance(v, Labels) else Labels.of_numbers(v) for name, v in read.items()}
        own = [(term, name) for term in problem.design.terms for name in term.names(labels)]
        halves = [_halves(given[term.name]) if isinstance(term, Column) else [] for term, _ in own]
        return _resolved([*halves, _halves(given[problem.response])])
    columns: dict[str, DataColumn] = {name: _exact(values) for name, values in given.items()}
    grown: dict[str, DataColumn] = {name: _grown(values) for name, values in given.items()}
    # The columns are exact now: what is asked for are their features.
    before, after = (replace(problem, data={**problem.data, **v}).exact("decimal") for v in (columns, grown))
    scales = ((*one.column_scales, one.b_scale) for one in (before, after))
    entries = ([*one.A.T, one.b] for one in (before, after))
    changes = []
    for p, q, s, t in zip(*entries, *scales, strict=True):
        # q t - p s over one denominator: Python divides integers with one rounding.
        a, b, over = t.numerator * s.denominator, s.numerator * t.denominator, s.denominator * t.denominator
        changes.append([(w * a - v * b) / over for v, w in zip(p.tolist(), q.tolist(), strict=True)])
    return _resolved(changes)


def _resolved(changes: Sequence[Sequence[float]]) -> Resolutions:
    """The root mean square of the changes of each column; an empty one does not change."""
    absolute = [Fraction(sqrt(sum(v**2 for v in own) / max(len(own), 1))) for own in changes]
    return Resolutions(np.zeros(len(absolute)), tuple(absolute) if any(absolute) else None)


def _exact(given: DataColumn) -> ExactColumn:
    return given if isinstance(given, ExactColumn) else ExactColumn.of_floats(np.asarray(given))


def _grown(given: DataColumn) -> ExactColumn:
    """The column with half a unit more in every number; as it is where all of them are whole."""
    column = _exact(given)
    if _is_whole(column):
        return column
    if isinstance(given, ExactColumn):
        half = half_of_place(given.scale)
        a, b = given.scale.numerator * half.denominator, half.numerator * given.scale.denominator
        over = given.scale.denominator * half.denominator
        return ExactColumn(tuple(v * a + b for v in given.integers), Fraction(1, over))
    halves = map(Fraction, _halves(given))
    return ExactColumn.of_fractions(v * column.scale + half for v, half in zip(column.integers, halves, strict=True))


def _halves(given: DataColumn) -> list[float]:
    """Half a unit for every number (m,); empty where all of them are whole."""
    column = _exact(given)
    if _is_whole(column):
        return []
    if isinstance(given, ExactColumn):
        return [float(half_of_place(given.scale))] * len(column)
    return [float(v) / 2 for v in np.spacing(np.abs(np.asarray(given)))]


def _is_whole(column: ExactColumn) -> bool:
    return all(v % column.scale.denominator == 0 for v in column.integers)
