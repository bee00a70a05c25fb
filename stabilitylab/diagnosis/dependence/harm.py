"""Whether near dependence harms a coefficient: its interval is wide, or digits of its value are at risk, or both.

Statistical: the variance is inflated tenfold or more, and the interval is too wide for the coefficient to be known to
its first digit. No arithmetic mends that. Numerical: digits are lost in the numbers, whose rounding moves the
coefficient by more than three standard errors, or in a solver, whose rounding leaves less than four digits of the
coefficient or of its standard error, whichever is larger. Both are estimates to first order, of how far random rounding
moves a coefficient: |dx_j|² ~ sum_k d_k² (H_jj z_k² + rho² H_jk²) + H_jj d_b², in columns of norm 1, H = (A'A)^-1,
z = x and rho = |r| in units of |b|; d_k = u for a solver that is backward stable for each column (Householder QR), and
u |A| / |a_k| for one that is stable for the matrix as a whole (SVD). Source: Björck (1996), section 1.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.diagnosis.dependence.columns import Columns
from stabilitylab.diagnosis.question import Question
from stabilitylab.diagnosis.result import Harm
from stabilitylab.exact import CertifiedFit

INFLATED = 10.0  # variance inflation factor from which a variance is called inflated
WIDE = 4.0  # |t| below which the 95 % interval is wider than the coefficient
BEYOND = 3.0  # standard errors that rounding moves a coefficient by: it is no part of the noise then
LOW = 4.0  # digits of a solver below which they are at risk
NEAR = 30.0  # one over the distance of a column from the span of the others, from which it takes part
MEASURED = 0.13  # times the law below, that solvers of both kinds err by in the median (labels of the catalogue)
MOST = 53 * np.log10(2)


@dataclass(frozen=True, eq=False)
class Risks:
    """What is at risk of each coefficient, by its position.

    statistical: wide by dependence. by_rounding: the rounding of the numbers moves it by more than three standard
    errors. by_qr, by_svd (n,): digits that such a solver leaves in the format. near: its column is nearly in the span
    of the others. uneven: its column is so much smaller than the largest.
    """

    statistical: tuple[bool, ...]
    by_rounding: tuple[bool, ...]
    by_qr: Array
    by_svd: Array
    near: tuple[bool, ...]
    uneven: tuple[bool, ...]

    def numerical(self, j: int) -> bool:
        """Whether digits of a coefficient are at risk, because of a dependence or of uneven scales."""
        qr, svd = self.near[j] and self.by_qr[j] < LOW, (self.near[j] or self.uneven[j]) and self.by_svd[j] < LOW
        return bool(self.by_rounding[j] or qr or svd)

    def only_by_scale(self, j: int) -> bool:
        """Whether a solver that scales the columns keeps its digits, and one that does not loses them."""
        return self.numerical(j) and not self.by_rounding[j] and self.by_qr[j] >= LOW

    def harm(self, j: int) -> Harm:
        """The word for both."""
        if self.statistical[j]:
            return "both" if self.numerical(j) else "statistical"
        return "numerical" if self.numerical(j) else "none"


def risks(question: Question, columns: Columns, fit: CertifiedFit | None, near: Mapping[str, bool]) -> Risks:
    """Those of a question of full rank, from its certified fit; without one, from a solution in float64.

    near: columns that depend on others within the rounding of their numbers, with proof.
    """
    H, names = columns.H, columns.names
    n, roots = len(names), columns.roots
    assert H is not None, "a question of full rank has the inverse of its Gram matrix"
    z, rho, m = _in_units(question, columns, fit)
    dof = max(1, m - n)
    errors = roots * rho / sqrt(dof)
    if question.weighting == "absolute" and question.float_weights is not None:
        errors = roots * _scaled_unit(question)
    u = MEASURED * 0.5 * float(np.finfo(question.problem.A.dtype).eps)
    apart = np.exp2(np.minimum(columns.sizes.max() - columns.sizes, 1000.0))
    size = np.maximum(np.abs(z), errors)
    by_qr, by_svd = (_digits(size, _moved(H, z, rho, d, u)) for d in (np.full(n, u), u * apart))
    typical = np.zeros(n) if fit is None else _by_rounding(fit, H, z, rho, m)
    inflation = [1.0 if one is None else one for one in columns.inflation]
    wide = [inflation[j] >= INFLATED and bool(abs(z[j]) < WIDE * errors[j]) for j in range(n)]
    close = [bool(roots[j] >= NEAR) for j in range(n)]
    moved = [
        bool(near.get(names[j], False) or (close[j] and typical[j] > max(BEYOND * errors[j], 10.0**-LOW * abs(z[j]))))
        for j in range(n)
    ]
    return Risks(tuple(wide), tuple(moved), by_qr, by_svd, tuple(close), tuple((apart >= NEAR).tolist()))


def _moved(H: Array, z: Array, rho: float, d: Array, d_b: float) -> Array:
    """How far rounding moves each coefficient (n,), in columns of norm 1 and b of norm 1."""
    roots = H.diagonal()
    with np.errstate(over="ignore"):
        along = roots * (float((d * z) @ (d * z)) + d_b**2)
        return np.asarray(np.sqrt(along + rho**2 * (H**2 @ d**2) if rho else along))


def _by_rounding(fit: CertifiedFit, H: Array, z: Array, rho: float, m: int) -> Array:
    """How far the rounding of the numbers as they are known moves each coefficient (n,): sqrt(3 m) below the worst."""
    if fit.known is None or fit.sensitivity is None:
        return np.zeros(len(z))
    rounding = fit.known.rounding(fit.system)
    return _moved(H, z, rho, rounding[:-1], float(rounding[-1])) / sqrt(3 * m)


def _digits(size: Array, moved: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = np.where(np.isinf(moved), 0.0, np.log10(size / moved))
    return np.asarray(np.clip(np.nan_to_num(digits, nan=MOST, posinf=MOST, neginf=0.0), 0.0, MOST))


def _in_units(question: Question, columns: Columns, fit: CertifiedFit | None) -> tuple[Array, float, int]:
    """z = x_j |a_j| / |b| (n,), |r| / |b|, and the rows of weight above 0, in float64."""
    w, A = question.float_weights, question.problem.A
    norm_b, b = _norm_b(question)
    counted = slice(None) if w is None else w > 0
    if not norm_b:
        return np.zeros(A.shape[1]), 0.0, question.rows
    unit = np.exp2(columns.sizes)
    if not (np.isfinite(unit).all() and unit.all()):
        return np.zeros(A.shape[1]) if fit is None else _scaled(question, columns, fit.x), 1.0, question.rows
    roots = np.ones(len(b)) if w is None else np.sqrt(w[counted] / w.max())
    scaled = np.asarray(A[counted] / unit * roots[:, None], dtype=np.float64)
    z = np.linalg.lstsq(scaled, b / norm_b, rcond=0)[0] if fit is None else _scaled(question, columns, fit.x)
    rho = float(np.linalg.norm(b / norm_b - scaled @ z))
    return z, min(1.0, rho), question.rows


def _scaled(question: Question, columns: Columns, values: Array) -> Array:
    """values_j |a_j| / |b| (n,): coefficients in columns of norm 1 and b of norm 1."""
    norm_b, _ = _norm_b(question)
    exponent = int(np.frexp(np.abs(question.problem.b).max())[1])
    with np.errstate(divide="ignore"):
        logs = np.log2(np.abs(values)) + columns.sizes - np.log2(norm_b) - exponent
    return np.asarray(np.sign(values) * np.exp2(logs))


def _scaled_unit(question: Question) -> float:
    """The standard deviation that absolute weights leave to a row of the largest weight, over |b|."""
    norm_b, _ = _norm_b(question)
    w, exponent = question.float_weights, int(np.frexp(np.abs(question.problem.b).max())[1])
    if w is None or not norm_b:
        return 0.0
    with np.errstate(over="ignore", under="ignore"):
        return float(np.exp2(-0.5 * np.log2(w.max()) - np.log2(norm_b) - exponent))


def _norm_b(question: Question) -> tuple[float, Array]:
    """|b| and b (m,), over a power of two that brings its largest entry to 1; rows times sqrt(w)."""
    w, b = question.float_weights, question.problem.b
    b = np.asarray(np.ldexp(b, -int(np.frexp(np.abs(b).max())[1])), dtype=np.float64)
    if w is not None:
        b = (b * np.sqrt(w / w.max()))[w > 0]
    return float(np.linalg.norm(b)), b
