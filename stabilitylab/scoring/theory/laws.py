"""Error laws: the error of each coefficient that a method is expected to make, and the largest that theory allows.

A law is a function of (A, conditioning, u, constant) that returns two arrays (n,) of absolute errors: estimate, bound.
The constants are medians over many problems: about nine in ten errors lie within a factor 5 of the estimate. An
estimate above a tenth of the coefficient predicts no correct digit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.scoring.theory.condition import Conditioning

Law = Callable[[Array, Conditioning, float, float], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Absolute errors of each coefficient (n,): the estimate, and the bound that theory gives."""

    errors: Array
    bound: Array


def columnwise(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """u C_i: columnwise backward stable methods (Householder QR, modified Gram-Schmidt on [A b]), in any units.

    Source: Higham (2002), theorem 20.3, with the column-wise condition number of `conditioning`.
    """
    return constant * u * c.columnwise, max(2.0, 10 * constant) * u * c.columnwise


def normal(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """u times `Conditioning.normal`: rounding A'A and A'b costs cond(A)**2. Source: Higham (2002), section 20.4."""
    return constant * u * c.normal, 10 * constant * u * c.normal


def normwise(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """Backward stable in norm only (SVD): the column-wise law at best, Wedin's bound in the raw scales at worst.

    Source: Higham (2002), theorem 20.1.
    """
    best = constant * u * c.columnwise
    return best, np.maximum(10 * best, 2 * u * c.normwise)


def gram_schmidt(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """Classical Gram-Schmidt: estimate as for the normal equations; bound u cond_scaled**3 |x|.

    Source: Giraud, Langou, Rozložník and van den Eshof, Numer. Math. 101 (2005) 87-100, on its loss of orthogonality.
    """
    best = constant * u * c.normal
    return best, np.maximum(10 * best, 0.1 * u * c.cond_scaled**3 * np.linalg.norm(c.x))


def elimination_without_pivoting(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """u |A^-1| |L| |U| |x| with the factors of elimination in the order given: growth in |L| |U| is the loss.

    Source: Higham (2002), theorem 9.4.
    """
    n = A.shape[1]
    L, U = np.eye(n), np.array(A, dtype=np.float64)
    with np.errstate(all="ignore"):
        for k in range(n - 1):
            L[k + 1 :, k] = U[k + 1 :, k] / U[k, k]
            U[k + 1 :, k:] -= np.outer(L[k + 1 :, k], U[k, k:])
            U[k + 1 :, k] = 0.0
    return _elimination(A, L, U, c, u, constant)


def elimination_with_partial_pivoting(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """u |A^-1| |PL| |U| |x| with rows exchanged for the largest pivot. Source: Higham (2002), theorem 9.4."""
    L, U = lapack.lu(np.asarray(A, dtype=np.float64), permute_l=True)
    return _elimination(A, L, U, c, u, constant)


def _elimination(A: Array, L: Array, U: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    n = A.shape[1]
    try:
        inverse = np.linalg.inv(np.asarray(A, dtype=np.float64))
    except np.linalg.LinAlgError:
        return np.full(n, np.inf), np.full(n, np.inf)
    with np.errstate(all="ignore"):
        size = np.nan_to_num(np.abs(inverse) @ (np.abs(L) @ (np.abs(U) @ np.abs(c.x))), nan=np.inf)
    return constant * u * size, max(1.0, 10 * constant) * n * u * size


LAWS: dict[str, Law] = {
    "columnwise": columnwise,
    "normal": normal,
    "normwise": normwise,
    "gram-schmidt": gram_schmidt,
    "elimination": elimination_without_pivoting,
    "partial-pivoting": elimination_with_partial_pivoting,
}


def predict(label: RouteLabel, A: Array, c: Conditioning, u: float, rows: int | None = None) -> Prediction | None:
    """The errors that the label's law predicts on A (m, n), with those of its rank cut-off; None where it has no law.

    u: of the format of A. A route that works in a wider format errs by the unit roundoff of that format, and by u |x|
    when its answer is rounded to the format of A.
    A cut-off above the smallest relative singular value drops right singular vectors V_d: an error of V_d V_d' x.
    Within a factor 4 of the cut-off rounding decides which are dropped; the bound covers both cases. rows: of the data,
    where A has fewer with the same products of columns.
    """
    if label.law is None:
        return None
    working = u if label.works_in == "input" else unit_roundoff(label.works_in)
    require_choice(f"law of {label.name}", label.law, LAWS)
    errors, bound = LAWS[label.law](A, c, working, label.constant)
    if working < u:
        errors, bound = errors + u * np.abs(c.x), bound + u * np.abs(c.x)
    if label.cutoff is not None:
        m, n = A.shape
        cut = label.cutoff(rows or m, n, 2 * u)
        errors = errors + _dropped(A, c, label, cut)
        bound = np.maximum(bound, 2 * (errors + _dropped(A, c, label, 4 * cut)))
    return Prediction(errors, bound)


def directions_dropped(label: RouteLabel, A: Array, u: float) -> int:
    """How many directions the route's declared cut-off drops from A (m, n); 0 where it has none."""
    if label.cutoff is None:
        return 0
    m, n = A.shape
    s, _, _ = _singular_values(A, label)
    return int((s <= label.cutoff(m, n, 2 * u) * s[0]).sum())


def _dropped(A: Array, c: Conditioning, label: RouteLabel, cut: float) -> Array:
    """|V_d V_d' x| (n,), V_d of the matrix that the route decomposes: A, or A with scaled columns."""
    s, Vt, norms = _singular_values(A, label)
    V = Vt[s <= cut * s[0]]
    return np.asarray(np.abs(V.T @ (V @ (c.x * norms))) / norms)


def _singular_values(A: Array, label: RouteLabel) -> tuple[Array, Array, Array]:
    """s, V' and the column norms divided out, of the matrix that the route decomposes: A, or A with scaled columns."""
    norms = column_norms(A) if label.scaled else np.ones(A.shape[1])
    _, s, Vt = np.linalg.svd(np.asarray(A, dtype=np.float64) / norms, full_matrices=False)
    return s, Vt, norms
