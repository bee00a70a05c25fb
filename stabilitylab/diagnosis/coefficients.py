"""Each coefficient of a call beside its certified value, what the data support and what the noise leaves."""

from collections.abc import Sequence
from math import isfinite, isnan
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError
from stabilitylab.diagnosis.digits import digits_of, digits_of_figure
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import Coefficient, Figure
from stabilitylab.exact import CertifiedFit
from stabilitylab.scoring.accuracy import digits_cap, digits_of_error

CAP = digits_cap("float64")


def coefficients(question: Question, call: Call, fit: CertifiedFit, level: float) -> tuple[Coefficient, ...]:
    """One row for each coefficient, from the certified fit of the numbers as given."""
    n, solution = len(fit.x), call.solution
    x = returned(call, n)
    digits = digits_of(np.array([np.nan if v is None else v for v in x]), fit)
    errors, ts, ps = (figure(fit, name) for name in ("standard_errors", "t_statistics", "p_values"))
    ends = figure(fit, "conf_int", level)
    supported = fit.supported_digits
    said = None if solution.fit is None else solution.fit.standard_errors
    of_errors = [None] * n if said is None or len(said) != n else [float(v) for v in said]
    rows = []
    for j in range(n):
        se, own, value = at(errors, j), of_errors[j], x[j]
        t_own = None if value is None or not own else value / own
        p_own = p_value_of(t_own, fit)
        certified = float(fit.x[j])
        rows.append(
            Coefficient(
                name=fit.names[j],
                returned=x[j],
                certified=certified,
                digits=float(digits[j]),
                supported=at(supported, j),
                statistical=left_by_noise(certified, se),
                standard_error=se,
                t=at(ts, j),
                p=at(ps, j),
                lower=None if ends is None else float(ends[j][0]),
                upper=None if ends is None else float(ends[j][1]),
                returned_standard_error=own,
                returned_t=t_own,
                returned_p=p_own,
                digits_of_standard_error=digits_of_figure(own, se),
                digits_of_t=digits_of_figure(t_own, at(ts, j)),
                digits_of_p=digits_of_figure(p_own, at(ps, j)),
                is_exactly_zero=bool(fit.is_exactly_zero[j]),
                printed="" if call.printed is None else call.printed[j],
            )
        )
    return tuple(rows)


def returned(call: Call, n: int) -> list[float | None]:
    """The coefficients that the call gave, None for one without a value."""
    solution = call.solution
    if solution.x is None:
        return [None] * n
    values = np.asarray(solution.x, dtype=np.float64).tolist()
    dropped = set(solution.fit.dropped) if solution.fit is not None else set()
    return [None if j in dropped else value for j, value in enumerate(values)]


def figures(question: Question, call: Call, fit: CertifiedFit) -> tuple[Figure, ...]:
    """R² of both kinds and the predictions, as the returned coefficients give them in float64, and certified."""
    x = returned(call, len(fit.x))
    if any(v is None or not isfinite(v) for v in x):
        return ()
    A, b, w = question.problem.A, question.problem.b, question.float_weights
    with np.errstate(all="ignore"):
        predicted = np.asarray(A @ np.array(x, dtype=A.dtype), dtype=np.float64)
        found = [
            Figure(f"R² {kind}", own, certified, digits_of_figure(own, certified))
            for kind, about_mean, name in (
                ("about the mean", True, "r_squared_about_mean"),
                ("about zero", False, "r_squared_about_zero"),
            )
            if (certified := figure(fit, name)) is not None
            and (own := r_squared(np.asarray(b, dtype=np.float64), predicted, w, about_mean=about_mean)) is not None
        ]
    values = figure(fit, "fitted_values")
    if values is not None and len(values):
        size = float(np.abs(values).max())
        row = int(np.abs(predicted - values).argmax())
        error = float(np.abs(predicted - values)[row])
        digits = CAP if not error else digits_of_error(error / size, CAP) if size else None
        found.append(
            # Without the values, which can be those of the target: no number of the data is in a report.
            Figure(
                f"predictions, worst in {question.table.place} {question.table.places[row]}, of the largest",
                None,
                None,
                digits,
            )
        )
    return tuple(found)


def r_squared(b: Array, predicted: Array, weights: Array | None, *, about_mean: bool) -> float | None:
    """1 - sum w (b - p)² / sum w (b - mean)² in float64, as a program computes it; None where nothing varies."""
    w = np.ones(len(b)) if weights is None else weights
    centre = float(np.average(b, weights=w)) if about_mean else 0.0
    total = float((w * (b - centre) ** 2).sum())
    value = 1 - float((w * (b - predicted) ** 2).sum()) / total if total else np.nan
    return value if isfinite(value) else None


def left_by_noise(value: float, standard_error: float | None) -> float | None:
    """-log10(standard error / |coefficient|), within [0, 15.95]."""
    if standard_error is None:
        return None
    return digits_of_error(standard_error / abs(value), CAP) if value else 0.0


def p_value_of(t: float | None, fit: CertifiedFit) -> float | None:
    """The two-sided p-value of a t in float64, as a program computes it."""
    if t is None or not isfinite(t) or not fit.degrees_of_freedom:
        return None
    from scipy.special import ndtr, stdtr  # it takes a while to import

    tail = ndtr(-abs(t)) if fit.weighting == "absolute" else stdtr(fit.degrees_of_freedom, -abs(t))
    return float(2 * tail)


def figure(fit: CertifiedFit, name: str, *arguments: object) -> Any:
    """A figure of a fit; None where it is out of range, or not decided."""
    try:
        value = getattr(fit, name)
        return value(*arguments) if arguments else value
    except (OutOfRangeError, NotCertifiedError):
        return None


def at(values: Sequence[float] | Array | None, j: int) -> float | None:
    """One of several numbers; None where there are none, and for 0/0, as t of an exact 0 can be."""
    return None if values is None or values[j] is None or isnan(values[j]) else float(values[j])
