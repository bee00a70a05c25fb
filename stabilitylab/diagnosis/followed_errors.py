"""The usual rounding errors of a method, followed through its steps on one matrix, where no condition number tells.

A rounding moves a number v by an error of root mean square ROUNDING |v|, as if at random and independently of others:
uniform within half a unit in the last place, v with the logarithmic distribution of leading digits. A step of the
method rounds products and sums; what each rounding does to x is linear to first order, and squares add up. All
functions take A (m, n) of full rank, b (m,) and the unit roundoff u, and return root mean squares of dx (n,).
rows is the number of rows of the data: m, or more where A has fewer with the same products of columns, up to a factor;
what sums squares of products over rows is then taken to be spread evenly, so that it is m / rows of that of A.
Source: Higham (2002), section 2.8 (errors as random), chapters 8, 9 and 14; Giraud, Langou, Rozložník and van den
Eshof, Numer. Math. 101 (2005) 87-100, section 3 (the recursion of the loss of orthogonality).
"""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms

ROUNDING = (8 * np.log(2)) ** -0.5
"""Root mean square of a relative rounding error over u: u / sqrt(3) at 1, over the mean of v**-2 for v in [1, 2)."""
BOTH = 2.0  # roundings of a product that is then added: its own, and that of the sum, taken to be no larger
DRAWS = 16  # of the errors of classical Gram-Schmidt, which grow as products of each other


@dataclass(frozen=True, eq=False)
class Factors:
    """A / norms = Q R with a positive diagonal of R, inverse = R^-1, and R z = Q'b; x = z / norms."""

    norms: Array
    Q: Array
    R: Array
    inverse: Array
    z: Array


def by_elimination(A: Array, b: Array, u: float, rows: int) -> Array:
    """Of A'A x = A'b, formed and solved by elimination with partial pivoting.

    Rows of A'A are exchanged by their size, so that columns of unlike units give factors L and U that are larger than
    A'A itself in those units in which it is well scaled; Cholesky does not exchange.
    """
    known = factors_of(A, b)
    L, U, permuted, x = _eliminated(A, known)
    factors = permuted**2 @ (BOTH * (L**2 @ U**2) @ x**2)
    forward = permuted**2 @ (BOTH * L**2 @ (U @ x) ** 2)
    backward = np.triu(permuted @ L) ** 2 @ (BOTH * U**2 @ x**2)
    return np.asarray(np.sqrt(_of_forming(A, b, known, rows) + factors + forward + backward) * ROUNDING * u)


def by_inverse(A: Array, b: Array, u: float, rows: int) -> Array:
    """Of X (A'b), X the inverse of A'A found column by column, L U X = I with partial pivoting.

    The errors of factors are common to all columns, so that they cancel in X (A'b) as they do in a solve; those of
    substitution are each column's own, as large as it is, and are not small beside x where columns cancel.
    """
    known = factors_of(A, b)
    L, U, permuted, x = _eliminated(A, known)
    right, X = (A.T @ b) ** 2, (known.inverse @ known.inverse.T) / np.outer(known.norms, known.norms)
    Y = U @ X
    factors = permuted**2 @ (BOTH * (L**2 @ U**2) @ x**2)
    forward = permuted**2 @ (BOTH * np.tril(L, -1) ** 2 @ (Y**2 @ right))
    backward = np.triu(permuted @ L) ** 2 @ (BOTH * U**2 @ (X**2 @ right))
    product = BOTH * X**2 @ right
    return np.asarray(np.sqrt(_of_forming(A, b, known, rows) + factors + forward + backward + product) * ROUNDING * u)


