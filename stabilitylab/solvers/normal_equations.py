"""Four ways to solve A'A x = A'b. Forming A'A loses the digits in each; they differ in the failures they detect."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import column_sums
from stabilitylab.solvers import solver
from stabilitylab.solvers.elimination import PivotRule, eliminate, in_order, largest
from stabilitylab.solvers.scalars import GENERIC, joined, require_finite, require_pivot
from stabilitylab.solvers.triangular import back_substitution


def normal_system(A: Array, b: Array) -> Array:
    """[A'A A'b] (n, n+1), formed in the format of A (m, n).

    |fl(A'A) - A'A| <= (1 + log2 m) u |A|'|A|, which is u cond(A)**2 against the smallest eigenvalue; squares
    also double the exponent, so that in float16 entries above 255 overflow. Raises Breakdown on overflow or
    NaN: "A'A[0, 2] is inf".
    Source: Higham (2002), section 20.4."""
    system = joined(A, b)
    n = system.shape[1] - 1
    # The one bad line: products of columns are rounded before anything is subtracted.
    normal = np.stack([column_sums(system[:, i, None] * system) for i in range(n)])
    require_finite(normal[:, :n], "A'A")
    require_finite(normal[:, n], "A'b")
    return normal


@solver(
    "normal.cholesky",
    source="Higham (2002), section 20.4 and Theorem 10.7; Björck (1996), section 2.2",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=0.7,
    scalars=GENERIC,
)
@np.errstate(all="ignore")
def normal_cholesky(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, A (m, n), from A'A x = A'b by Cholesky's A'A = R'R.

    Error about 0.7 u cond(A)**2, with the cond of the best column scaling: Cholesky does not care about units. Half
    the work of QR. Certain to run while n**2 u cond**2 < 1; beyond it breaks down at random, and an answer there means
    nothing. Raises Breakdown when a pivot is not positive ("pivot 7 of A'A is -8.6e-06") or A'A overflows.
    Source: Higham (2002), section 20.4 and Theorem 10.7; Björck, Numerical Methods for Least Squares Problems (1996),
    section 2.2."""
    W = normal_system(A, b)
    n = len(W)
    for j in range(n):
        require_pivot(W[j, j], f"pivot {j} of A'A", positive=True)
        W[j, j:] /= np.sqrt(W[j, j])
        # A'b rides along as the last column: what is left there is z with R'z = A'b.
        W[j + 1 :, j + 1 :] -= np.multiply.outer(W[j, j + 1 : n], W[j, j + 1 :])
    return back_substitution(W[:, :n], W[:, n])


@solver(
    "normal.lu",
    source="Higham (2002), sections 9.1 and 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=0.7,
    scalars=GENERIC,
)
def normal_lu(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, A (m, n), from A'A x = A'b by elimination with partial pivoting.

    What `solve(A.T @ A, A.T @ b)` does. Error about 0.7 u cond(A)**2; interchanging rows of a symmetric matrix makes it
    depend on units, unlike Cholesky. Never notices that A'A is no longer positive definite. Raises Breakdown when a
    pivot is exactly 0 or A'A overflows.
    Source: Higham (2002), section 9.1 (elimination), section 20.4 (normal equations)."""
    return _by_elimination(A, b, largest)


@solver(
    "normal.gauss",
    source="Higham (2002), sections 9.1, 10.1 and 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=0.7,
    scalars=GENERIC,
)
def normal_gauss(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, A (m, n), from A'A x = A'b by elimination without interchanges.

    As good as Cholesky: a positive definite matrix has growth factor 1 in any order (Higham, Problem 10.4). Like LU it
    goes on after a negative pivot. Raises Breakdown when a pivot is exactly 0 or A'A overflows.
    Source: Higham (2002), section 9.1 (elimination), section 10.1 (positive definite), section 20.4."""
    return _by_elimination(A, b, in_order)


@solver(
    "normal.inverse",
    source="Higham (2002), section 14.1; Druinsky and Toledo, arXiv:1201.6035 (2012), section 3",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=2.0,
    scalars=GENERIC,
)
@np.errstate(all="ignore")
def normal_inverse(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, A (m, n), as the inverse of A'A times A'b.

    The textbook formula. Forward error about 2 u cond(A)**2, as for Cholesky, with a longer tail; the residual is
    ruined, so that the fitted values suffer too. Raises Breakdown when a pivot is exactly 0 or a number overflows.
    Source: Higham (2002), section 14.1; Druinsky and Toledo, How accurate is inv(A)*b?, arXiv:1201.6035 (2012)."""
    normal = normal_system(A, b)
    n = len(normal)
    W = eliminate(np.hstack([normal[:, :n], np.eye(n, dtype=normal.dtype)]), largest, "A'A")
    inverse = back_substitution(W[:, :n], W[:, n:], "U")
    # The one bad line: the residual of inverse @ c is not small beside |A'A| |x|.
    x = column_sums((inverse * normal[:, n]).T)
    require_finite(x, "x")
    return np.asanyarray(x)


@np.errstate(all="ignore")
def _by_elimination(A: Array, b: Array, rule: PivotRule) -> Array:
    W = eliminate(normal_system(A, b), rule, "A'A")
    return back_substitution(W[:, :-1], W[:, -1], "U")
