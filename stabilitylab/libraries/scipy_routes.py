"""SciPy's ways to fit: linalg.lstsq by each driver, linregress, lsqr, lsmr, lsq_linear, curve_fit, least_squares."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

SCIPY = python_library("scipy", title="SciPy", modules=("scipy",), distribution="scipy", isolated=False)

BOTH = ("float32", "float64")
REASONS = {
    0: "x = 0 solves it",
    1: "its tolerance for A x = b is met",
    2: "its tolerance for least squares is met",
    3: "its limit of the condition number is met",
    7: "its limit of iterations is met",
}
CUTOFF_SAYS = "singular values up to eps times the largest are dropped, eps of the format of A"


def _eps(m: int, n: int, eps: float) -> float:
    return eps


@route(
    "scipy.lstsq_gelsd",
    SCIPY,
    source="scipy.linalg.lstsq, reference manual; LAPACK Users' Guide (1999), section 2.3.1",
    tags=("scale-equivariant", "normwise-backward-stable", "uncertain-rank"),
    law="normwise",
    constant=0.13,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_eps,
    cutoff_says=CUTOFF_SAYS,
    default=True,
)
def scipy_lstsq_gelsd(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.linalg.lstsq(A, b)[0], A (m, n): the default driver, an SVD by divide and conquer.

    Normwise but not columnwise backward stable. The cut-off is eps where NumPy's is max(m, n) eps, so that between the
    two NumPy drops a direction which SciPy keeps; being no larger than round-off, it now and then keeps one that is
    exactly dependent. Works in the format of A. Raises ValueError on NaN.
    Source: SciPy reference, scipy.linalg.lstsq; LAPACK Users' Guide (1999), section 2.3.1 (gelsd)."""
    import scipy.linalg

    x, _, rank, _ = scipy.linalg.lstsq(A, b)
    return Fit(x, rank=int(rank))