def by_classical_gram_schmidt(A: Array, b: Array, u: float, rows: int) -> Array:
    """Of R^-1 Q'b, Q R = A by classical Gram-Schmidt in the order of the columns.

    A + E = Q R holds with small E, so that all that Q'Q = I + F does is R^-1 F Q'b. From w_j = a_j - Q_j R_j follows
    F_ij r_jj = g_ij - (F_j R_j)_i, i < j: what was lost before is lost again, times R_j / r_jj, and the
    rounding errors g_ij of Q'a_j and of w_j come on top. F_jj is what normalising leaves: twice the errors of a square
    root of a rounded sum, and of the quotients. F is linear in all these errors, which are drawn DRAWS times.
    """
    known = factors_of(A, b)
    Q, R, z, n = known.Q, known.R, known.z, len(known.z)
    S, levels, right, share = A / known.norms, _levels(rows), R @ z, len(A) / rows
    formed = S**2 + BOTH * Q**2 @ np.triu(R, 1) ** 2
    sizes = np.sqrt(BOTH * R**2 + share * Q.T**2 @ (levels * S**2 + formed))
    lengths = np.sqrt(4 + BOTH + (levels + 4 * BOTH) * share * (Q**4).sum(axis=0))
    rng, squares = np.random.default_rng(0), np.zeros(n)
    for _ in range(DRAWS):
        F = np.diag(lengths * rng.normal(size=n))
        for j in range(1, n):
            drawn = sizes[:j, j] * rng.normal(size=j)
            F[:j, j] = F[j, :j] = (drawn - F[:j, :j] @ R[:j, j]) / R[j, j]
        squares += (known.inverse @ (F @ right)) ** 2 / DRAWS
    # E, the products with b and back substitution, as in every QR factorisation.
    left, C, r = known.inverse @ Q.T, known.inverse @ known.inverse.T, b - S @ z
    of_factors = share * (left**2 @ (formed @ z**2) + C**2 @ (formed.T @ r**2))
    of_products = known.inverse**2 @ (share * levels * Q.T**2 @ b**2 + BOTH * right**2 + BOTH * R**2 @ z**2)
    return np.asarray(np.sqrt(squares + of_factors + of_products) / known.norms * ROUNDING * u)


def _of_forming(A: Array, b: Array, known: Factors, rows: int) -> Array:
    """The sum of squares of dx (n,), over ROUNDING u squared, when A'A and A'b are formed: (A'A)^-1 (db - dG x)."""
    S, levels = A / known.norms, _levels(rows) * len(A) / rows
    C, z = known.inverse @ known.inverse.T, known.z
    gram = BOTH * (S.T @ S) ** 2 + levels * (S**2).T @ S**2
    right = BOTH * (S.T @ b) ** 2 + levels * (S**2).T @ b**2
    # dG is symmetric: both entries of a pair move by one error.
    own, pairs = C * z, gram - np.diag(np.diag(gram))
    return np.asarray((C**2 @ (right + gram @ z**2) + (own @ pairs * own).sum(axis=1)) / known.norms**2)


def _levels(rows: int) -> float:
    """Roundings of each of so many products that are summed in pairs: its own, and one for each level of the tree."""
    return 1 + float(np.log2(rows))


def factors_of(A: Array, b: Array) -> Factors:
    """The factors of A (m, n) with columns of norm 1, and the solution for b (m,), by Householder QR."""
    norms = column_norms(A)
    Q, R = np.linalg.qr(A / norms)
    signs = np.where(np.diag(R) < 0, -1.0, 1.0)
    Q, R = Q * signs, R * signs[:, None]
    return Factors(norms, Q, R, lapack.solve_triangular(R, np.eye(len(R))), lapack.solve_triangular(R, Q.T @ b))


def _eliminated(A: Array, known: Factors) -> tuple[Array, Array, Array, Array]:
    """L, U and (A'A)^-1 P with P L U = A'A by partial pivoting, in the units of A, and x (n,).

    U^-1 is (A'A)^-1 P L: so it is known where A'A, rounded, is singular.
    """
    P, L, U = lapack.lu(A.T @ A, check_finite=False)
    C = (known.inverse @ known.inverse.T) / np.outer(known.norms, known.norms)
    return L, U, C @ P, known.z / known.norms
