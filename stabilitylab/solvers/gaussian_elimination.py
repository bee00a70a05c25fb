"""Square systems A x = b by Gaussian elimination, without and with interchanges of rows."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import ShapeError
from stabilitylab.core.types import Fit
from stabilitylab.solvers import solver
from stabilitylab.solvers.elimination import PivotRule, eliminate, in_order, largest
from stabilitylab.solvers.scalars import GENERIC, finite_system, require_finite
from stabilitylab.solvers.triangular import back_substitution


@solver(
    "gauss.no_pivot",
    source="Higham (2002), section 9.1 and Theorem 9.3",
    tags=("scale-equivariant", "no-rank-test", "square"),
    law="elimination",
    scalars=GENERIC,
)
def gauss_no_pivot(A: Array, b: Array) -> Fit:
    """x (n,) with A x = b, A (n, n), eliminating in the order given; the Fit holds growth = max |u_ij| / max |a_ij|.

    Backward error u |L||U| without any bound: growth of 1e10 is ten digits lost, however good the condition. Raises
    Breakdown when a pivot is exactly 0 ("pivot 0 of A is 0", as for [[0, 1], [1, 0]]), ShapeError when m != n.
    Source: Higham (2002), section 9.1, Theorem 9.3 (backward error), section 9.4 (growth)."""
    return _by_elimination(A, b, in_order)


@solver(
    "gauss.partial",
    source="Wilkinson, J. ACM 8 (1961) 281-330, section 8; Higham (2002), Theorem 9.5 and section 9.4",
    tags=("scale-equivariant", "no-rank-test", "square"),
    law="partial-pivoting",
    scalars=GENERIC,
)
def gauss_partial_pivoting(A: Array, b: Array) -> Fit:
    """x (n,) with A x = b, A (n, n), with partial pivoting; the Fit holds growth = max |u_ij| / max |a_ij|.

    Backward error n u growth |A|; the growth is a small number in practice and 2**(n-1) at worst (Wilkinson's matrix).
    Raises Breakdown when a whole column of candidates is 0 or a number overflows, ShapeError when m != n.
    Source: Wilkinson, J. ACM 8 (1961) 281-330, section 8; Higham (2002), Theorem 9.5 and section 9.4."""
    return _by_elimination(A, b, largest)


@np.errstate(all="ignore")
def _by_elimination(A: Array, b: Array, rule: PivotRule) -> Fit:
    system = finite_system(A, b)
    m, n = system.shape[0], system.shape[1] - 1
    if m != n:
        raise ShapeError(
            f"elimination needs as many rows as columns; got A {m, n}: call a least-squares solver, say qr.householder"
        )
    W = eliminate(system, rule, "A")
    U = W[:, :n]
    require_finite(U, "U")
    return Fit(back_substitution(U, W[:, n], "U"), growth=float(np.max(np.abs(U)) / np.max(np.abs(system[:, :n]))))
