"""DuckDB's straight line: the aggregates regr_intercept, regr_slope and regr_r2 of SQL."""

from functools import lru_cache
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

DUCKDB = python_library("duckdb", title="DuckDB", modules=("duckdb",), distribution="duckdb")

QUERY = "SELECT regr_intercept(y, x), regr_slope(y, x), regr_r2(y, x) FROM data"


@lru_cache(maxsize=1)
def _connection() -> Any:
    """A database in memory, which takes longer to open than to ask."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


@route(
    "duckdb.regr_slope",
    DUCKDB,
    source="DuckDB documentation, aggregate functions; Welford, Technometrics 4 (1962) 419-420",
    works_in="float64",
    scalars=("float32", "float64"),
    call_form="line",
    centred="running means",
    fails={
        "has_a_stated_answer_to_singular_data": "for equal x the slope is NULL, but the intercept a silent NaN",
        "returns_the_format_of_its_input": "the aggregates are DOUBLE, for columns of FLOAT too",
    },
    default=True,
)
def duckdb_regr_slope(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = SELECT regr_intercept(y, x), regr_slope(y, x), with regr_r2; x and y (m,).

    One pass: the moments are updated about running means, row by row, so that an offset of x costs next to nothing.
    With several threads a large table gives other bits in every call, so one thread is asked for. NULL, which is the
    slope for equal x, arrives as NaN.
    Source: DuckDB documentation, aggregate functions; Welford, Technometrics 4 (1962) 419-420."""
    data = _connection().register("data", {"x": x, "y": y})
    intercept, slope, r_squared = data.execute(QUERY).fetchall()[0]
    return Fit(np.array([intercept, slope], dtype=np.float64), r_squared=r_squared)
