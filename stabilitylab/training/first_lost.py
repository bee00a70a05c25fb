"""The first operation of a run whose result left the range of its format: which, at which step, of which number."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.objective import LeastSquares
from stabilitylab.data.problem import Problem
from stabilitylab.solvers import descent
from stabilitylab.training.observed import Observed
from stabilitylab.training.setting import Setting
from stabilitylab.training.updates import update_of


@dataclass(frozen=True)
class FirstLost:
    """step: counted from 1. operation: what was computed, in letters. of: the row or the coefficient, in words. got:
    "inf", "nan" or "0". exactly: about what it is without the format. format: whose range it left."""

    step: int
    operation: str
    of: str
    got: str
    exactly: float
    format: Format


def first_lost(setting: Setting, problem: Problem, start: list[float], names: tuple[str, ...]) -> FirstLost | None:
    """The first number of a full-batch run that is inf, NaN, or 0 where float64 on the same operands has a finite
    number that is not 0; None where there is none within the budget, and for batches."""
    if setting.batch is not None:
        return None
    rounded = problem if problem.format == setting.format else problem.rounded_to(setting.format)
    objective = LeastSquares(setting.format.rounded(rounded.A), setting.format.rounded(rounded.b), setting.loss)
    gradient = Observed(setting, lambda: objective)
    x = setting.format.rounded(np.asarray(start))
    before: Array = x
    with np.errstate(all="ignore"):
        steps = descent.get(setting.optimiser)(
            gradient, x, lr=setting.rate, update=update_of(setting), **setting.hyperparameters
        )
        for k, (after, state) in enumerate(islice(steps, setting.steps), 1):
            for operation, got, right, largest, format, rows in _operations(
                setting, objective, before, gradient, state, after
            ):
                lost = _lost(got, right, largest <= float(format.smallest_subnormal) / 2)
                if lost is not None:
                    of = f"row {lost + 1}" if rows else names[lost]
                    return FirstLost(k, operation, of, _word(got[lost]), float(right[lost]), format)
            before = after
    return None


Computed = tuple[str, Array, Array, Array, Format, bool]


def _operations(
    setting: Setting, objective: LeastSquares, x: Array, seen: Observed, state: Mapping[str, Array], after: Array
) -> Iterator[Computed]:
    """Name, result in the format, result in float64 on the same operands, the largest number that is rounded on the way
    to each entry, format, and whether it is by rows; in the order in which a step computes them."""
    parts = seen.parts
    A, b = _plain(objective.A), _plain(objective.b)
    fitted, r, scaled = _plain(parts["A x"]), _plain(parts["residuals"]), _plain(parts["scaled"])
    products = np.abs(A * _plain(x)).max(axis=1)
    yield "A x", fitted, A @ _plain(x), products, setting.format, True
    yield "A x - b", r, fitted - b, np.abs(fitted - b), setting.format, True
    right = float(objective.factor) * setting.loss_scale * r
    yield "the factor times (A x - b)", scaled, right, np.abs(right), setting.format, True
    products = np.abs(A * scaled[:, None]).max(axis=0)
    yield "A'(A x - b)", _plain(parts["gradient"]), A.T @ scaled, products, setting.format, False
    fed = _plain(seen.gradient)
    if "v" in state and setting.hyperparameter("eps") is not None:
        # The running mean of squares: 0 only where g² is below the smallest number of the format.
        v = _plain(state["v"])
        yield "the mean of g²", v, np.where(v == 0, fed * fed, v), fed * fed, setting.state_format, False
    for letter, value in state.items():
        right = _finite_or_one(_plain(value))
        yield f"the state {letter}", _plain(value), right, np.abs(right), setting.state_format, False
    right = _finite_or_one(_plain(after))
    yield "x", _plain(after), right, np.abs(right), setting.format, False


def _finite_or_one(values: Array) -> Array:
    """The values, and 1 where they are not finite: that they should be is known, what they should be is not."""
    return np.where(np.isfinite(values), values, 1.0)


def _lost(got: Array, right: Array, tiny: Array) -> int | None:
    """The first entry that overflowed, or is 0 because all that it is made of is below the range (`tiny`)."""
    wrong = (~np.isfinite(got) & np.isfinite(right)) | ((got == 0) & (right != 0) & tiny)
    return int(np.flatnonzero(wrong)[0]) if wrong.any() else None


def _plain(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)


def _word(value: float) -> str:
    return "0" if value == 0 else "NaN" if np.isnan(value) else "inf" if value > 0 else "-inf"
