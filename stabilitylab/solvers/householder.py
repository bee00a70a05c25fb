"""Householder QR: the standard that other solvers are measured against."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
        v, tau, W[j, j] = reflection(W[j:, j], j)
        # The remaining columns, b among them: H T = T - v (tau v'T).
        T = W[j:, j + 1 :]
        T -= np.multiply.outer(v, tau * column_sums(v[:, None] * T))
        require_finite(W[j], "R", j)
    return back_substitution(W[:n, :n], W[:n, n])


@dataclass(frozen=True, eq=False)
class Reflections:
    """A = Q [R; 0], A (m, n), R (n, n) upper triangular, Q = H_0 H_1 ..., H_j = I - tau_j v_j v_j' from row j on."""

    vectors: tuple[Array, ...]
    taus: tuple[Any, ...]
    R: Array

    @classmethod
    @np.errstate(all="ignore")
    def of(cls, A: Array) -> "Reflections":
        """The factors of A (m, n), in its format. Raises Breakdown as `householder_qr` does."""
        W, n, vectors, taus = A.copy(), A.shape[1], [], []
        for j in range(n):
            v, tau, diagonal = reflection(W[j:, j], j)
            T = W[j:, j + 1 :]
            T -= np.multiply.outer(v, tau * column_sums(v[:, None] * T))
            W[j, j] = diagonal
            require_finite(W[j], "R", j)
            vectors.append(v)
            taus.append(tau)
        return cls(tuple(vectors), tuple(taus), W[:n])

    def times(self, y: Array) -> Array:
        """Q y (m,)."""
        return self._applied(y, reversed(range(len(self.taus))))

    def transposed_times(self, y: Array) -> Array:
        """Q'y (m,)."""
        return self._applied(y, range(len(self.taus)))

    def _applied(self, y: Array, order: Iterable[int]) -> Array:
        z = y.copy()
        for j in order:
            v = self.vectors[j]
            z[j:] -= v * (self.taus[j] * column_sums(v * z[j:]))
        return z


def reflection(column: Array, j: int) -> tuple[Array, Any, Any]:
    """v, tau and -+nu with (I - tau v v') column = -+nu e_1, v_1 = 1, nu = |column|: the reflection for column j.

    v = column - (-+nu) e_1 up to a factor; the sign avoids cancellation. Squares are formed of a column scaled to 1.
    """
    scale, y, nu = scaled_norm(column)
    require_pivot(scale, f"R[{j}, {j}]")
    signed = nu if y[0] >= 0 else -nu
    v = y / (y[0] + signed)
    v[0] = 1
    return v, 1 + y[0] / signed, -signed * scale
