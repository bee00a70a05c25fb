"""All figures of a fit as plain numbers, texts and lists, for JSON and for tables of others."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.distributions import exact_level
from stabilitylab.exact.fit.frame import frame
from stabilitylab.exact.fit.summary import AllFigures, value_or_reason
from stabilitylab.exact.solve.interval import quotient

OF_COEFFICIENTS = ("standard_errors", "t_statistics", "p_values", "supported_digits")
OF_FIT = (
    *("rss", "residual_norm", "residual_standard_deviation", "total_sum_of_squares", "explained_sum_of_squares"),
    *("r_squared", "r_squared_about_mean", "r_squared_about_zero", "adjusted_r_squared", "f_statistic", "f_p_value"),
    *("log_likelihood", "aic", "bic", "aic_without_sigma", "bic_without_sigma"),
)
CONVENTIONS = {
    "r_squared": "the kind that r_squared_kind names, as are adjusted_r_squared, the sums of squares and F",
    "aic": "sigma counted as a parameter, as in R; aic_without_sigma as in statsmodels",
    "bic": "sigma counted as a parameter, as in R; bic_without_sigma as in statsmodels",
    "p_values": "two-sided; 0.0 is a number below 2**-1075 where the t statistic is finite",
}


def record_of(fit: AllFigures, level: object) -> dict[str, Any]:
    """Everything a program may want to keep, with intervals of this level; None for what there is not.

    `reasons` says why, for each figure that is out of range or not decided.
    """
    share, reasons = exact_level(level), {}

    def figure(name: str, *arguments: object) -> Any:
        value, reason = value_or_reason(fit, name, *arguments)
        if reason:
            reasons[name] = reason
        return value.tolist() if hasattr(value, "tolist") else value

    ends = figure("conf_int", level)
    of_coefficients = {name: figure(name) for name in OF_COEFFICIENTS}
    of_fit = {name: figure(name) for name in OF_FIT}
    certificate = fit.certificate
    return {
        "target": fit.target,
        "names": list(fit.names),
        "x": fit.x.tolist(),
        "is_exactly_zero": fit.is_exactly_zero.tolist(),
        **of_coefficients,
        "level": float(share),
        "lower": None if ends is None else [low for low, _ in ends],
        "upper": None if ends is None else [high for _, high in ends],
        "undetermined": fit.undetermined,
        **of_fit,
        "r_squared_kind": fit.r_squared_kind,
        "why_no_standard_errors": fit.why_no_standard_errors,
        "why_no_log_likelihood": fit.why_no_log_likelihood,
        "weighting": fit.weighting,
        "penalties": None if fit.ridge is None else [quotient(*v.as_integer_ratio()) for v in fit.ridge.penalties],
        "rows": fit.rows,
        "rows_left_out": fit.rows_left_out,
        "degrees_of_freedom": fit.degrees_of_freedom,
        "rank": certificate.rank,
        "route": certificate.route,
        "proof": str(certificate),
        "seconds": certificate.seconds,
        "conventions": dict(CONVENTIONS),
        "reasons": reasons,
    }


def frame_of(fit: AllFigures, level: object) -> Any:
    """The coefficients as a pandas.DataFrame, a row each by its name; NaN where there is no such figure.

    Raises InputError for a level that is none, and MissingLibraryError where pandas is not installed.
    """
    exact_level(level)

    def column(figure: str, *arguments: object) -> Array:
        values, _ = value_or_reason(fit, figure, *arguments)
        return np.full(len(fit.x), np.nan) if values is None else np.asarray(values, dtype=float)

    ends = column("conf_int", level).reshape(len(fit.x), -1)
    columns = {
        "value": fit.x,
        "standard_error": column("standard_errors"),
        "statistic": column("t_statistics"),
        "p": column("p_values"),
        "lower": ends[:, 0],
        "upper": ends[:, -1],
        "supported_digits": column("supported_digits"),
    }
    return frame(columns, fit.names, "coefficient")
