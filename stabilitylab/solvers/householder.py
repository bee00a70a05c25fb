"""Householder QR: the standard that other solvers are measured against."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import column_sums
from stabilitylab.solvers import solver
from stabilitylab.solvers.scalars import GENERIC, finite_system, require_finite, require_pivot, scaled_norm
from stabilitylab.solvers.triangular import back_substitution


@solver(
    "qr.householder",
    source="Householder, J. ACM 5 (1958) 339-342; Higham (2002), section 19.1 and Theorem 20.3",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.12,
    scalars=GENERIC,
)
@np.errstate(all="ignore")
def householder_qr(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, A (m, n), by reflections that make A upper triangular, b riding along.

    Columnwise backward stable: x solves exactly a problem with each column of A, and b, changed by c u times its norm,
    so that units do not matter. Error about 0.12 u times the columnwise condition. Costs 2 m n**2.
    Does not test the rank: a nearly dependent column gives a large finite x. Raises Breakdown when a column vanishes
    under the reflections ("R[3, 3] is 0") or a number is not finite ("A[0, 2] is nan"); squares of entries are never
    formed unscaled, so that only columns whose norm is within a factor 4 of overflow are at risk.
    Source: Householder, J. ACM 5 (1958) 339-342; Golub, Numer. Math. 7 (1965) 206-216; Higham (2002), section 19.1
    (the reflection), Theorem 20.3 (stability)."""
    W = finite_system(A, b)
    n = W.shape[1] - 1
    for j in range(n):
        # 1. H = I - tau v v', v = y - (-+nu) e_1 scaled to v_1 = 1, sends y to -+nu e_1. The sign avoids cancellation.
        scale, y, nu = scaled_norm(W[j:, j])
        require_pivot(scale, f"R[{j}, {j}]")
        signed = nu if y[0] >= 0 else -nu
        v = y / (y[0] + signed)
        v[0] = 1
        tau = 1 + y[0] / signed
        # 2. The remaining columns, b among them: H T = T - v (tau v'T).
        T = W[j:, j + 1 :]
        T -= np.multiply.outer(v, tau * column_sums(v[:, None] * T))
        W[j, j] = -signed * scale
        require_finite(W[j], "R", j)
    return back_substitution(W[:n, :n], W[:n, n])
