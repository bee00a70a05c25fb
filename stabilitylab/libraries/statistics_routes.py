"""The standard library's straight line: statistics.linear_regression over Python floats."""

import platform
import statistics

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library
from stabilitylab.libraries import route

STATISTICS = Library(
    name="statistics",
    title="Python statistics",
    modules=("statistics",),
    install="it comes with Python",
    version=platform.python_version,
    isolated=False,
)


@route(
    "statistics.linear_regression",
    STATISTICS,
    source="Python documentation, statistics.linear_regression",
    scalars=("float64",),
    tags=("no-rank-test",),
    call_form="line",
    centred="means",
    default=True,
)
def statistics_linear_regression(x: Array, y: Array) -> Array:
    """Intercept and slope (2,) of statistics.linear_regression(x, y), x and y (m,) as lists of Python floats.

    Two passes: means, then sums of products of deviations; each sum is correctly rounded, the products are not always.
    Raises StatisticsError, a ValueError, when the deviations of x are all 0; the mean of equal x may be off by a
    rounding, as for three times 0.1, and then a constant x gets an arbitrary slope.
    Source: Python documentation, module statistics, section on statistics for relations between two inputs."""
    slope, intercept = statistics.linear_regression(x.tolist(), y.tolist())
    return np.array([intercept, slope])
