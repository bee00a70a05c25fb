"""Gram-Schmidt, modified and classical: the same formulas in another order, and another backward error."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import column_sums
from stabilitylab.core.types import Fit
from stabilitylab.solvers import solver
from stabilitylab.solvers.scalars import GENERIC, finite_system, require_finite, require_pivot, scaled_norm
from stabilitylab.solvers.triangular import back_substitution


@solver(
    "qr.mgs",
    source="Björck, BIT 7 (1967) 1-21; Higham (2002), section 20.3",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.06,
    scalars=GENERIC,
)
@np.errstate(all="ignore")
def mgs(A: Array, b: Array) -> Fit:
    """x (n,) minimising |b - A x|, by modified Gram-Schmidt on the columns of [A (m, n), b (m,)]; the Fit holds Q.

    Backward stable *because b rides along as the last column*: forming Q'b afterwards loses that. Error about 0.06 u
    times the columnwise condition; Q itself drifts from orthogonal by about u cond(A). Raises Breakdown when a column
    vanishes ("R[3, 3] is 0") or a number is not finite.
    Source: Björck, BIT 7 (1967) 1-21; Higham (2002), section 20.3."""
    W = finite_system(A, b)
    n = W.shape[1] - 1
    R = np.zeros_like(W, shape=(n, n + 1))
    for j in range(n):
        R[j, j] = _normalise(W[:, j], j)
        q = W[:, j, None]
        # Every later column, b included, loses its part along q now, while that part is still accurate.
        R[j, j + 1 :] = column_sums(q * W[:, j + 1 :])
        W[:, j + 1 :] -= q * R[j, j + 1 :]
        require_finite(R[j], "R", j)
    return Fit(back_substitution(R[:, :n], R[:, n]), Q=W[:, :n].copy())


@solver(
    "qr.cgs",
    source="Björck (1996), section 2.4.1; Smoktunowicz, Barlow and Langou, Numer. Math. 105 (2006) 299-313, section 1",
    tags=("scale-equivariant", "no-rank-test"),
    law="gram-schmidt",
    constant=0.7,
    scalars=GENERIC,
)
@np.errstate(all="ignore")
def cgs(A: Array, b: Array) -> Fit:
    """x (n,) minimising |b - A x|, A (m, n), as R^-1 Q'b by classical Gram-Schmidt; the Fit holds Q (m, n).

    No reliable error law: at least the u cond(A)**2 of the normal equations, up to 0.1 u cond(A)**3, and the order of
    the columns matters. Q loses orthogonality like u cond(A)**2. Raises Breakdown when a column vanishes
    ("R[3, 3] is 0") or a number is not finite.
    Source: Björck (1996), section 2.4.1; Smoktunowicz, Barlow and Langou, Numer. Math. 105 (2006) 299-313."""
    W = finite_system(A, b)
    n = W.shape[1] - 1
    R = np.zeros_like(W, shape=(n, n))
    for j in range(n):
        if j:
            Q = W[:, :j]
            # The one bad line: every part is taken from the column as given, so what Q lacks in orthogonality stays.
            R[:j, j] = column_sums(Q * W[:, j, None])
            W[:, j] -= column_sums((Q * R[:j, j]).T)
        R[j, j] = _normalise(W[:, j], j)
    require_finite(R, "R")
    Q = W[:, :n].copy()
    return Fit(back_substitution(R, column_sums(Q * W[:, n, None])), Q=Q)


def _normalise(column: Array, j: int) -> object:
    """|column|, and the column divided by it in place."""
    scale, y, nu = scaled_norm(column)
    require_pivot(scale, f"R[{j}, {j}]")
    column[:] = y / nu
    return scale * nu
