"""The singular value decomposition, with every direction kept or with a rank cut-off."""

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotNumericError
from stabilitylab.core.types import Fit
from stabilitylab.solvers import solver
from stabilitylab.solvers.scalars import finite_system, require_finite, require_pivot


@solver(
    "svd.full",
    source="Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205-224; Björck (1996), section 2.6",
    tags=("scale-equivariant", "normwise-backward-stable", "no-rank-test"),
    law="normwise",
    constant=0.16,
    scalars=("float32", "float64"),
)
@np.errstate(all="ignore")
def svd(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, A (m, n), as V diag(1/s) U'b with every direction kept.

    Normwise backward stable, and no more than that: a column of small norm may lose all its digits, so that units
    matter where they do not for QR. The factors are LAPACK's gesdd in the format of A.
    Raises Breakdown when a singular value is exactly 0 or a number is not finite, NotNumericError for formats that
    LAPACK lacks.
    Source: Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205-224; Björck (1996), section 2.6."""
    projected, s, Vt = _factors(A, b)
    require_pivot(s[-1], f"singular value {len(s) - 1}")
    x = Vt.T @ (projected / s)
    require_finite(x, "x")
    return x


def default_cutoff(m: int, n: int, eps: float) -> float:
    """max(m, n) eps, NumPy's and MATLAB's default: below it a singular value may be round-off of zero."""
    return max(m, n) * eps


@solver(
    "svd.truncated",
    source="Hansen, BIT 27 (1987) 534-553, section 2; Golub and Van Loan (2013), section 5.5",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="normwise",
    constant=0.16,
    scalars=("float32", "float64"),
    deficient_answer="minimum-norm",
    cutoff=default_cutoff,
    cutoff_says="singular values up to max(m, n) eps times the largest are dropped, eps of the format of A",
)
@np.errstate(all="ignore")
def truncated_svd(A: Array, b: Array, rcond: float | None = None) -> Fit:
    """x (n,) of least norm minimising |b - A_r x|, A_r the part of A (m, n) with s_i > rcond s_1; the Fit holds r.

    rcond None means max(m, n) eps. Where A has exactly full rank a dropped direction is an error, of the size of x
    along it; where it is exactly deficient, this is the minimum-norm solution. A = 0 gives x = 0 of rank 0.
    Raises Breakdown when a number is not finite, NotNumericError for formats that LAPACK lacks.
    Source: Hansen, BIT 27 (1987) 534-553, section 2; Golub and Van Loan, Matrix Computations (2013), section 5.5."""
    projected, s, Vt = _factors(A, b)
    if rcond is None:
        m, n = np.shape(A)
        rcond = default_cutoff(m, n, float(np.finfo(s.dtype).eps))
    rank = int(np.count_nonzero(s > rcond * s[0]))
    x = Vt[:rank].T @ (projected[:rank] / s[:rank])
    require_finite(x, "x")
    return Fit(x, rank=rank)


def _factors(A: Array, b: Array) -> tuple[Array, Array, Array]:
    """U'b, s and V' of A = U diag(s) V'."""
    system = finite_system(A, b)
    if system.dtype not in (np.float32, np.float64):
        raise NotNumericError(f"LAPACK knows float32 and float64, not {system.dtype}: use qr.householder, or cast A")
    # scipy's, because numpy.linalg.svd turns float32 into float64 and back.
    U, s, Vt = lapack.svd(system[:, :-1], full_matrices=False)
    return U.T @ system[:, -1], s, Vt
