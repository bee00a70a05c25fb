"""polars-ols, least squares as expressions of Polars: its default, its other solve methods, and its statistics."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

POLARS_OLS = python_library(
    "polars_ols", title="polars-ols", modules=("polars", "polars_ols"), distribution="polars-ols"
)

BOTH = ("float32", "float64")
WIDE = {"returns_the_format_of_its_input": "float32 columns are cast to Float64, and so are the coefficients"}
NULLS = "the coefficients are null or infinite, without a warning"


def _struct(X: Array, y: Array, intercept: bool, **options: Any) -> dict[str, Any]:
    import polars as pl
    import polars_ols  # noqa: F401, importing it registers the namespace least_squares

    names = [f"x{j}" for j in range(X.shape[1])]
    df = pl.DataFrame({**dict(zip(names, X.T, strict=True)), "y": y})
    y_column: Any = pl.col("y")
    struct: dict[str, Any] = df.select(y_column.least_squares.ols(*names, add_intercept=intercept, **options)).item()
    return struct


def _intercept_first(values: Any, intercept: bool) -> Array:
    """As an array, null as NaN; polars-ols has the intercept last."""
    return np.roll(np.array(list(values), dtype=np.float64), int(intercept))


@route(
    "polars_ols.ols",
    POLARS_OLS,
    source="polars-ols, README and src/least_squares.rs, solve_ols; Higham (2002), section 20.2",
    tags=("columnwise-backward-stable", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.1,
    square=("normwise", 0.15),
    works_in="float64",
    scalars=BOTH,
    call_form="columns",
    fails={**WIDE, "has_a_stated_answer_to_singular_data": "for a column of zeros " + NULLS},
    default=True,
)
def polars_ols_ols(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pl.col("y").least_squares.ols(*features, add_intercept=intercept, mode="coefficients"), X (m, p).

    Its default takes "qr" for m > n and "svd" otherwise, measured by equal bits: Householder QR, of the raw columns and
    of ones where an intercept is wanted. Columnwise backward stable, without a rank test.
    Source: polars-ols, README and src/least_squares.rs, solve_ols; Higham (2002), section 20.2."""
    return _intercept_first(_struct(X, y, intercept, mode="coefficients").values(), intercept)


@route(
    "polars_ols.ols_statistics",
    POLARS_OLS,
    source="polars-ols, README and src/statistics.rs",
    tags=("no-rank-test",),
    law="columnwise",
    constant=0.1,
    works_in="float64",
    scalars=BOTH,
    call_form="columns",
    fails={**WIDE, "has_a_stated_answer_to_singular_data": "it panics where the Cholesky factor of A'A breaks down"},
)
def polars_ols_statistics(X: Array, y: Array, intercept: bool) -> Fit:
    """x (n,), standard errors and R² from pl.col("y").least_squares.ols(*features, mode="statistics"), X (m, p).

    The coefficients are those of polars_ols.ols to the bit; the standard errors come from the inverse of A'A by
    Cholesky, and where that breaks down the plug-in panics, a ComputeError, and there are no coefficients either.
    R² is about the mean, with or without an intercept.
    Source: polars-ols, README and src/statistics.rs, compute_feature_metrics."""
    statistics = _struct(X, y, intercept, mode="statistics")
    return Fit(
        _intercept_first(statistics["coefficients"], intercept),
        standard_errors=_intercept_first(statistics["standard_errors"], intercept),
        r_squared=statistics["r2"],
    )


@route(
    "polars_ols.ols_svd",
    POLARS_OLS,
    source="polars-ols, README and src/least_squares.rs, solve_ols_svd; LAPACK, dlalsd.f, argument RCOND",
    tags=("normwise-backward-stable", "uncertain-rank"),
    law="normwise",
    constant=0.15,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: float(np.finfo(np.float64).eps) / 2,
    cutoff_says="LAPACK's gelsd with its own epsilon, the unit roundoff of float64, 2**-53",
    call_form="columns",
    fails=WIDE,
)
def polars_ols_svd(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pl.col("y").least_squares.ols(*features, solve_method="svd", mode="coefficients"), X (m, p).

    LAPACK's gelsd, which gets an rcond below 0 whatever the caller says: the cut-off is below round-off, so that an
    exactly dependent column is now and then kept. The rank is not reported.
    Source: polars-ols, README and src/least_squares.rs, solve_ols_svd; LAPACK, dlalsd.f, argument RCOND."""
    return _intercept_first(_struct(X, y, intercept, solve_method="svd", mode="coefficients").values(), intercept)


@route(
    "polars_ols.ols_chol",
    POLARS_OLS,
    source="polars-ols, README and src/least_squares.rs, solve_normal_equations; Higham (2002), section 20.4",
    tags=("no-rank-test",),
    law="normal",
    constant=0.9,
    works_in="float64",
    scalars=BOTH,
    call_form="columns",
    fails={**WIDE, "has_a_stated_answer_to_singular_data": NULLS},
)
def polars_ols_chol(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pl.col("y").least_squares.ols(*features, solve_method="chol", mode="coefficients"), X (m, p).

    The normal equations, error about u cond(A)**2. Where the Cholesky factorisation breaks down it goes on with LU,
    with no more than a line on standard output.
    Source: polars-ols, README and src/least_squares.rs, solve_normal_equations; Higham (2002), section 20.4."""
    return _intercept_first(_struct(X, y, intercept, solve_method="chol", mode="coefficients").values(), intercept)


@route(
    "polars_ols.ols_lu",
    POLARS_OLS,
    source="polars-ols, README and src/least_squares.rs, solve_ols_lu; Higham (2002), section 20.4",
    tags=("no-rank-test",),
    law="normal",
    constant=0.9,
    gram="pivoting",
    works_in="float64",
    scalars=BOTH,
    call_form="columns",
    fails={**WIDE, "has_a_stated_answer_to_singular_data": NULLS},
)
def polars_ols_lu(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pl.col("y").least_squares.ols(*features, solve_method="lu", mode="coefficients"), X (m, p).

    The normal equations by LU with partial pivoting, error about u cond(A)**2; a pivot of 0 is divided by.
    Source: polars-ols, README and src/least_squares.rs, solve_ols_lu; Higham (2002), section 20.4."""
    return _intercept_first(_struct(X, y, intercept, solve_method="lu", mode="coefficients").values(), intercept)
