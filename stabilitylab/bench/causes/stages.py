"""The digits that storing the data leaves, stage by stage: the response, the regressors, the features."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stabilitylab.bench.causes.inquiry import Inquiry, Known, known
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.problem import DataColumn, Design, Problem
from stabilitylab.scoring.accuracy import correct_digits

LITTLE = 9.0  # digits of the stored matrix from which storing the data has cost too little to be named
LUCK = 2.0  # digits by which an answer may miss those of the stored matrix, and storing still be what it lost


@dataclass(frozen=True)
class Stored:
    """Correct digits of the exact answer with these stored and all else exact; all: with everything stored.

    but_response: with everything stored but the response; but_features: with the data stored, the features exact.
    """

    response: float
    regressors: float
    features: float
    all: float
    but_response: float
    but_features: float


def stored(inquiry: Inquiry) -> Stored | None:
    """What storing costs where it is what the answer lost; None where it is not, or cannot be told."""
    if inquiry.suspect.truth == "matrix" or inquiry.true is None:
        return None
    if inquiry.x is None or inquiry.attainable >= LITTLE or inquiry.attainable - (inquiry.before or 0.0) > LUCK:
        return None
    return _of(inquiry.problem, inquiry.suspect.truth == "decimal", inquiry.weights)


@lru_cache(maxsize=64)
def _of(problem: Problem, from_decimals: bool, weights: tuple[float, ...] | None) -> Stored | None:
    truth = known(problem, "decimal" if from_decimals else "data", weights)
    data = known(problem, "data", weights)
    if truth is None:
        return None
    rounded: dict[str, DataColumn] = {name: problem.column(name) for name in problem.design.numbers}
    y = problem.response
    exact_y = dict(problem.data) if from_decimals else {**problem.data, y: problem.column(y)}
    stored_y = Problem(problem.name, {**problem.data, y: problem.column(y)}, problem.design, "", response=y)
    stored_x = Problem(problem.name, {**problem.data, **rounded}, problem.design, "", response=y)
    columns: dict[str, DataColumn] = {f"a{j}": a for j, a in enumerate(np.asarray(problem.A).T)}
    but_y = Problem(problem.name, {**columns, "response": exact_y[y]}, Design.matrix(), "", response="response")
    return Stored(
        response=_digits(known(stored_y, "decimal", weights), truth) if from_decimals else _cap(),
        regressors=_digits(known(stored_x, "decimal", weights), truth) if from_decimals else _cap(),
        features=_digits(known(problem, "matrix", weights), data) if data is not None else 0.0,
        all=_digits(known(problem, "matrix", weights), truth),
        but_response=_digits(known(but_y, "decimal", weights), truth),
        but_features=_digits(data, truth),
    )


def _digits(answer: Known | None, truth: Known) -> float:
    return 0.0 if answer is None else min(correct_digits(_array(answer), truth.x, truth.scales))


def _array(answer: Known) -> Array:
    return answer.nearest


def _cap() -> float:
    return float(-np.log10(np.finfo(np.float64).eps / 2))
