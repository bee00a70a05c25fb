"""The summary of a fit: coefficients with standard errors, t, p and intervals, and the figures of the whole.

In the arrangement that R and statsmodels have; what differs between programs, as R² and the AIC do, is named.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from stabilitylab.core.arguments import require_whole
from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError
from stabilitylab.core.printable import one_decimal
from stabilitylab.exact.dependent import listed
from stabilitylab.exact.distributions import exact_level, printed_p_value
from stabilitylab.exact.fit.page import Page
from stabilitylab.exact.fit.row_by_row import RowByRow
from stabilitylab.exact.fit.support import Supported
from stabilitylab.exact.ridge import shown

DIGITS = 6  # that are printed of a number, where not all are asked for
ALL_DIGITS = "digits=None shows all"
NONE = "none"
OF_COEFFICIENTS = (("standard errors", "standard_errors"), ("t", "t_statistics"), ("p-values", "p_values"))


class AllFigures(RowByRow, Supported):
    """Everything that can be computed of a fit."""


class Summary(Page):
    """What `CertifiedFit.summary` returns: prints as text, and in a notebook as a table; `to_markdown` writes it."""


def summary_of(fit: AllFigures, level: object = 0.95, digits: int | None = DIGITS) -> Summary:
    """The summary of a fit, with intervals of this level; digits: of each number, None for all of them.

    What over- or underflows, and what no precision decides, is said in its place. Raises InputError for a level that is
    none, and where the data have changed since.
    """
    _require_digits(digits)
    share = 100 * float(exact_level(level))
    least = ", the solution of least norm" if fit.certificate.rank < len(fit.x) else ""
    t = "z" if fit.weighting == "absolute" else "t"
    header = ("", "value", "standard error", t, "p", f"{share:.12g} % from", "to", "digits the data support")
    return Summary(
        title=f"Certified least squares of {fit.target}{least}",
        header=header,
        body=tuple(_coefficients(fit, level, digits)),
        head=tuple(_about(fit, digits)),
        foot=tuple(_figures(fit, level, digits)),
        warnings=(fit.undetermined,) if fit.undetermined else (),
    )


def summary_of_several(
    fits: Sequence[AllFigures], warning: str, level: object = 0.95, digits: int | None = DIGITS
) -> Summary:
    """The summary of fits of several targets on the same columns, a column for each; warning: comes before it.

    Under each coefficient stand its standard error, its p-value and its interval; below them figures of the whole.
    """
    _require_digits(digits)
    share, first = 100 * float(exact_level(level)), fits[0]
    of_each = [list(_coefficients(fit, level, digits)) for fit in fits]
    body: list[tuple[str, ...]] = []
    for j, name in enumerate(first.names):
        rows = [rows[j] for rows in of_each]
        body += [(name, *(row[1] for row in rows)), ("  standard error", *(row[2] for row in rows))]
        body += [("  p", *(row[4] for row in rows))]
        body += [(f"  {share:.12g} % from", *(row[5] for row in rows)), ("  to", *(row[6] for row in rows))]
    figures = [dict(_figures(fit, level, digits)) for fit in fits]
    below = (
        *("residual standard deviation", "R² about the mean", "R² about zero"),
        f"adjusted R² {first.r_squared_kind}",
    )
    body += [(name, *(of.get(name, NONE) for of in figures)) for name in below if any(name in of for of in figures)]
    body += [(name.upper(), *(_one(fit, name, digits) for fit in fits)) for name in ("aic", "bic")]
    why = {text for fit in fits if (text := fit.why_no_standard_errors)}
    return Summary(
        title=f"Certified least squares of {listed([fit.target for fit in fits])}",
        header=("", *(fit.target for fit in fits)),
        body=tuple(body),
        head=tuple(_about(min(fits, key=lambda fit: fit.certificate.digits), digits)),
        foot=(*(("no standard errors", text) for text in sorted(why)), ("AIC and BIC", "sigma counted, as in R")),
        warnings=(warning,) if warning else (),
    )


def _require_digits(digits: object) -> None:
    """Raise InputError unless digits is None or a whole number of 1 or more."""
    if digits is not None:
        require_whole("digits, those that are shown of each number,", digits, at_least=1)


def value_or_reason(fit: Any, figure: str, *arguments: object) -> tuple[Any, str]:
    """(a figure of the fit, ""), or (None, why there is none) where it is out of range or not decided."""
    try:
        value = getattr(fit, figure)
        return (value(*arguments) if arguments else value), ""
    except (OutOfRangeError, NotCertifiedError) as error:
        return None, str(error)


def printed(value: float | None, digits: int | None = DIGITS) -> str:
    """A number in so many digits, None for all that tell the double from others."""
    if value is None:
        return NONE
    return repr(float(value)) if digits is None else f"{float(value):.{digits}g}"


def p_value(p: float | None, statistic: float | None, digits: int | None) -> str:
    """A p-value; "< 5e-324" for one that is below the least double, and so rounded to 0."""
    if p is None or statistic is None:
        return NONE
    return repr(float(p)) if digits is None and p > 0 else printed_p_value(float(p), float(statistic), digits or 17)


def _about(fit: AllFigures, digits: int | None) -> Iterator[tuple[str, str]]:
    left = fit.rows_left_out
    dropped = f", and {left} left out, in which a number is missing" if left else ""
    yield "rows", f"{fit.rows}{dropped}"
    if fit.ridge is None:
        yield "degrees of freedom", str(fit.degrees_of_freedom)
    else:
        yield "penalty", "; ".join(_penalties(fit))
    if fit.constant is None:
        yield "constant", "none among the columns (intercept=True adds one)"
    if fit.weighting == "absolute":
        yield (
            "weights",
            "absolute, 1 over the variances of the rows, which are known; the residual standard deviation is then near "
            "1",
        )
    elif fit.data is not None and fit.data.weights is not None:
        yield "weights", "relative: how the variances of the rows are to each other; what they are is estimated"
    shown = "" if digits is None else f", shown to {digits} digits ({ALL_DIGITS})"
    yield "proof", f"each number is the double nearest to its exact value{shown}; {fit.certificate}"


def _penalties(fit: AllFigures) -> Iterator[str]:
    """lambda_j of the penalty sum lambda_j x_j², and of which coefficients."""
    assert fit.ridge is not None, "it is asked of a penalised fit"
    by_value: dict[Fraction, list[str]] = {}
    for name, value in zip(fit.names, fit.ridge.penalties, strict=True):
        by_value.setdefault(value, []).append(name)
    for value, names in by_value.items():
        yield f"{shown(value)} x² for {listed(names)}"


def _coefficients(fit: AllFigures, level: object, digits: int | None) -> Iterator[tuple[str, ...]]:
    n = len(fit.x)
    errors, ts, ps = (_each(fit, figure) for _, figure in OF_COEFFICIENTS)
    ends = _each(fit, "conf_int", level)
    supported = fit.supported_digits
    for j in range(n):
        yield (
            fit.names[j],
            f"{printed(fit.x[j], digits)}{' (exact)' if fit.is_exactly_zero[j] else ''}",
            printed(errors[j], digits),
            printed(ts[j], digits),
            p_value(ps[j], ts[j], digits),
            *([NONE] * 2 if ends[j] is None else [printed(end, digits) for end in ends[j]]),
            "" if supported is None else one_decimal(supported[j]),
        )


def _each(fit: AllFigures, figure: str, *arguments: object) -> list[Any]:
    values, _ = value_or_reason(fit, figure, *arguments)
    return [None] * len(fit.x) if values is None else list(values)


def _figures(fit: AllFigures, level: object, digits: int | None) -> Iterator[tuple[str, str]]:
    if fit.why_no_standard_errors:
        yield "no standard errors", fit.why_no_standard_errors
    for name, figure, *arguments in (*OF_COEFFICIENTS, ("intervals", "conf_int", level)):
        reason = value_or_reason(fit, figure, *arguments)[1]
        if reason:
            yield f"no {name}", reason
    yield "residual norm", _one(fit, "residual_norm", digits)
    yield "residual standard deviation", _one(fit, "residual_standard_deviation", digits)
    kinds = ("about_mean", "about_zero") if fit.constant is not None else ("about_zero",)
    for kind in kinds:
        said = _one(fit, f"r_squared_{kind}", digits)
        why = fit.why_no_r_squared_about_mean if kind == "about_mean" else "the target is 0 in every row"
        yield f"R² {kind.replace('_', ' ').replace('mean', 'the mean')}", f"none: {why}" if said == NONE else said
    yield f"adjusted R² {fit.r_squared_kind}", _one(fit, "adjusted_r_squared", digits)
    yield from _f(fit, digits)
    if fit.why_no_log_likelihood:
        yield "no log-likelihood, AIC and BIC", fit.why_no_log_likelihood
        return
    yield "log-likelihood", _one(fit, "log_likelihood", digits)
    counted = "sigma counted, as in R" if fit.weighting == "relative" else "sigma is known"
    for name in ("aic", "bic"):
        without, _ = value_or_reason(fit, f"{name}_without_sigma")
        other = "" if fit.weighting == "absolute" else f"; {printed(without, digits)} without, as statsmodels"
        yield name.upper(), f"{_one(fit, name, digits)} ({counted}{other})"


def _f(fit: AllFigures, digits: int | None) -> Iterator[tuple[str, str]]:
    f, reason = value_or_reason(fit, "f_statistic")
    if f is None and not reason:
        return
    p, _ = value_or_reason(fit, "f_p_value")
    regressors = fit.certificate.rank - (fit.constant is not None)
    said = p_value(p, f, digits)
    yield (
        "F",
        reason
        or f"{printed(f, digits)} on {regressors} and {fit.degrees_of_freedom} degrees of freedom, "
        f"p {said if said.startswith('<') else f'= {said}'}",
    )


def _one(fit: AllFigures, figure: str, digits: int | None) -> str:
    value, reason = value_or_reason(fit, figure)
    return reason or printed(value, digits)
