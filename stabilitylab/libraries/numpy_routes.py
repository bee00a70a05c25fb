"""NumPy's ways to fit: linalg.lstsq, polyfit, Polynomial.fit, pinv, and the normal equations as people type them."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

NUMPY = python_library("numpy", title="NumPy", modules=("numpy",), distribution="numpy", isolated=False)

BOTH = ("float32", "float64")


@route(
    "numpy.lstsq",
    NUMPY,
    source="numpy.linalg.lstsq, reference manual; LAPACK Users' Guide (1999), section 2.3.1 (gelsd)",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="normwise",
    constant=0.13,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * float(np.finfo(np.float64).eps),
    cutoff_says="singular values up to max(m, n) 2**-52 times the largest are dropped, for float32 data too",
    default=True,
)
def numpy_lstsq(A: Array, b: Array) -> Fit:
    """x (n,) = lstsq(A, b)[0], A (m, n): LAPACK's gelsd, an SVD by divide and conquer, in float64 whatever A's format.

    Normwise but not columnwise backward stable. With the default rcond=None a direction with s_i <= max(m, n) 2**-52
    s_1 is dropped without a warning: only the returned rank shows it. Raises LinAlgError where the SVD does not
    converge, as for NaN.
    Source: NumPy reference, numpy.linalg.lstsq; LAPACK Users' Guide (1999), section 2.3.1."""
    x, _, rank, _ = np.linalg.lstsq(A, b)
    return Fit(x, rank=int(rank))


@route(
    "numpy.lstsq_rcond0",
    NUMPY,
    source="numpy.linalg.lstsq, reference manual; LAPACK dlalsd.f, argument RCOND",
    tags=("scale-equivariant", "normwise-backward-stable", "uncertain-rank"),
    law="normwise",
    constant=0.13,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: float(np.finfo(np.float64).eps) / 2,
    cutoff_says="LAPACK reads rcond 0 as the unit roundoff of float64, 2**-53: below it directions are still dropped",
)
def numpy_lstsq_rcond0(A: Array, b: Array) -> Fit:
    """x (n,) = lstsq(A, b, rcond=0)[0], A (m, n): the cut-off switched off as far as LAPACK lets it be.

    gelsd takes an rcond of 0 or less to mean its own epsilon, 2**-53 in double: below round-off, so that an exactly
    dependent column is often kept. Otherwise as numpy.lstsq.
    Source: NumPy reference, numpy.linalg.lstsq; LAPACK, dlalsd.f, description of RCOND."""
    x, _, rank, _ = np.linalg.lstsq(A, b, rcond=0)
    return Fit(x, rank=int(rank))


@route(
    "numpy.pinv",
    NUMPY,
    source="numpy.linalg.pinv, reference manual; Higham (2002), section 20.1",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.16,
    works_in="input",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: 1e-15,
    cutoff_says="singular values up to 1e-15 times the largest are dropped, in every format",
)
def numpy_pinv(A: Array, b: Array) -> Array:
    """x (n,) = pinv(A) @ b, A (m, n).

    Forward error as from an SVD, but not backward stable: the residual is off by u cond(A). float32 input is decomposed
    in float64, yet the inverse is rounded to float32 before it meets b. The cut-off is 1e-15 in any format.
    Raises LinAlgError where the SVD does not converge.
    Source: NumPy reference, numpy.linalg.pinv; Higham (2002), section 20.1 (the pseudo-inverse)."""
    return np.linalg.pinv(A) @ b


@route(
    "numpy.solve_normal",
    NUMPY,
    source="numpy.linalg.solve, reference manual; Higham (2002), section 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=1.0,
    gram="pivoting",
    scalars=BOTH,
)
def numpy_solve_normal(A: Array, b: Array) -> Array:
    """x (n,) = solve(A.T @ A, A.T @ b), A (m, n): the normal equations by LU, LAPACK's gesv.

    Error about u cond(A)**2; past cond 1e8 the answer has no digit and there is no warning. In float32 the products are
    formed in float32 and only the elimination is done in float64. Raises LinAlgError when a pivot is exactly 0.
    Source: NumPy reference, numpy.linalg.solve; Higham (2002), section 20.4."""
    return np.linalg.solve(A.T @ A, A.T @ b)


