"""Gnumeric's ways to fit: LINEST, SLOPE with INTERCEPT, and the normal equations as people type them into a cell."""

import os
from pathlib import Path
from typing import Any

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import ProgramError, ran
from stabilitylab.libraries.support.spreadsheet import (
    Program,
    linest,
    linest_powers,
    normal_equations,
    slope_and_intercept,
)

GNUMERIC = program(
    "gnumeric", title="Gnumeric", programs=("ssconvert",), ask=("ssconvert", "--version"), package="gnumeric"
)


def _to_csv(path: Path) -> str:
    out = path.with_suffix(".csv")
    command = ("ssconvert", "--export-type=Gnumeric_stf:stf_csv", str(path), str(out))
    done = ran(command, env={**os.environ, "LC_ALL": "C"})
    if not out.exists():
        raise ProgramError(f"ssconvert: {done.stderr.strip() or 'no output'}")
    return out.read_text("utf-8")


# Debian's Gnumeric holds long doubles, for which 17 digits name another number than the double that was meant, and 21
# name that double. Its CSV files show all the digits of a number.
SHEET = Program(digits=21, passed_on=lambda cell, row: (cell,), value=lambda row: float(row[0]), to_csv=_to_csv)

SOURCE = "Gnumeric manual; Gnumeric and GOffice sources, plugins/fn-stat/functions.c and goffice/math/go-regression.c"
QUADRUPLE: dict[str, Any] = {
    "works_in": "longdouble",
    "deficient_answer": "basic",
    "cutoff": lambda m, n, eps: 2.0**-56,  # as for two unit columns, one with the part 2**-55 orthogonal to the other
    "cutoff_says": "a column whose diagonal of R is below 2**-55, 256 eps of long double, of the largest is dropped",
    "scaled": "powers of two",
}
STABLE = ("columnwise-backward-stable", "normwise-backward-stable")


@route(
    "gnumeric.LINEST",
    GNUMERIC,
    source=SOURCE,
    tags=STABLE,
    call_form="columns",
    fails={
        "has_a_stated_answer_to_singular_data": "an equation is lost with a dependent column that is not the last one",
    },
    **QUADRUPLE,
    default=True,
)
def gnumeric_linest(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients, standard errors, R² and rank of LINEST(y, X, intercept, TRUE), X (m, p), over cells.

    Householder QR without pivoting in pairs of long doubles, some 38 digits, of [1 X] in the given order, its columns
    scaled by powers of two; the answer is rounded to long double, and here to double. What float64 holds of the data
    decides the digits. A dependent column gets 0 with standard error 0, and only the degrees of freedom tell. Where it
    is not the last one the equation in which it was found is ignored: the fit is then no least-squares fit, or #NUM!
    where its R² is negative. Raises Breakdown with the word in the cell.
    Source: Gnumeric manual, LINEST; GOffice sources, go-regression.c, general_linear_regression."""
    return linest(SHEET, X, y, intercept)


@route(
    "gnumeric.LINEST_powers",
    GNUMERIC,
    source=SOURCE,
    tags=(*STABLE, "residual-optimal"),
    call_form="polynomial",
    **QUADRUPLE,
)
def gnumeric_linest_powers(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = LINEST(y, x^{1,2,...}, TRUE, TRUE), x and y (m,), over cells.

    Gnumeric forms the powers, in long double: digits that rounding them to double costs are not lost. Otherwise as
    gnumeric.LINEST.
    Source: Gnumeric manual, LINEST; GOffice sources, go-regression.c, general_linear_regression."""
    return linest_powers(SHEET, x, y, degree)


@route(
    "gnumeric.SLOPE_INTERCEPT",
    GNUMERIC,
    source=SOURCE,
    tags=(*STABLE, "residual-optimal"),
    call_form="line",
    **QUADRUPLE,
)
def gnumeric_slope_and_intercept(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = INTERCEPT(y, x) and SLOPE(y, x), x and y (m,), over cells: gnumeric.LINEST twice.

    Over a constant x the slope is 0, without a warning.
    Source: Gnumeric manual, SLOPE; Gnumeric sources, fn-stat/functions.c, range_slope."""
    return slope_and_intercept(SHEET, x, y)


@route(
    "gnumeric.MINVERSE",
    GNUMERIC,
    source="Gnumeric manual, MINVERSE and MMULT; Higham (2002), sections 14.1 and 20.4",
    tags=("scale-equivariant",),
    law="normal",
    constant=0.28,
    works_in="longdouble",
    deficient_answer="refuses",
)
def gnumeric_minverse(A: Array, b: Array) -> Fit:
    """x (n,) = MMULT(MINVERSE(MMULT(TRANSPOSE(A), A)), MMULT(TRANSPOSE(A), b)), A (m, n), over cells.

    MINVERSE works in pairs of long doubles, but what passes between the functions is rounded to long double: error
    about 2**-64 cond(A)**2, three digits better than the same formula in double. Raises Breakdown with #NUM! where
    A'A, not scaled, is singular to 256 eps: columns in other units are refused long before they are dependent.
    Source: Gnumeric manual; GOffice sources, go-matrix.c, go_quad_matrix_inverse; Higham (2002), section 14.1."""
    return normal_equations(SHEET, A, b)
