"""Error laws: the error of each coefficient that a method is expected to make, and the largest that theory allows.

A law is a function of (A, conditioning, u, constant) that returns absolute errors (n,) twice: estimate and bound.
The constants in front are medians over many problems, so single errors scatter: about nine in ten lie within a factor 5
of the estimate. An estimate of more than a tenth of the coefficient means: no digits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lu

from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.scoring.theory.condition import Conditioning

Law = Callable[[Array, Conditioning, float, float], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Absolute errors per coefficient (n,): the estimate, and the bound beyond which a result is worse than theory."""

    errors: Array
    bound: Array


def columnwise(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """u C_i: backward stable column by column (Householder QR, modified Gram-Schmidt on [A b]); blind to column scale.

    Source: Higham (2002), theorem 20.3, with the column-wise condition number of `conditioning`.
    """
    return constant * u * c.columnwise, max(2.0, 10 * constant) * u * c.columnwise


def normal(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """What rounding A'A and A'b costs: the condition number squared. Source: Higham (2002), section 20.4."""
    return constant * u * c.normal, 10 * constant * u * c.normal


def normwise(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """Backward stable in norm only (SVD): the column-wise law at best, Wedin's bound in the raw scales at worst.

    Source: Higham (2002), theorem 20.1.
    """
    best = constant * u * c.columnwise
    return best, np.maximum(10 * best, 2 * u * c.normwise)


def gram_schmidt(A: Array, c: Conditioning, u: float, constant: float) -> tuple[Array, Array]:
    """Classical Gram-Schmidt: at least the normal equations' law; up to cond_scaled**3 on some matrices.

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
    L, U = lu(np.asarray(A, dtype=np.float64), permute_l=True)
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


def predict(label: RouteLabel, A: Array, c: Conditioning, u: float) -> Prediction | None:
    """The errors the label's law expects on A, the route's rank cut-off included; None where no law is claimed.

    u is that of the format of A. A route that works in a wider format errs by the roundoff of that one, and then rounds
    its answer to the format of A.
    A cut-off at or above the smallest relative singular value drops directions V_d, and the part V_d V_d' x of the
    solution with them, exactly. Within a factor 4 of it rounding decides, so the bound allows for both outcomes.
    """
    if label.law is None:
        return None
    working = u if label.works_in == "input" else unit_roundoff(label.works_in)
    errors, bound = LAWS[label.law](A, c, working, label.constant)
    if working < u:
        errors, bound = errors + u * np.abs(c.x), bound + u * np.abs(c.x)
    if label.cutoff is not None:
        m, n = A.shape
        cut = label.cutoff(m, n, 2 * u)
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
    """|V_d V_d' x| (n,), the singular vectors taken of the matrix the route really solves."""
    s, Vt, norms = _singular_values(A, label)
    V = Vt[s <= cut * s[0]]
    return np.asarray(np.abs(V.T @ (V @ (c.x * norms))) / norms)


def _singular_values(A: Array, label: RouteLabel) -> tuple[Array, Array, Array]:
    """s, V' and the norms its columns are divided by, of the matrix a route really solves."""
    norms = column_norms(A) if label.scaled else np.ones(A.shape[1])
    _, s, Vt = np.linalg.svd(np.asarray(A, dtype=np.float64) / norms, full_matrices=False)
    return s, Vt, norms
