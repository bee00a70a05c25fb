"""polars-ds, statistics as expressions of Polars: lin_reg with each of its solvers, its report, and simple_lin_reg."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

POLARS_DS = python_library("polars_ds", title="polars-ds", modules=("polars", "polars_ds"), distribution="polars_ds")

BOTH = ("float32", "float64")
WIDE = {"returns_the_format_of_its_input": "float32 columns are cast to Float64, and so are the coefficients"}


def _table(X: Array, y: Array) -> tuple[Any, list[str]]:
    import polars as pl

    names = [f"x{j}" for j in range(X.shape[1])]
    return pl.DataFrame({**dict(zip(names, X.T, strict=True)), "y": y}), names


def _lin_reg(X: Array, y: Array, intercept: bool, **options: Any) -> Array:
    import polars_ds as pds

    df, names = _table(X, y)
    coefficients = df.select(pds.lin_reg(*names, target="y", add_bias=intercept, **options)).item()
    if coefficients is None:
        raise Breakdown("null: the relative determinant of A'A is at most singular_x_tol, 1e-12 by default")
    return np.roll(coefficients.to_numpy(), int(intercept))


@route(
    "polars_ds.lin_reg",
    POLARS_DS,
    source="polars-ds, docstring of lin_reg and src/linear/lr/lr_solvers.rs",
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    call_form="columns",
    fails=WIDE,
    default=True,
)
def polars_ds_lin_reg(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pds.lin_reg(*features, target="y", add_bias=intercept), X (m, p).

    The default solver, "qr", is a QR with column pivoting of A'A: the condition number is squared all the same, and
    units matter. Where det(A'A) is at most 1e-12 times the product of its diagonal it returns null, no number at all:
    for two columns that is a condition number of 2e6 after scaling, for many columns a much smaller one.
    Source: polars-ds, docstring of lin_reg on singular_x_tol; src/linear/lr/lr_solvers.rs, faer_solve_lstsq."""
    return _lin_reg(X, y, intercept)


@route(
    "polars_ds.lin_reg_svd",
    POLARS_DS,
    source="polars-ds, docstring of lin_reg and src/linear/lr/lr_solvers.rs",
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    call_form="columns",
    fails=WIDE,
)
def polars_ds_lin_reg_svd(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pds.lin_reg(*features, target="y", add_bias=intercept, solver="svd"), X (m, p).

    An SVD of A'A, behind the same gate as polars_ds.lin_reg.
    Source: polars-ds, docstring of lin_reg; src/linear/lr/lr_solvers.rs, faer_solve_lstsq."""
    return _lin_reg(X, y, intercept, solver="svd")


@route(
    "polars_ds.lin_reg_cholesky",
    POLARS_DS,
    source="polars-ds, docstring of lin_reg and src/linear/lr/lr_solvers.rs",
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    call_form="columns",
    fails=WIDE,
)
def polars_ds_lin_reg_cholesky(X: Array, y: Array, intercept: bool) -> Array:
    """x (n,) = pds.lin_reg(*features, target="y", add_bias=intercept, solver="cholesky"), X (m, p).

    The bits of polars_ds.lin_reg: the plug-in knows the word only as "choleskey", and takes any other for "qr".
    Source: polars-ds, polars_ds/typing.py, LRSolverMethods; measured on random data."""
    return _lin_reg(X, y, intercept, solver="cholesky")


@route(
    "polars_ds.lin_reg_report",
    POLARS_DS,
    source="polars-ds, docstring of lin_reg_report and src/linalg/lstsq.rs, faer_qr_lstsq_with_inv",
    tags=("no-rank-test",),
    works_in="float64",
    scalars=BOTH,
    call_form="columns",
    fails={**WIDE, "has_a_stated_answer_to_singular_data": "for a column of zeros all is NaN, without a warning"},
)
def polars_ds_lin_reg_report(X: Array, y: Array, intercept: bool) -> Fit:
    """x (n,), standard errors and R² from pds.lin_reg_report(*features, target="y", add_bias=intercept), X (m, p).

    A QR with column pivoting of A'A without the gate of lin_reg, and the standard errors from its inverse. The R² is
    not R²: the total sum of squares is taken as m times the variance with divisor m - 1, so that 1 - R² is (m - 1)/m
    of what it should be.
    Source: polars-ds, docstring of lin_reg_report; src/linalg/lstsq.rs, faer_qr_lstsq_with_inv; measured."""
    import polars_ds as pds

    df, names = _table(X, y)
    report = df.select(pds.lin_reg_report(*names, target="y", add_bias=intercept).alias("report")).unnest("report")
    x, errors = (np.roll(report[name].to_numpy(), int(intercept)) for name in ("beta", "std_err"))
    return Fit(x, standard_errors=errors, r_squared=report["r2"][0])


@route(
    "polars_ds.simple_lin_reg",
    POLARS_DS,
    source="polars-ds, docstring of simple_lin_reg and polars_ds/exprs/expr_linear.py",
    tags=("no-rank-test",),
    scalars=BOTH,
    call_form="line",
    centred="means",
    fails={"has_a_stated_answer_to_singular_data": "for equal x the slope is 0/0, NaN without a warning"},
)
def polars_ds_simple_lin_reg(x: Array, y: Array) -> Array:
    """Intercept and slope (2,) from pds.simple_lin_reg("x", target="y", add_bias=True), x and y (m,).

    Two passes as expressions of Polars, in the format of the columns: means, then dot products of deviations. A
    constant x whose mean is off by a rounding, as for three times 0.1, gets an arbitrary slope.
    Source: polars-ds, polars_ds/exprs/expr_linear.py, simple_lin_reg."""
    import polars as pl
    import polars_ds as pds

    df = pl.DataFrame({"x": x, "y": y})
    slope_intercept: Array = df.select(pds.simple_lin_reg("x", target="y", add_bias=True)).item().to_numpy()
    return slope_intercept[::-1]
