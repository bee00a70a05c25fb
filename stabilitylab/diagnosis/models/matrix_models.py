"""Results that hold their design matrix, and perhaps the formula and the table it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, ShapeError, StabilityLabError
from stabilitylab.core.printable import one_line
from stabilitylab.data.design import Design
from stabilitylab.data.formula import RulesName, columns_read, formula_of
from stabilitylab.data.frames import distinct
from stabilitylab.data.problem import DataColumn, Problem
from stabilitylab.data.table import Table, table_of
from stabilitylab.data.terms import Column, Intercept, Term
from stabilitylab.diagnosis.models.answer import Answered

ONES = ("const", "Intercept", "intercept", "(Intercept)", "1")
"""The names that libraries give a column of ones."""
NEAR = 1e-9  # of the largest entry of a column: features formed by different operations are one feature up to this


@dataclass(frozen=True, eq=False)
class Matrix:
    """A regression as a result holds it: names (n,), A (m, n), y (m,), x (n,) in that order.

    formula, frame: as they were given to the library, "" and None where there were none. target: the name of y.
    The rest is as in `Answered`.
    """

    names: tuple[str, ...]
    A: Array
    y: Array
    x: Array
    target: str
    name: str
    code: str
    formula: str = ""
    frame: Any = None
    route: str = ""
    rank: int | None = None
    standard_errors: Array | None = None
    r_squared: float | None = None
    weights: Array | None = None
    notes: tuple[str, ...] = ()


def answered_by_matrix(matrix: Matrix) -> Answered:
    """The question of the formula where its features are those of the matrix, else that of the matrix itself.

    Raises ShapeError where matrix, y and coefficients do not fit together.
    """
    m, n = matrix.A.shape
    if len(matrix.y) != m or len(matrix.x) != n or len(matrix.names) != n:
        raise ShapeError(
            f"the result holds a matrix {matrix.A.shape}, {len(matrix.y)} values of y and {len(matrix.x)} "
            "coefficients, which do not fit together: fit it again"
        )
    if not (np.isfinite(matrix.A).all() and np.isfinite(matrix.y).all()):
        raise InputError("the data inside the result are not finite: fit it again, without these rows")
    found = _by_formula(matrix) if matrix.formula and matrix.frame is not None else _by_matrix(matrix, "")
    problem, table, order, formula = found
    errors = matrix.standard_errors
    return Answered(
        problem,
        replace(table, notes=(*table.notes, *matrix.notes)),
        matrix.x[order],
        matrix.name,
        matrix.code,
        # The route is given the matrix of the problem: the same call only if that has the same bits.
        matrix.route if np.array_equal(problem.A, matrix.A[:, order]) else "",
        matrix.rank,
        None if errors is None else errors[order],
        matrix.r_squared,
        matrix.weights,
        "weights" if matrix.weights is not None else "",
        formula,
    )


Found = tuple[Problem, Table, list[int], str]


def _by_formula(matrix: Matrix) -> Found:
    """The design of the formula, with its data as they are in the table: exact, where the matrix may be rounded."""
    reasons: list[str] = []
    tried: tuple[RulesName, ...] = ("statsmodels", "R")
    for rules in tried:
        try:
            table = table_of(matrix.frame, missing="drop", needed=columns_read(matrix.formula))
            formula = formula_of(matrix.formula, table, rules=rules)
            table = replace(table, columns={**table.columns, **formula.formed})
            read = {formula.response, *formula.design.numbers, *formula.design.labels}
            data = {name: values for name, values in table.columns.items() if name in read}
            problem = Problem(table.name, data, formula.design, "as given", response=formula.response)
            order = _matched(problem.A, matrix.A)
        except StabilityLabError as error:
            reasons.append(str(error).splitlines()[0])
            continue
        if order is not None and np.array_equal(problem.b, matrix.y):
            said = f"the data are those inside the result, with its formula {one_line(formula.text)}"
            return problem, replace(table, notes=(*table.notes, *formula.notes, said)), order, formula.text
        reasons.append("its features, as they are formed here, are not those of the result")
    return _by_matrix(matrix, f"the formula of the result is not read here ({reasons[0]})")


def _matched(A: Array, other: Array) -> list[int] | None:
    """For each column of A the number of the column of another matrix that it is up to rounding; None for no match.

    Each column is taken once, that with the same number first.
    """
    if A.shape != other.shape:
        return None
    order: list[int] = []
    for j, column in enumerate(A.T):
        distance = np.abs(other - column[:, None]).max(axis=0)
        distance[order] = np.inf
        k = j if distance[j] == distance.min() else int(np.argmin(distance))
        if not distance[k] <= NEAR * np.abs(column).max():
            return None
        order.append(k)
    return order


def _by_matrix(matrix: Matrix, why: str) -> Found:
    """The columns of the matrix as they are stored, a column of ones by its name as the intercept, in front."""
    ones = [j for j, name in enumerate(matrix.names) if name in ONES and (matrix.A[:, j] == 1).all()][:1]
    others = [j for j in range(len(matrix.names)) if j not in ones]
    *names, response = distinct([*(matrix.names[j] for j in others), matrix.target or "y"])
    data: dict[str, DataColumn] = {name: matrix.A[:, j].copy() for name, j in zip(names, others, strict=True)}
    data[response] = matrix.y
    terms: Sequence[Term] = [*([Intercept()] * len(ones)), *map(Column, names)]
    said = "the data are the design matrix inside the result, as stored" + f"; {why}" * bool(why)
    table = Table("data", data, tuple(range(len(matrix.y))), notes=(said,))
    return Problem("data", data, Design(tuple(terms)), "as given", response=response), table, [*ones, *others], ""
