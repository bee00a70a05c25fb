"""The check of a verdict: the columns of a question written out, solved by `lstsq`, and in the normal equations."""

import warnings
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import Any

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.errors import StabilityLabError, UndeterminedWarning
from stabilitylab.data.design import Design
from stabilitylab.data.problem import Problem
from stabilitylab.diagnosis.arbitrate.agreement import Agreement
from stabilitylab.diagnosis.arbitrate.model import Model
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.exact import lstsq

ACCURACY = 30  # digits of the certified coefficients within whose intervals the rational solution must lie


@dataclass(frozen=True)
class Proof:
    """What was verified about the solution x of a question; `fails`: what was not, "" where all holds."""

    certified: bool
    normal_equations: bool
    fails: str = ""

    @property
    def holds(self) -> bool:
        """Whether x is the exact solution, shown in both ways."""
        return self.certified and self.normal_equations


@dataclass(frozen=True, eq=False)
class WrittenOut:
    """The columns of a model as reported, row by row without those left out, with response, weights and penalties."""

    columns: tuple[ExactColumn, ...]
    response: ExactColumn
    weights: ExactColumn | None
    penalties: tuple[Fraction, ...]


def written_out(setting: Setting, model: Model) -> WrittenOut:
    """The numbers of a question: each feature divided by its factor, so that coefficients are those reported."""
    kept = [row for row in range(setting.rows) if row not in model.left_out]

    def some(column: ExactColumn) -> ExactColumn:
        return ExactColumn(tuple(column.integers[row] for row in kept), column.scale)

    columns = tuple(some(setting.values(f.polynomial).over(f.factor)) for f in model.present)
    weights = model.weights.column
    return WrittenOut(
        columns,
        some(setting.values(model.response)),
        None if weights is None else some(weights),
        tuple(f.penalty / f.factor**2 for f in model.present),
    )


def proof_of(setting: Setting, found: Agreement) -> Proof:
    """Whether x is the exact solution of its question: by `lstsq` on the columns written out, and in rationals.

    (1) Each x_j lies in the interval to which `lstsq` proves it. (2) sum_i w_i a_ij (b_i - sum_k a_ik x_k) =
    lambda_j x_j for every j, exactly, from the columns written out and without the sums that x was computed from.
    """
    out = written_out(setting, found.model)
    x = [value for value, f in zip(found.x, found.model.features, strict=True) if f.is_present]
    exact = _solves(out, x)
    try:
        certified = _is_certified(out, x)
    except StabilityLabError as error:
        return Proof(False, exact, str(error))
    return Proof(certified, exact, "" if certified and exact else "the solution is not that of the columns written out")


def _solves(out: WrittenOut, x: list[Fraction]) -> bool:
    weighted = [
        column.integers if out.weights is None else tuple(map(mul, column.integers, out.weights.integers))
        for column in out.columns
    ]
    unit = Fraction(1) if out.weights is None else out.weights.scale

    def product(j: int, other: ExactColumn) -> Fraction:
        total = sum(map(mul, weighted[j], other.integers))
        return Fraction(total * unit * out.columns[j].scale * other.scale)

    return all(
        sum(product(j, column) * v for column, v in zip(out.columns, x, strict=True)) + out.penalties[j] * x[j]
        == product(j, out.response)
        for j in range(len(x))
    )


def _is_certified(out: WrittenOut, x: list[Fraction]) -> bool:
    names = [f"a{j}" for j in range(len(x))]
    data = dict(zip(names, out.columns, strict=True))
    problem = Problem("written out", {**data, "b": out.response}, Design.matrix(), "written out", response="b")
    weights: Any = None if out.weights is None else [out.weights[row] for row in range(len(out.weights))]
    ridge = dict(zip(names, out.penalties, strict=True)) if any(out.penalties) else None
    with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        fit = lstsq(problem, truth="decimal", weights=weights, ridge=ridge)
    intervals = fit.evidence.coefficients(ACCURACY)
    return all(one.low <= v * one.over <= one.high for one, v in zip(intervals, x, strict=True))
