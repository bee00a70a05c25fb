"""mpmath's ways to solve least squares at the precision that it starts with: qr_solve and lu_solve with mp.dps = 15."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.libraries import route

MPMATH = python_library("mpmath", title="mpmath", modules=("mpmath",), distribution="mpmath")

ABSOLUTE = "a pivot whose square is below 2**-62 is refused, in whatever units: 1e-17 is, of columns of length 1 too"


def _doubles(x: Any) -> Array:
    return np.array([float(value) for value in x])


@route(
    "mpmath.qr_solve",
    MPMATH,
    source="mpmath documentation, chapter Matrices, qr_solve; mpmath/matrices/linalg.py",
    tags=("no-rank-test", "normwise-backward-stable", "columnwise-backward-stable"),
    law="columnwise",
    constant=0.005,
    fails={"cuts_off_where_it_says": ABSOLUTE},
    default=True,
)
def mpmath_qr_solve(A: Array, b: Array) -> Array:
    """x (n,) = mpmath.qr_solve(A, b)[0] with mp.dps = 15, A (m, n): Householder QR in 53 bits and 10 guard bits.

    What makes mpmath exact to fifty digits is mp.dps, which starts at 15. The rank test is absolute: ValueError where
    the square of a diagonal element of R is below eps, in whatever units. In Python: a thousand rows take
    seconds.
    Source: mpmath documentation, chapter Matrices; mpmath/matrices/linalg.py, qr_solve and householder."""
    import mpmath

    with mpmath.workdps(15):
        return _doubles(mpmath.qr_solve(mpmath.matrix(A.tolist()), mpmath.matrix(b.tolist()))[0])


@route(
    "mpmath.lu_solve",
    MPMATH,
    source="mpmath documentation, chapter Matrices, lu_solve; mpmath/matrices/linalg.py",
    tags=("no-rank-test",),
    law="normal",
    constant=0.001,
    square=("partial-pivoting", 0.001),
    fails={"cuts_off_where_it_says": ABSOLUTE},
)
def mpmath_lu_solve(A: Array, b: Array) -> Array:
    """x (n,) = mpmath.lu_solve(A, b) with mp.dps = 15, A (m, n): the normal equations, in 53 bits and 10 guard bits.

    Of more rows than columns it forms A'A and A'b and solves them by Cholesky, all with 10 bits more than asked for, so
    that the error is about 2**-10 u cond(A)**2. Raises ValueError where a pivot is below eps,
    in whatever units.
    Source: mpmath documentation, chapter Matrices; mpmath/matrices/linalg.py, lu_solve."""
    import mpmath

    with mpmath.workdps(15):
        return _doubles(mpmath.lu_solve(mpmath.matrix(A.tolist()), mpmath.matrix(b.tolist())))
