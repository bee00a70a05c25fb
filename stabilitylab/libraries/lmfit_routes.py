"""lmfit's ways to fit a line and a polynomial: LinearModel and PolynomialModel, by MINPACK's Levenberg-Marquardt."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

LMFIT = python_library("lmfit", title="LMFIT", modules=("lmfit",), distribution="lmfit")
DEGREES = 7  # the highest that PolynomialModel takes
STEPS = "from the answer, its starting values, it steps away by some 1e-11, with a Jacobian of forward differences"


def _fitted(model: Any, names: list[str], x: Array, y: Array) -> Fit:
    result = model.fit(y, model.guess(y, x=x), x=x)
    parameters = [result.params[name] for name in names]
    errors = [np.nan if p.stderr is None else p.stderr for p in parameters]
    return Fit(
        np.array([p.value for p in parameters]),
        iterations=int(result.nfev),
        standard_errors=np.array(errors),
        r_squared=float(result.rsquared),
        note=str(result.message),
    )


@route(
    "lmfit.PolynomialModel",
    LMFIT,
    source="LMFIT documentation, built-in models, PolynomialModel; Moré, Lecture Notes in Mathematics 630 (1978)",
    tags=("no-rank-test",),
    call_form="polynomial",
    takes=lambda design: design.degree is not None and design.degree <= DEGREES,
    takes_says="polynomials of degree 1 to 7",
    fails={"agrees_with_the_exact_solution": STEPS},
    default=True,
    iterative=True,
)
def lmfit_polynomial(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = PolynomialModel(degree).fit(y, guess(y, x=x), x=x), x and y (m,).

    guess is numpy.polyfit, so that the starting values are the answer, in numpy.polyfit's digits; scipy's leastsq then
    steps from there, with a Jacobian of forward differences. Degrees up to 7: TypeError for more.
    Source: LMFIT documentation, built-in fitting models, PolynomialModel; lmfit/models.py."""
    from lmfit.models import PolynomialModel

    return _fitted(PolynomialModel(degree), [f"c{i}" for i in range(degree + 1)], x, y)


@route(
    "lmfit.LinearModel",
    LMFIT,
    source="LMFIT documentation, built-in models, LinearModel; Moré, Lecture Notes in Mathematics 630 (1978)",
    tags=("no-rank-test",),
    call_form="line",
    fails={"agrees_with_the_exact_solution": STEPS},
)
def lmfit_linear(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) of LinearModel().fit(y, guess(y, x=x), x=x), with their standard errors, x and y (m,).

    guess is numpy.polyfit(x, y, 1), so that the starting values are the answer; then as lmfit.PolynomialModel.
    Source: LMFIT documentation, built-in fitting models, LinearModel; lmfit/models.py."""
    from lmfit.models import LinearModel

    return _fitted(LinearModel(), ["intercept", "slope"], x, y)
