"""Maxima's way to least squares: lsquares_estimates, which turns the data into fractions and solves exactly."""

import re
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import program
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, ProgramError, RejectedError, SingularError, session

MAXIMA = program("maxima", title="Maxima", programs=("maxima",), ask=("maxima", "--version"), package="maxima")

COMMAND = ("maxima", "--very-quiet")
OPENING = f'load("lsquares")$ display2d: false$ linel: 10^6$ ratprint: false$ print("{END}")$'


@route(
    "maxima.lsquares_estimates",
    MAXIMA,
    source="Maxima manual, package lsquares, lsquares_estimates; option variable ratepsilon",
    call_form="line",
    fails={"solves_the_matrix_it_says": "a slope far from 0 needs no centring in exact fractions"},
    deficient_answer="refuses",
    default=True,
)
def maxima_lsquares_estimates(x: Array, y: Array) -> Array:
    """(intercept, slope) of lsquares_estimates(M, [x, y], y = a + b*x, [a, b]), M = [x, y] (m, 2), rounded once.

    Maxima replaces each float by the simplest fraction within a relative ratepsilon = 2e-15, and solves the normal
    equations of the fractions exactly: decimals of up to some 14 digits come back as what was typed, so that the answer
    is that of the data before they were rounded; of other floats the last digits change. Raises SingularError for
    a constant x, whose solution has parameters. Only lines are put to it: the symbolic equations of a polynomial take
    minutes and more.
    Source: Maxima manual, package lsquares, lsquares_estimates; chapter on simplification, ratepsilon."""
    rows = ",".join(f"[{float(p)!r},{float(q)!r}]" for p, q in zip(x, y, strict=True))
    # On an error Maxima forgets the rest of the line, so that the end of the answer is a line of its own.
    answer = session(COMMAND, OPENING).ask(
        f"s: lsquares_estimates(matrix({rows}), [x, y], y = a + b*x, [a, b])$ "
        f'for e in flatten(s) do print("value", rhs(e))$\nprint("{END}")$'
    )
    values = re.findall(r"^value (.*?) *$", answer, re.MULTILINE)
    if any("%r" in value for value in values):
        raise SingularError("the equations are dependent: the solution has parameters")
    if len(values) != 2:
        said = " ".join(answer.split())
        raise RejectedError(said) if "an error" in said else ProgramError(f"no coefficients in {said!r}")
    return np.array([float(Fraction(value)) for value in values])
