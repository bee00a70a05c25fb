"""Condition numbers of min |b - A x| for each coefficient, in float64 from the stored problem."""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms, unit_exponent


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Absolute first-order sensitivities per coefficient, each to be multiplied by the size of the perturbation.

    cond, cond_scaled: 2-norm condition numbers of A as stored and with its columns scaled to norm 1.
    columnwise (n,): C_i, root-sum-square over |da_k| <= |a_k|, |db| <= |b|; worst_columnwise: the exact worst case S_i.
    normal (n,): root-sum-square over |d(A'A)_jk| <= |a_j| |a_k|, |d(A'b)_j| <= |a_j| |b|.
    componentwise (n,): exact worst case over |dA| <= |A|, |db| <= |b| entry by entry.
    normwise: |A| |x| times the first-order bound of Wedin, for perturbations in norm of A as a whole.
    ratio, scaled_ratio: smallest over largest singular value. x (n,): the solution they belong to.
    """

    cond: float
    cond_scaled: float
    columnwise: Array
    worst_columnwise: Array
    normal: Array
    componentwise: Array
    normwise: float
    x: Array


def conditioning(A: Array, b: Array, x: Array | None = None, residual_norm: float | None = None) -> Conditioning:
    """The condition numbers at the solution x, by default that of Householder QR on scaled columns.

    residual_norm: |b - A x| where it is known more accurately than float64 gives it; its rounding error would be
    multiplied by cond**2. A numerically singular A has infinite sensitivities.
    Sources: columnwise and componentwise: first-order expansion dx = A+ (db - dA x) + (A'A)^-1 dA' r; normwise: Wedin,
    BIT 13 (1973) 217-232, Higham (2002) theorem 20.1; normal: Higham (2002), section 20.4, column-wise.
    """
    A, b = np.asarray(A, dtype=np.float64), np.asarray(b, dtype=np.float64)
    n = A.shape[1]
    # In units that bring A and b near 1 no square over- or underflows; sensitivities have the unit of x.
    unit_A, unit_b = unit_exponent(A), unit_exponent(b)
    unit = unit_b - unit_A
    A, b = np.ldexp(A, -unit_A), np.ldexp(b, -unit_b)
    x = None if x is None else np.ldexp(np.asarray(x, dtype=np.float64), -unit)
    residual_norm = None if residual_norm is None else float(np.ldexp(residual_norm, -unit_b))
    norms = column_norms(A)
    scaled = A / norms
    Q, R = np.linalg.qr(scaled)
    diagonal = np.abs(np.diag(R))
    s, t = np.linalg.svd(A, compute_uv=False), np.linalg.svd(R, compute_uv=False)
    cond, cond_scaled = _ratio(s), _ratio(t)
    if diagonal.min() == 0:
        infinite = np.full(n, np.inf)
        given = np.zeros(n) if x is None else np.ldexp(x, unit)
        return Conditioning(cond, cond_scaled, infinite, infinite, infinite, infinite, np.inf, given)
    inverse = lapack.solve_triangular(R, np.eye(n))
    # In scaled coordinates every column has norm 1: z = norms x, and sensitivities are divided by norms at the end.
    z = lapack.solve_triangular(R, Q.T @ b) if x is None else x * norms
    r = b - scaled @ z
    rho = float(np.linalg.norm(r))
    if residual_norm is not None:
        r = r * (residual_norm / rho) if rho > 0 else r
        rho = residual_norm
    beta = float(np.linalg.norm(b))
    C = inverse @ inverse.T
    pinv = inverse @ Q.T
    root = np.sqrt(np.diag(C))
    terms = np.hypot(rho * C, np.outer(root, z))
    columnwise = np.sqrt((terms**2).sum(axis=1) + (root * beta) ** 2)
    worst = terms.sum(axis=1) + root * beta
    normal = np.sqrt((C**2).sum(axis=1) * (beta**2 + float(z @ z)))
    entrywise = np.abs(pinv) @ np.abs(b)
    for k in range(n):
        entrywise += np.abs(np.outer(C[:, k], r) - pinv * z[k]) @ np.abs(scaled[:, k])
    x = z / norms
    size, kappa = float(np.linalg.norm(x)), cond
    # |dx| <= kappa (|x| + |b|/|A|) + kappa**2 |r|/|A|, perturbations relative to |A| and |b|.
    normwise = kappa * (size + beta / s[0]) + kappa**2 * rho / s[0]
    absolute = [v / norms for v in (columnwise, worst, normal, entrywise)]
    with np.errstate(over="ignore"):
        columnwise, worst, normal, entrywise = (np.ldexp(v, unit) for v in absolute)
        normwise = float(np.ldexp(normwise, unit))
        return Conditioning(cond, cond_scaled, columnwise, worst, normal, entrywise, normwise, np.ldexp(x, unit))


def _ratio(s: Array) -> float:
    return float(s[0] / s[-1]) if s[-1] > 0 else np.inf
