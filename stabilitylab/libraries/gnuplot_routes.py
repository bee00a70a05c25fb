"""Gnuplot's ways to fit: the command fit, iterative whatever the model, and the straight line of the command stats."""

import re
from collections.abc import Sequence

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, doubles, fit, session

GNUPLOT = program("gnuplot", title="gnuplot", programs=("gnuplot",), ask=("gnuplot", "--version"), package="gnuplot")

COMMAND = ("gnuplot", "--default-settings")
OPENING = f"set print '-'; set fit nologfile errorvariables; print '{END}'"


def _ask(x: Array, y: Array, command: str, *after: str) -> Fit:
    """The Fit that the commands `after` print, after a command in which {data} stands for the data of x and y."""
    with doubles(np.array([x, y])) as path:
        data = f"'{path}' binary format='%double%double' using 1:2"
        question = f"""
            reset errors
            {command.format(data=data)}
            if (GPVAL_ERRNO) {{ print 'error: '.GPVAL_ERRMSG }} else {{ {"; ".join(after)} }}
            print '{END}'"""
        output = session(COMMAND, OPENING).ask(question)
    return fit(re.sub(r"^ *line \d+: warning:", "warning:", output, flags=re.MULTILINE))


def _print(key: str, values: Sequence[str]) -> str:
    return f"print sprintf('{key}:{' %.17g' * len(values)}', {', '.join(values)})"


def _fit(x: Array, y: Array, degree: int, limit: str) -> Fit:
    names = [f"a{k}" for k in range(degree + 1)]
    model = " + ".join(["a0", *(f"a{k}*x**{k}" for k in range(1, degree + 1))])
    return _ask(
        x,
        y,
        f"undefine a*; set fit limit {limit}; fit {model} {{data}} via {', '.join(names)}",
        _print("x", names),
        _print("standard_errors", [f"exists('{name}_err') ? {name}_err : NaN" for name in names]),
        "print sprintf('iterations: %d', FIT_NITER)",
        "print FIT_CONVERGED ? 'note: converged' : 'note: did not converge'",
    )


@route(
    "gnuplot.fit",
    GNUPLOT,
    source="gnuplot manual, command fit",
    tags=("no-rank-test",),
    fails={"agrees_with_the_exact_solution": "it stops when the sum of squares changes by less than 1e-5 of itself"},
    call_form="polynomial",
    starts_at=1.0,
    default=True,
    iterative=True,
)
def gnuplot_fit(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... by fit a0 + a1*x**1 + ... via a0, a1, ..., with standard errors.

    Levenberg and Marquardt's iteration from the default start, all parameters 1, until the sum of squares changes by
    less than 1e-5 of itself; each step by Givens rotations. An iteration that stops early has no digits and calls
    itself converged. Where the truth is 1, as in the Wampler problems, the start is the answer. Too few distinct x
    give a solution that depends on the start. Raises RejectedError for fewer points than parameters.
    Source: gnuplot manual, fit."""
    return _fit(x, y, degree, "default")


@route(
    "gnuplot.fit_limit",
    GNUPLOT,
    source="gnuplot manual, command fit, and set fit limit",
    tags=("no-rank-test",),
    fails={"agrees_with_the_exact_solution": "a sum of squares that changes no more fixes half the digits"},
    call_form="polynomial",
    starts_at=1.0,
    called_under="set fit limit 1e-15",
    iterative=True,
)
def gnuplot_fit_limit(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) as gnuplot.fit, after set fit limit 1e-15.

    Iterates on, to where the sum of squares changes no more.
    Source: gnuplot manual, set fit."""
    return _fit(x, y, degree, "1e-15")


@route(
    "gnuplot.stats",
    GNUPLOT,
    source="gnuplot manual, command stats; Chan, Golub and LeVeque, Amer. Statist. 37 (1983) 242-247",
    tags=("no-rank-test",),
    law="normal",
    constant=0.6,
    fails={"has_a_stated_answer_to_singular_data": "where all x are equal it divides 0 by 0, without a warning"},
    call_form="line",
)
def gnuplot_stats(x: Array, y: Array) -> Fit:
    """Intercept, slope (2,), their standard errors and R² as stats has them, x and y (m,).

    One pass, the textbook formula: slope = (sum xy - sum x sum y / m) / (sum x**2 - (sum x)**2 / m), bit for bit. It
    loses twice the digits that x has in common. Where all x are equal the slope is NaN or arbitrary.
    Source: gnuplot manual, stats; Chan, Golub and LeVeque, Amer. Statist. 37 (1983) 242-247."""
    return _ask(
        x,
        y,
        "undefine STATS_*; stats {data} nooutput",
        _print("x", ["STATS_intercept", "STATS_slope"]),
        _print("standard_errors", ["STATS_intercept_err", "STATS_slope_err"]),
        _print("r_squared", ["STATS_correlation**2"]),
    )
