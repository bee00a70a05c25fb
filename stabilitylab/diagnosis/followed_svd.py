"""The usual rounding errors of least squares by a singular value decomposition, followed through its reflections.

A is brought to bidiagonal form by Householder reflections from the left and from the right in turn, and that to
diagonal form by rotations. A reflection from the right mixes columns: from then on a small column is only as accurate
as the large ones that it was mixed with, so that the errors depend on the order of the columns and on their units, and
no norm of A tells them. Errors are counted as in `followed_errors`.
Source: Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205-224; Demmel and Kahan, SIAM J. Sci. Stat. Comput. 11 (1990)
873-912, section 3 (the convergence criterion); LAPACK, dbdsqr.f, argument TOLMUL.
"""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.diagnosis.followed_errors import BOTH, ROUNDING, factors_of

TRIANGLE = 0.18  # root mean square of the error of Householder QR over u times the columnwise condition number
TALL = 1.6  # rows for each column from which LAPACK decomposes the triangle of a QR factorisation in place of A
LARGEST = 2e7  # m n² from which nothing is followed: each of 2 n reflections passes over all entries of A
INNER = 3.0  # roundings of each product of an inner product of a reflection, with those of the sums
LENGTH = 6.0  # of a reflection as a whole: of its norm and of its factor, as for the length of a column
SWEEPS = 4.0  # roundings of each entry of the bidiagonal matrix, and of singular vectors, by rotations


class _Followed:
    """[A b] (p, n+1) as turned so far, the sensitivities of x (n,) to changes of its entries, and the sum of squares.

    dx = -P E v + C E_n' r for a change E, where v = (x, -1), r = b - A x and C = (A'A)^-1, all in turned coordinates.
    V (n, n): x = V times the turned x. All squares are over ROUNDING u squared.
    """

    def __init__(self, T: Array, P: Array, C: Array, r: Array, x: Array) -> None:
        self.T, self.P, self.r = T, P, r
        self.C, self.v = np.hstack([C, np.zeros((len(C), 1))]), np.append(x, -1.0)
        self.V, self.n, self.squares = np.eye(len(x)), len(x), np.zeros(len(x))

    def entries(self, sizes: Array) -> None:
        """Adds independent errors, of the squares (p, n+1)."""
        of_x, of_r = self.P**2 @ (sizes @ self.v**2), self.C**2 @ (sizes.T @ self.r**2)
        both = 2 * ((self.P * self.r) @ sizes * (self.C * self.v)).sum(axis=1) if self.r.any() else 0.0
        self.squares += np.maximum(of_x + of_r - both, 0.0)

    def together(self, left: Array, right: Array) -> None:
        """Adds one error of relative size LENGTH that all entries of left (p,) right (n+1,)' have in common."""
        self.squares += LENGTH * (self.C @ right * (left @ self.r) - self.P @ left * (right @ self.v)) ** 2

    def from_the_left(self, k: int) -> None:
        """Column k becomes 0 below entry k."""
        w, factor = _reflection(self.T[:, k], k, len(self.T))
        inner, self.T, sizes = _reflected(self.T, w, factor)
        sizes[:k], sizes[:, :k], inner[:k] = 0, 0, 0
        sizes[k + 1 :, k], self.T[k + 1 :, k] = 0, 0  # set, not computed
        self.P = self.P - factor * np.outer(self.P @ w, w)
        self.r = self.r - factor * w * (w @ self.r)
        self.entries(sizes)
        self.together(w, factor * inner)

    def from_the_right(self, k: int) -> None:
        """Row k becomes 0 beyond entry k + 1; the answer is turned back in the end."""
        n = self.n
        w, factor = _reflection(self.T[k], k + 1, n)
        inner, turned, sizes = _reflected(self.T.T, w, factor)
        self.T, sizes = turned.T, sizes.T
        sizes[:k], sizes[:, : k + 1], sizes[:, n], inner[:k] = 0, 0, 0, 0
        sizes[k, k + 2 :], self.T[k, k + 2 : n] = 0, 0
        self.v = self.v - factor * w * (w @ self.v)
        self.C = self.C - factor * np.outer(self.C @ w, w)
        self.entries(sizes)
        self.together(factor * inner, w)
        back, _, moved = _reflected(self.v[:n, None], w[:n], factor)
        moved[: k + 1] = 0
        self.squares += self.V**2 @ moved[:, 0] + LENGTH * (factor * back[0] * (self.V @ w[:n])) ** 2
        self.V = self.V - factor * np.outer(self.V @ w[:n], w[:n])

    def diagonalised(self, neglected: float) -> None:
        """The bidiagonal matrix becomes diagonal; neglected: root mean square of what is left beside the diagonal."""
        n = self.n
        B, c = np.triu(np.tril(self.T[:n, :n], 1)), self.T[:n, n]
        sizes = np.zeros(self.T.shape)
        sizes[:n, :n] = SWEEPS * B**2
        self.entries(sizes)
        if not np.isfinite(B).all():  # columns of which the squares are beyond the range
            self.squares = np.full(n, np.inf)
            return
        U, s, Vt = np.linalg.svd(B)
        W, y = self.V @ Vt.T, (U.T @ c) / s
        self.squares += SWEEPS * W**2 @ (y**2 + (U.T**2 @ c**2) / s**2)
        # Relative to s_k, for the pair (k, k+1): v_k gets that much of y_{k+1}.
        self.squares += neglected**2 * W[:, :-1] ** 2 @ y[1:] ** 2


