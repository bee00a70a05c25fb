"""SL308: a ridge penalty, of a default or of a lambda found from the answer, with the intercept penalised or not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.diagnosis.arbitrate.agreement import placed
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.polynomial import affine
from stabilitylab.diagnosis.arbitrate.printed import as_float
from stabilitylab.diagnosis.arbitrate.setting import Setting

LAMBDAS = tuple(map(Fraction, ("1", "0.1", "0.01", "0.001", "0.0001", "10", "100", "1000", "0.5", "2", "5", "0.05")))
PER_ROW = tuple(map(Fraction, ("1", "0.1", "0.01", "0.001", "0.5")))
"""Penalties per row, as statsmodels' fit_regularized and glmnet count them."""
DECADES = 24  # powers of ten that lambda is looked for in, about the mean square of the columns
NEAR = 0.5  # relative error within which a solution on the grid lies that has the lambda looked for beside it
SECTIONS = 48  # golden sections: an eighth of a decade to 1e-11 of it
DIGITS = (1, 2, 3, 4, 5)  # significant digits of a lambda found, as few as will do


@meaning("SL308", "a penalty (ridge)", 6, uses_answer=True, source="Hoerl and Kennard, Technometrics 12 (1970) 55-67")
def penalty(view: View) -> Iterator[Model]:
    """Ridge regressions of default penalties; from an answer, the lambda that comes nearest to it."""
    kinds = list(_kinds(view.setting, view.model))
    if view.answer is None:
        rows = view.setting.rows - len(view.model.left_out)
        values = {value: f"{float(value):g}" for value in LAMBDAS}
        values = {value * rows: f"{float(value):g} times {rows} rows" for value in PER_ROW} | values
        for says, features, sizes in kinds:
            for value, written in values.items():
                text = f"a ridge penalty of lambda = {written}{says}"
                yield _penalised(view.model, features, sizes, value, text)
        return
    for says, features, sizes in kinds:
        for value, digits in _found(view, features, sizes):
            text = f"a ridge penalty of lambda = {float(value):g}{says}"
            yield _penalised(view.model, features, sizes, value, text, DECADES * 10**digits, is_usual=False)


def _kinds(setting: Setting, model: Model) -> Iterator[tuple[str, tuple[Feature, ...], Sequence[Fraction]]]:
    """What is penalised: the words, the features as reported, and for each the factor of lambda."""
    features, slopes = model.features, [Fraction(0) if f.is_intercept else Fraction(1) for f in model.features]
    has_intercept = model.intercept is not None
    yield (", the intercept left free" if has_intercept else ""), features, slopes
    if has_intercept:
        yield ", the intercept penalised too", features, [Fraction(1)] * len(features)
        rows = setting.rows - len(model.left_out)
        variances = [Fraction(0) if f.is_intercept else setting.variance(f.polynomial, model) for f in features]
        if rows > 1 and all(v or f.is_intercept for v, f in zip(variances, features, strict=True)):
            for divisor, named in ((rows, "m rows"), (rows - 1, "m - 1 rows")):
                squares = [v * rows / divisor for v in variances]
                about = f", of regressors divided by their standard deviation ({named})"
                yield f"{about}, mapped back", features, squares
                scaled = tuple(
                    f
                    if f.is_intercept
                    else replace(
                        f,
                        polynomial=affine(f.polynomial, 1, -setting.mean(f.polynomial, model)),
                        factor=f.factor * setting.size(square),
                    )
                    for f, square in zip(features, squares, strict=True)
                )
                yield f"{about} and centred", scaled, squares


def _penalised(
    model: Model,
    features: Sequence[Feature],
    sizes: Sequence[Fraction],
    value: Fraction,
    says: str,
    tries: int = 1,
    is_usual: bool | None = None,
) -> Model:
    penalised = tuple(replace(f, penalty=value * size) for f, size in zip(features, sizes, strict=True))
    usual = value == 1 if is_usual is None else is_usual
    return model.changed("SL308", says, tries=tries, is_usual=usual, features=penalised)


def _found(view: View, features: tuple[Feature, ...], sizes: Sequence[Fraction]) -> list[tuple[Fraction, int]]:
    """The lambda for which the ridge solution comes nearest to the answer, with as few digits as will do."""
    model = replace(view.model, features=features)
    assert view.answer is not None, "lambda is found from an answer"
    values = placed(view.answer, model)
    if values is None:
        return []
    pairs = [(v, f) for v, f in zip(values, features, strict=True) if f.is_present and v is not None]
    G, c = view.setting.normal_equations(model)
    n = len(pairs)
    present = [float(size) for size, f in zip(sizes, features, strict=True) if f.is_present]
    A = np.array([[_float(G[i, k]) for k in range(n)] for i in range(n)])
    right = np.array([_float(c[i, 0]) for i in range(n)])
    scale = np.sqrt(np.diag(A))
    if not (np.isfinite(A).all() and np.isfinite(right).all() and scale.all()):
        return []
    A, right = A / scale[:, None] / scale, right / scale
    D = np.array(present) / scale**2
    wanted = np.array([as_float(v.value / f.factor) for v, f in pairs]) * scale
    least = [max(v.half / abs(f.factor), abs(v.value / f.factor) / 10**9) for v, f in pairs]
    units = np.array([as_float(v) or 1.0 for v in least]) * scale

    def off(log_lambdas: Array) -> Array:
        diagonals = 10.0 ** log_lambdas[:, None] * D
        x = np.linalg.solve(
            A + diagonals[:, :, None] * np.eye(n), np.broadcast_to(right[:, None], (len(diagonals), n, 1))
        )
        return np.asarray(x[:, :, 0] - wanted)

    def misfits(log_lambdas: Array) -> Array:
        return np.asarray(np.sum((off(log_lambdas) / units) ** 2, axis=1))

    penalised = D[D > 0]
    if not penalised.size:
        return []
    middle = -float(np.log10(np.median(penalised)))
    grid = np.linspace(middle - DECADES / 2, middle + DECADES / 2, 8 * DECADES + 1)
    try:
        errors = off(grid)
        if not (np.abs(errors) <= np.maximum(NEAR * np.abs(wanted), 10 * units)).all(axis=1).any():
            return []
        best = int(np.argmin(np.sum((errors / units) ** 2, axis=1)))
        found = _least(
            lambda v: float(misfits(np.array([v]))[0]), grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        )
    except np.linalg.LinAlgError:
        return []
    value = 10.0**found
    return [(Fraction(f"{value:.{digits - 1}e}"), digits) for digits in DIGITS]


def _float(value: Any) -> float:
    return as_float(Fraction(int(value.p), int(value.q)))


def _least(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f is least between two numbers, by golden sections. Source: Kiefer, Proc. AMS 4 (1953) 502-506."""
    share = (5**0.5 - 1) / 2
    left, right = high - share * (high - low), low + share * (high - low)
    at_left, at_right = f(left), f(right)
    for _ in range(SECTIONS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - share * (high - low)
            at_left = f(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + share * (high - low)
            at_right = f(right)
    return (low + high) / 2
