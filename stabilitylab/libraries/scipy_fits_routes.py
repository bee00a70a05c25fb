"""SciPy's fits of a model function, here a linear one: curve_fit and least_squares; and sparse.linalg.lsmr."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.scipy_routes import SCIPY


@route(
    "scipy.curve_fit",
    SCIPY,
    source="scipy.optimize.curve_fit, reference manual; Moré, Lecture Notes in Mathematics 630 (1978) 105-116",
    tags=("no-rank-test",),
    design="polynomial",
)
def scipy_curve_fit(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = curve_fit(f, x, y)[0], f the polynomial, and standard errors.

    MINPACK's Levenberg-Marquardt method from the default p0, all ones, which is the solution where data were made with
    all coefficients 1. Its Jacobian is of forward differences, which leaves half the digits of float64 to each step and
    to the standard errors; it stops on relative changes of 1.5e-8, or raises RuntimeError after 200 (degree + 2) calls.
    Source: SciPy reference, scipy.optimize.curve_fit and leastsq; Moré, Lecture Notes in Mathematics 630 (1978)."""
    import scipy.optimize

    def polynomial(x: Array, *c: float) -> Array:
        return np.asarray(np.polynomial.polynomial.polyval(x, c))

    # curve_fit counts named parameters to make p0; for *c the same p0 is given.
    x_opt, covariance, info, _, _ = scipy.optimize.curve_fit(polynomial, x, y, np.ones(degree + 1), full_output=True)
    return Fit(x_opt, iterations=int(info["nfev"]), standard_errors=np.sqrt(np.diag(covariance)))


@route(
    "scipy.least_squares_trf",
    SCIPY,
    source="scipy.optimize.least_squares, reference manual; Moré, Lecture Notes in Mathematics 630 (1978) 105-116",
    tags=("no-rank-test",),
    fails={
        "agrees_with_the_exact_solution": "the default tolerances, 1e-8, stop it at about eight digits",
        "cuts_off_where_it_says": "the default tolerances stop it before a direction that changes little is resolved",
    },
)
def scipy_least_squares_trf(A: Array, b: Array) -> Fit:
    """x (n,) = least_squares(lambda x: A @ x - b, 0).x, A (m, n): the default, a trust region, from x = 0.

    Gauss-Newton steps from an SVD of a Jacobian of forward differences; it stops on relative changes of 1e-8 in the
    residual, the gradient or x, and the note of the fit says on which.
    Source: SciPy reference, scipy.optimize.least_squares, notes on "trf"."""
    return _least_squares(A, b, "trf")


@route(
    "scipy.least_squares_lm",
    SCIPY,
    source="scipy.optimize.least_squares, reference manual; Moré, Lecture Notes in Mathematics 630 (1978) 105-116",
    tags=("no-rank-test",),
)
def scipy_least_squares_lm(A: Array, b: Array) -> Fit:
    """x (n,) = least_squares(lambda x: A @ x - b, 0, method="lm").x, A (m, n): MINPACK's Levenberg-Marquardt, from 0.

    As scipy.curve_fit, with tolerances of 1e-8; the note of the fit says on which it stopped.
    Source: SciPy reference, scipy.optimize.least_squares; Moré, Lecture Notes in Mathematics 630 (1978) 105-116."""
    return _least_squares(A, b, "lm")


def _least_squares(A: Array, b: Array, method: str) -> Fit:
    import scipy.optimize

    result = scipy.optimize.least_squares(lambda x: A @ x - b, np.zeros(A.shape[1]), method=method)
    return Fit(result.x, iterations=int(result.nfev), note=result.message)


@route(
    "scipy.lsmr",
    SCIPY,
    source="Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971; scipy.sparse.linalg.lsmr, reference manual",
    deficient_answer="minimum-norm",
    fails={"cuts_off_where_it_says": "the default tolerances stop it long before a small direction is resolved"},
)
def scipy_lsmr(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.sparse.linalg.lsmr(A, b)[0] with default tolerances 1e-6, A (m, n); the Fit holds the iterations.

    Golub-Kahan bidiagonalisation from x = 0 as in scipy.lsqr, choosing the x whose A'(b - A x) is smallest; it stops by
    tolerance, at an estimated condition number of 1e8, or after min(m, n) steps.
    Source: Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971, section 6; SciPy reference."""
    import scipy.sparse.linalg

    result = scipy.sparse.linalg.lsmr(A, b)
    return Fit(result[0], iterations=int(result[2]), note=f"stopped for reason {result[1]}")
