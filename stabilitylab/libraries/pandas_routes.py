"""pandas' way to a straight line: the covariance over the variance of two columns."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

PANDAS = python_library("pandas", title="pandas", modules=("pandas",), distribution="pandas")


@route(
    "pandas.cov",
    PANDAS,
    source="pandas.Series.cov, Series.var and Series.corr, API reference",
    tags=("no-rank-test",),
    call_form="line",
    centred="means",
    fails={"has_a_stated_answer_to_singular_data": "for equal x the slope is 0/0, NaN with a RuntimeWarning of NumPy"},
    default=True,
)
def pandas_cov(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) from df["x"].cov(df["y"]) / df["x"].var() and the means, R² from corr; x and y (m,).

    pandas has no regression of its own. Both moments are formed about the means. A constant x whose mean is off by a
    rounding, as for three times 0.1, gets an arbitrary slope.
    Source: pandas API reference, Series.cov, Series.var and Series.corr."""
    import pandas as pd

    df = pd.DataFrame({"x": x, "y": y})
    slope = df["x"].cov(df["y"]) / df["x"].var()
    intercept = df["y"].mean() - slope * df["x"].mean()
    return Fit(np.array([intercept, slope]), r_squared=float(df["x"].corr(df["y"]) ** 2))
