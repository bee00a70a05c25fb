"""Polars' own way to a straight line: the covariance over the variance, as expressions."""

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

POLARS = python_library("polars", title="Polars", modules=("polars",), distribution="polars")


@route(
    "polars.cov",
    POLARS,
    source="polars.cov, polars.var and polars.corr, API reference",
    tags=("no-rank-test",),
    works_in="float64",
    scalars=("float32", "float64"),
    call_form="line",
    centred="means",
    fails={"has_a_stated_answer_to_singular_data": "for equal x the slope is 0/0, NaN without a warning"},
    default=True,
)
def polars_cov(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) from pl.cov("x", "y") / pl.var("x") and the means, R² from pl.corr; x and y (m,).

    Polars has no regression of its own, and its SQL no regr_slope. Both moments are formed about the means and in
    float64; for float32 columns they are rounded to float32 before they are divided. A constant x whose mean is off by
    a rounding, as for three times 0.1, gets an arbitrary slope.
    Source: Polars API reference, polars.cov, polars.var and polars.corr."""
    import polars as pl

    slope = pl.cov("x", "y") / pl.var("x")
    line = pl.DataFrame({"x": x, "y": y}).select(
        intercept=pl.mean("y") - slope * pl.mean("x"), slope=slope, r_squared=pl.corr("x", "y") ** 2
    )
    return Fit(line.select("intercept", "slope").to_numpy()[0], r_squared=line["r_squared"].item())