@route(
    "scipy.lstsq_gelsy",
    SCIPY,
    source="scipy.linalg.lstsq, reference manual; LAPACK Users' Guide (1999), section 2.3.1",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable", "uncertain-rank"),
    law="columnwise",
    constant=0.1,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_eps,
    cutoff_says="a triangle whose condition is estimated to pass 1/eps is cut there, eps of the format of A",
)
def scipy_lstsq_gelsy(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.linalg.lstsq(A, b, lapack_driver="gelsy")[0], A (m, n): QR with column pivoting.

    Columnwise backward stable while the rank is full: units cost nothing. A deficient triangle is reduced further to a
    complete orthogonal decomposition, hence the minimum-norm answer; with a cut-off of eps an exactly dependent column
    is now and then kept, and x is then large and arbitrary along it. Raises ValueError on NaN.
    Source: SciPy reference, scipy.linalg.lstsq; LAPACK Users' Guide (1999), section 2.3.1 (gelsy)."""
    import scipy.linalg

    x, _, rank, _ = scipy.linalg.lstsq(A, b, lapack_driver="gelsy")
    return Fit(x, rank=int(rank))


@route(
    "scipy.lstsq_gelss",
    SCIPY,
    source="scipy.linalg.lstsq, reference manual; LAPACK Users' Guide (1999), section 2.3.1",
    tags=("scale-equivariant", "normwise-backward-stable", "uncertain-rank"),
    law="normwise",
    constant=0.13,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_eps,
    cutoff_says=CUTOFF_SAYS,
)
def scipy_lstsq_gelss(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.linalg.lstsq(A, b, lapack_driver="gelss")[0], A (m, n): an SVD by QR iteration.

    As gelsd, slower. Raises ValueError on NaN.
    Source: SciPy reference, scipy.linalg.lstsq; LAPACK Users' Guide (1999), section 2.3.1 (gelss)."""
    import scipy.linalg

    x, _, rank, _ = scipy.linalg.lstsq(A, b, lapack_driver="gelss")
    return Fit(x, rank=int(rank))


@route(
    "scipy.linregress",
    SCIPY,
    source="scipy.stats.linregress, reference manual; Chan, Golub and LeVeque, Amer. Statist. 37 (1983) 242-247",
    scalars=("float64",),
    deficient_answer="refuses",
    call_form="line",
    centred="means",
)
def scipy_linregress(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) of scipy.stats.linregress(x, y), with standard errors and R², x and y (m,).

    Two passes: means, then sums of products of deviations, so that the slope depends on the spread of x and hardly on
    its distance from 0. Raises ValueError when all x are equal.
    Source: SciPy reference, scipy.stats.linregress; Chan, Golub and LeVeque, Amer. Statist. 37 (1983) 242-247."""
    import scipy.stats

    line = scipy.stats.linregress(x, y)
    return Fit(
        np.array([line.intercept, line.slope]),
        standard_errors=np.array([line.intercept_stderr, line.stderr]),
        r_squared=float(line.rvalue**2),
    )


def stopped(istop: int) -> str:
    """What istop, which lsqr and lsmr return, stands for; 4, 5 and 6 are 1, 2 and 3 to the last bit."""
    return f"istop = {istop}: {REASONS[istop if istop not in (4, 5, 6) else istop - 3]}"


@route(
    "scipy.lsqr",
    SCIPY,
    source="Paige and Saunders, ACM Trans. Math. Software 8 (1982) 43-71; scipy.sparse.linalg.lsqr, reference manual",
    scalars=("float64",),
    deficient_answer="minimum-norm",
    fails={"cuts_off_where_it_says": "the default tolerances stop it long before a small direction is resolved"},
    iterative=True,
)
def scipy_lsqr(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.sparse.linalg.lsqr(A, b)[0] with default tolerances 1e-6, A (m, n); the Fit holds the iterations.

    Golub-Kahan bidiagonalisation from x = 0, stopped by tolerance or after 2n steps: by default it aims at six
    digits of the residual, and for cond(A) of 1e6 and above it stops with none of x.
    Source: Paige and Saunders, ACM Trans. Math. Software 8 (1982) 43-71, section 6 (stopping); SciPy reference."""
    import scipy.sparse.linalg

    result = scipy.sparse.linalg.lsqr(A, b)
    return Fit(result[0], iterations=int(result[2]), note=stopped(result[1]))


@route(
    "scipy.lsq_linear",
    SCIPY,
    source="scipy.optimize.lsq_linear, reference manual and scipy/optimize/_lsq/lsq_linear.py",
    tags=("scale-equivariant", "normwise-backward-stable", "uncertain-rank"),
    law="normwise",
    constant=0.13,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: float(np.finfo(np.float64).eps) / 2,
    cutoff_says="numpy.linalg.lstsq with rcond=-1, which LAPACK reads as the unit roundoff of float64, 2**-53",
)
def scipy_lsq_linear(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.optimize.lsq_linear(A, b).x without bounds, A (m, n): numpy.linalg.lstsq with rcond=-1.

    The cut-off is below round-off, so that an exactly dependent column is often kept. Raises LinAlgError where the SVD
    does not converge.
    Source: SciPy reference, scipy.optimize.lsq_linear, notes on the unconstrained solution."""
    import scipy.optimize

    result = scipy.optimize.lsq_linear(A, b)
    return Fit(result.x, iterations=int(result.nit))


@route(
    "scipy.curve_fit",
    SCIPY,
    source="scipy.optimize.curve_fit, reference manual; Moré, Lecture Notes in Mathematics 630 (1978) 105-116",
    tags=("no-rank-test",),
    call_form="polynomial",
    starts_at=1.0,
    iterative=True,
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
    iterative=True,
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
    iterative=True,
)
def scipy_least_squares_lm(A: Array, b: Array) -> Fit:
    """x (n,) = least_squares(lambda x: A @ x - b, 0, method="lm").x, A (m, n): MINPACK's Levenberg-Marquardt, from 0.

    As scipy.curve_fit, with tolerances of 1e-8; the note of the fit says on which it stopped. Since 1.16.0 x_scale is
    "jac" by default, from the norms of the columns of the Jacobian, where it was 1 before: columns of widely different
    norms, as powers have, then often leave no digit.
    Source: SciPy reference, scipy.optimize.least_squares; Moré, Lecture Notes in Mathematics 630 (1978) 105-116."""
    return _least_squares(A, b, "lm")


@route(
    "scipy.least_squares_lm_x_scale1",
    SCIPY,
    source="scipy.optimize.least_squares, reference manual, parameter x_scale",
    tags=("no-rank-test",),
    iterative=True,
)
def scipy_least_squares_lm_x_scale1(A: Array, b: Array) -> Fit:
    """x (n,) = least_squares(lambda x: A @ x - b, 0, method="lm", x_scale=1.0).x, A (m, n): as before SciPy 1.16.0.

    As scipy.least_squares_lm, with the scale of the variables that was the default up to 1.15.
    Source: SciPy reference, scipy.optimize.least_squares, parameter x_scale."""
    return _least_squares(A, b, "lm", x_scale=1.0)


def _least_squares(A: Array, b: Array, method: str, x_scale: float | None = None) -> Fit:
    import scipy.optimize

    scale = {} if x_scale is None else {"x_scale": x_scale}  # None is not the default of every release
    result = scipy.optimize.least_squares(lambda x: A @ x - b, np.zeros(A.shape[1]), method=method, **scale)
    return Fit(result.x, iterations=int(result.nfev), note=result.message)


@route(
    "scipy.lsmr",
    SCIPY,
    source="Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971; scipy.sparse.linalg.lsmr, reference manual",
    deficient_answer="minimum-norm",
    fails={"cuts_off_where_it_says": "the default tolerances stop it long before a small direction is resolved"},
    iterative=True,
)
def scipy_lsmr(A: Array, b: Array) -> Fit:
    """x (n,) = scipy.sparse.linalg.lsmr(A, b)[0] with default tolerances 1e-6, A (m, n); the Fit holds the iterations.

    Golub-Kahan bidiagonalisation from x = 0 as in scipy.lsqr, choosing the x whose A'(b - A x) is smallest; it stops by
    tolerance, at an estimated condition number of 1e8, or after min(m, n) steps.
    Source: Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971, section 6; SciPy reference."""
    import scipy.sparse.linalg

    result = scipy.sparse.linalg.lsmr(A, b)
    return Fit(result[0], iterations=int(result[2]), note=stopped(result[1]))
