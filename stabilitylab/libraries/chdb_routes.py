"""ClickHouse's straight line, by chDB: the aggregate simpleLinearRegression of SQL."""

import json

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.libraries import route

CHDB = python_library("chdb", title="chDB (ClickHouse)", modules=("chdb", "pandas"), distribution="chdb")

QUERY = "SELECT line.b, line.k FROM (SELECT simpleLinearRegression(x, y) AS line FROM Python(data))"


@route(
    "chdb.simpleLinearRegression",
    CHDB,
    source="ClickHouse documentation, aggregate functions, simpleLinearRegression",
    tags=("no-rank-test",),
    works_in="float64",
    scalars=("float32", "float64"),
    call_form="line",
    fails={
        "has_a_stated_answer_to_singular_data": "for equal x both are NaN, and no error is raised",
        "returns_the_format_of_its_input": "the aggregate is Float64, for columns of Float32 too",
    },
    default=True,
)
def chdb_simple_linear_regression(x: Array, y: Array) -> Array:
    """Intercept and slope (2,) = SELECT simpleLinearRegression(x, y), x and y (m,).

    One pass over plain sums of x, y, x**2 and x y, in Float64: the slope is a quotient of differences of products, so
    that an offset of x costs its digits twice over, as in the normal equations. For equal x it is 0/0.
    Source: ClickHouse documentation, simpleLinearRegression; AggregateFunctionSimpleLinearRegression.h."""
    import chdb
    import pandas as pd

    data = pd.DataFrame({"x": x, "y": y})  # chDB finds it by its name
    answer = chdb.query(QUERY, "JSONCompact")
    del data
    ((intercept, slope),) = json.loads(str(answer))["data"]
    return np.array([np.nan if v is None else v for v in (intercept, slope)], dtype=np.float64)
