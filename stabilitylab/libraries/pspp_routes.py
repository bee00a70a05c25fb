"""PSPP's way to fit: the command REGRESSION, with the syntax of SPSS."""

import csv
import struct
import warnings

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import ProgramError, ran

PSPP = program("pspp", title="PSPP", programs=("pspp",), ask=("pspp", "--version"), package="pspp")

# Data and answers are the bytes of doubles in hexadecimal digits, one of the formats that SPSS knows: RBHEX.
SYNTAX = """SET FORMAT RBHEX16.
DATA LIST FIXED NOTABLE /{variables} 1-{width} (RBHEX).
BEGIN DATA
{data}
END DATA.
REGRESSION{origin} /VARIABLES={regressors} /DEPENDENT=y /METHOD=ENTER.
"""
SUMMARY, COEFFICIENTS = "Table: Model Summary (y)", "Table: Coefficients (y)"


@route(
    "pspp.REGRESSION",
    PSPP,
    source="PSPP Users' Guide, REGRESSION; PSPP sources, src/math/linreg.c, src/math/covariance.c, lib/linreg/sweep.c",
    tags=("no-rank-test",),
    law="normal",
    constant=1.0,
    call_form="columns",
    default=True,
)
def pspp_regression(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients, standard errors and R² of REGRESSION /VARIABLES=x1 TO xp /DEPENDENT=y, X (m, p), or with /ORIGIN.

    The sweep operator, elimination without pivoting, on sums of squares and products gathered in one pass, less the
    products of sums where there is an intercept: the normal equations, and their digits. No rank test, no warning: only
    a pivot that underflows is passed over, and where that is the first, as of a constant column, PSPP goes on with
    memory that it never wrote: all slopes came out as 0, with R² 1.
    Source: PSPP Users' Guide, REGRESSION; PSPP sources, src/math/linreg.c, lib/linreg/sweep.c."""
    p = X.shape[1]
    regressors = "x1" if p == 1 else f"x1 TO x{p}"
    syntax = SYNTAX.format(
        variables=f"y {regressors}",
        width=16 * (p + 1),
        data="\n".join(row.tobytes().hex() for row in np.column_stack([y, X]).astype(np.float64)),
        origin="" if intercept else " /ORIGIN",
        regressors=regressors,
    )
    command = ("pspp", "--batch", "-O", "format=csv", "-")
    done = ran(command, input=syntax)
    tables = {lines[0]: list(csv.reader(lines)) for lines in map(str.splitlines, done.stdout.split("\n\n"))}
    for line in (line for line in tables if "warning:" in line):
        warnings.warn(line, stacklevel=2)
    if done.returncode or COEFFICIENTS not in tables:
        raise ProgramError(" ".join((done.stdout + done.stderr).split()) or "pspp printed nothing")
    rows = tables[COEFFICIENTS][3:]
    return Fit(
        np.array([_double(row[1]) for row in rows]),
        standard_errors=np.array([_double(row[2]) for row in rows]),
        r_squared=_double(tables[SUMMARY][2][1]),
    )


def _double(digits: str) -> float:
    value: float = struct.unpack("=d", bytes.fromhex(digits))[0]
    return value