@route(
    "numpy.inv",
    NUMPY,
    source="numpy.linalg.inv, reference manual; Higham (2002), sections 14.1 and 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=2.0,
    gram="inverse",
    scalars=BOTH,
)
def numpy_inv(A: Array, b: Array) -> Array:
    """x (n,) = inv(A.T @ A) @ A.T @ b, A (m, n): the formula of the textbooks, typed in.

    Forward error about 2 u cond(A)**2, at times a hundred times more; the residual is inaccurate. Raises LinAlgError
    when a pivot is exactly 0.
    Source: NumPy reference, numpy.linalg.inv; Higham (2002), section 14.1 (inverses), section 20.4."""
    return np.linalg.inv(A.T @ A) @ A.T @ b


@route(
    "numpy.polyfit",
    NUMPY,
    source="numpy.polyfit, reference manual and numpy/lib/_polynomial_impl.py",
    tags=("columnwise-backward-stable", "residual-optimal"),
    law="columnwise",
    constant=0.13,
    works_in="float64",
    scalars=BOTH,
    fails={"returns_the_format_of_its_input": "numpy.vander promotes float32 to float64, and x stays there"},
    cutoff=lambda m, n, eps: m * eps,
    cutoff_says="singular values of the scaled matrix up to len(x) eps times the largest are dropped, with a warning",
    call_form="polynomial",
    scaled="unit norm",
)
def numpy_polyfit(x: Array, y: Array, degree: int, weights: Array | None = None) -> Array:
    """Coefficients (degree+1,) of 1, x, x**2, ... = polyfit(x, y, degree)[::-1], x and y (m,).

    With weights w (m,) of the squares, polyfit's own w is their roots.

    The Vandermonde matrix with columns scaled to unit norm, then numpy.linalg.lstsq, all in float64 whatever the
    format of x, and yet with a cut-off of len(x) eps of that format. On data with too few distinct x the answer is the
    one of least scaled norm.
    Source: NumPy reference, numpy.polyfit, notes."""
    return np.polyfit(x, y, degree, w=None if weights is None else np.sqrt(weights))[::-1]


@route(
    "numpy.Polynomial",
    NUMPY,
    source="numpy.polynomial.Polynomial.fit, reference manual and numpy/polynomial/polyutils.py",
    tags=("residual-optimal",),
    works_in="float64",
    scalars=BOTH,
    fails={"returns_the_format_of_its_input": "the map to [-1, 1] promotes float32 to float64, and x stays there"},
    cutoff=lambda m, n, eps: m * float(np.finfo(np.float64).eps),
    cutoff_says="singular values of the mapped and scaled matrix up to len(x) 2**-52 times the largest are dropped",
    call_form="polynomial",
    mapped=True,
    scaled="unit norm",
)
def numpy_polynomial(x: Array, y: Array, degree: int) -> Array:
    """Coefficients (degree+1,) of 1, x, x**2, ... = Polynomial.fit(x, y, degree).convert().coef, x and y (m,).

    Fits in t = (2x - min - max)/(max - min), which is another and better conditioned problem, and expands at the end;
    on a narrow interval far from 0 the expansion is where digits go.
    Source: NumPy reference, numpy.polynomial.polynomial.Polynomial.fit and .convert."""
    return _padded(np.polynomial.Polynomial.fit(x, y, degree).convert().coef, degree)


@route(
    "numpy.Chebyshev",
    NUMPY,
    source="numpy.polynomial.Chebyshev.fit, reference manual and numpy/polynomial/polyutils.py",
    tags=("residual-optimal",),
    works_in="float64",
    scalars=BOTH,
    fails={"returns_the_format_of_its_input": "the map to [-1, 1] promotes float32 to float64, and x stays there"},
    cutoff=lambda m, n, eps: m * float(np.finfo(np.float64).eps),
    cutoff_says="singular values of the mapped and scaled matrix up to len(x) 2**-52 times the largest are dropped",
    call_form="polynomial",
    mapped=True,
    scaled="unit norm",
)
def numpy_chebyshev(x: Array, y: Array, degree: int) -> Array:
    """Coefficients (degree+1,) of 1, x, ... = Chebyshev.fit(x, y, degree).convert(kind=Polynomial).coef, x and y (m,).

    As numpy.Polynomial, with Chebyshev polynomials of t = (2x - min - max)/(max - min), whose matrix is better
    conditioned than that of the powers of t; what the expansion in x loses it loses all the same.
    Source: NumPy reference, numpy.polynomial.chebyshev.Chebyshev.fit and .convert."""
    fitted = np.polynomial.Chebyshev.fit(x, y, degree)
    return _padded(fitted.convert(kind=np.polynomial.Polynomial).coef, degree)


def _padded(coefficients: Array, degree: int) -> Array:
    """With the leading coefficients that convert drops where they come out as exactly 0."""
    padded = np.zeros(degree + 1, dtype=coefficients.dtype)
    padded[: len(coefficients)] = coefficients
    return padded
