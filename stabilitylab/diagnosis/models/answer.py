"""What is read out of a model, as a question and the model's call."""

from dataclasses import dataclass, replace
from math import isfinite, sqrt

import numpy as np

from stabilitylab.bench import Route, lacks, route, unsuited
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Fit, Solution, Status
from stabilitylab.data.call_form import takes_weights
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.scoring.score import status_of_rank

NOTABLE = 1e-8  # of the variation of y, by which residuals are larger than they need be, that is worth a sentence


@dataclass(frozen=True, eq=False)
class Answered:
    """A model's regression and its coefficients.

    problem: data and design. table: where they come from, with notes of what was decided. x (n,): in the order of the
    features. name: of the model's class with its library. code: the line of a program that fits it. route: the name of
    the route of the catalogue that makes the same call, "" for none. rank, standard_errors (n,), r_squared: as the
    model has them. formula: as it was written, "" for none.
    """

    problem: Problem
    table: Table
    x: Array
    name: str
    code: str
    route: str = ""
    rank: int | None = None
    standard_errors: Array | None = None
    r_squared: float | None = None
    weights: ExactColumn | Array | None = None
    weights_name: str = ""
    formula: str = ""


def question_and_call(answered: Answered) -> tuple[Question, Call]:
    """The question that a model answered, and its call; what its residuals show is among the notes."""
    table, problem, x = answered.table, answered.problem, answered.x
    question = Question(problem, table, answered.weights, answered.weights_name, formula=answered.formula)
    weights = question.float_weights
    root = np.ones(problem.shape[0]) if weights is None else np.sqrt(np.abs(weights))
    status, note = _status(answered, root)
    if status.answered and (excess := _excess(problem, x, root)):
        question = replace(question, table=replace(table, notes=(*table.notes, excess)))
    fit = Fit(x, answered.rank, standard_errors=answered.standard_errors, r_squared=answered.r_squared)
    entry = _entry(answered)
    refit = "" if entry is None else entry.label.name
    return question, Call(answered.name, Solution(x, status, fit, note), entry, answered.code, refit=refit)


def _entry(answered: Answered) -> Route | None:
    """The route that makes the same call on the question's problem, None where there is none here."""
    name = answered.route
    if not name or lacks(name):
        return None
    entry = route(name)
    takes = answered.weights is None or takes_weights(entry.function)
    return entry if takes and unsuited(entry.label, answered.problem) is None else None


def _status(answered: Answered, root: Array) -> tuple[Status, str]:
    """How the fit ended, as far as its coefficients and its rank tell. root (m,): square roots of the weights."""
    bad = np.flatnonzero(~np.isfinite(answered.x))
    if bad.size:
        return Status.NOT_FINITE, f"{answered.problem.feature_names[bad[0]]} is {answered.x[bad[0]]}"
    n = answered.problem.shape[1]
    if answered.rank is not None and answered.rank < n:
        A, b = answered.problem.A, answered.problem.b
        weighted = (A, b) if answered.weights is None else (root[:, None] * A, root * b)
        return status_of_rank(*weighted, answered.x, answered.rank), f"rank {answered.rank} of {n} columns"
    return Status.SOLVED, ""


def _excess(problem: Problem, x: Array, root: Array) -> str:
    """The sentence about coefficients whose residuals are larger than the least possible; "" where they are not.

    In float64, and for a sentence only: residuals are least within about u cond for any stable algorithm, so that much
    larger ones come from lost digits, a cut-off, a penalty, or data that the model was not fitted on.
    """
    A, b = problem.A.astype(np.float64), problem.b.astype(np.float64)
    with np.errstate(all="ignore"):
        size = np.linalg.norm(A, axis=0)
        scaled = A / np.where(size > 0, size, 1.0)
        best = np.linalg.lstsq(root[:, None] * scaled, root * b, rcond=None)[0]
        least = float(np.sum((root * (b - scaled @ best)) ** 2))
        came = float(np.sum((root * (b - A @ x.astype(np.float64))) ** 2))
        about = float(np.sum((root * (b - np.mean(b))) ** 2))
    if not (isfinite(came) and isfinite(least)) or came - least <= max(NOTABLE * about, 1e-6 * least):
        return ""
    if least <= 1e-20 * about:
        beside = "where none need be left"
    else:
        ratio = sqrt(came / least)
        much = f"{ratio:.3g} times" if ratio >= 1.1 else f"{100 * (ratio - 1):.2g} % above"
        beside = f"{much} the least possible"
    return (
        f"with the coefficients of this model the residuals have a norm of {sqrt(came):.3g}, {beside}: digits were "
        "lost in the fit, or it was not fitted on these X and y"
    )