def by_singular_values(A: Array, b: Array, u: float, columnwise: Array, direct: bool, rows: int) -> Array | None:
    """Root mean square of dx (n,) of V S^-1 U'b, U S V' = A (m, n) by LAPACK, at unit roundoff u; None: too large.

    columnwise: the condition numbers of `scoring.theory.condition`, for the QR factorisation that comes first where A
    is tall; direct: none does. rows: of the data; m, or more where A has fewer with the same products of columns, up
    to a factor. Without a QR factorisation in front the rows themselves are followed, and None is returned then.
    """
    m, n = A.shape
    known = factors_of(A, b)
    x, inverse = known.z / known.norms, known.inverse / known.norms[:, None]
    C = inverse @ inverse.T
    tall = rows >= TALL * n and not direct
    if (n if tall else rows) * n**2 > LARGEST or (rows > m and not tall):
        return None
    if tall:
        R = known.R * known.norms
        followed = _Followed(np.column_stack([R, known.R @ known.z]), inverse, C, np.zeros(n), x)
    else:
        followed = _Followed(np.column_stack([A, b]), inverse @ known.Q.T, C, b - A @ x, x)
    for k in range(n):
        if k or not tall:
            followed.from_the_left(k)
        if k < n - 2:
            followed.from_the_right(k)
    followed.diagonalised(0.0 if direct else _neglected(u) / (ROUNDING * u))  # GSL and JAMA neglect what is below 2 u
    return np.asarray(np.hypot(np.sqrt(followed.squares) * ROUNDING * u, TRIANGLE * u * columnwise if tall else 0.0))


def _neglected(u: float) -> float:
    """Root mean square, relative to the diagonal, of what dbdsqr neglects beside it, at most a threshold e**-t.

    Each sweep cubes it, nearly. It ends at e**-T with T in [t, 3 t], of density 1 / (T log 3) if chance decides where
    it passes the threshold: so exp(2 (t - T)) has the mean 1 / (2 t log 3).
    """
    threshold = float(u * min(100.0, max(10.0, u**-0.125)))
    return threshold / float(np.sqrt(-2 * np.log(threshold) * np.log(3)))


def _reflection(y: Array, start: int, stop: int) -> tuple[Array, float]:
    """w and f with (I - f w w') y = 0 within start + 1 ... stop, and y as it is outside; f = 0 where y is 0 there."""
    w = np.zeros(len(y))
    w[start:stop] = y[start:stop]
    length = float(np.linalg.norm(w))
    if length == 0:
        return w, 0.0
    w[start] += np.copysign(length, w[start])
    w /= w[start]
    return w, float(2 / (w @ w))


def _reflected(Y: Array, w: Array, factor: float) -> tuple[Array, Array, Array]:
    """w'Y, Y - f w (w'Y), and the squares of the errors of its entries."""
    inner = w @ Y
    turned = Y - factor * np.outer(w, inner)
    errors = (1 + BOTH + 1) * inner**2 + INNER * (w**2 @ Y**2)
    return inner, turned, turned**2 + factor**2 * np.outer(w**2, errors)
