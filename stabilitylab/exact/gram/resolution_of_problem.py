"""How exactly the features of a Problem are known: what half a unit more in every column does to them."""

from dataclasses import replace
from fractions import Fraction
from math import sqrt

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.types import Truth
from stabilitylab.data.problem import DataColumn, Problem
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
    columns: dict[str, DataColumn] = {name: _exact(values) for name, values in given.items()}
    grown: dict[str, DataColumn] = {name: _grown(values) for name, values in given.items()}
    # The columns are exact now: what is asked for are their features.
    before, after = (replace(problem, data={**problem.data, **v}).exact("decimal") for v in (columns, grown))
    scales = ((*one.column_scales, one.b_scale) for one in (before, after))
    entries = ([*one.A.T, one.b] for one in (before, after))
    absolute = []
    for p, q, s, t in zip(*entries, *scales, strict=True):
        squares = sum(float(w * t - v * s) ** 2 for v, w in zip(p.tolist(), q.tolist(), strict=True))
        absolute.append(Fraction(sqrt(squares / len(p))))
    return Resolutions(np.zeros(len(absolute)), tuple(absolute) if any(absolute) else None)


def _exact(given: DataColumn) -> ExactColumn:
    return given if isinstance(given, ExactColumn) else ExactColumn.of_floats(np.asarray(given))


def _grown(given: DataColumn) -> ExactColumn:
    """The column with half a unit more in every number; as it is where all of them are whole."""
    column = _exact(given)
    if all((v * column.scale).denominator == 1 for v in column.integers):
        return column
    if isinstance(given, ExactColumn):
        halves = [half_of_place(given.scale)] * len(column)
    else:
        halves = [Fraction(float(v)) / 2 for v in np.spacing(np.abs(np.asarray(given)))]
    return ExactColumn.of_fractions(v * column.scale + half for v, half in zip(column.integers, halves, strict=True))
