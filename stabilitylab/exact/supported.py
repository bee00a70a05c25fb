"""How many digits of a coefficient the data support: those that every change of the data within their rounding leaves.

A stored number stands for all that round to it (`gram.resolution`). To first order a change of column k of A by at most
d_k, and of b by d_b, in the 2-norm, moves the solution by

    |dx_j| <= sqrt(H_jj) (sum_k d_k |x_k| + d_b) + |r| sum_k |H_jk| d_k,    H = (A'A)^-1, r = b - A x,

from dx = A^+ (db - dA x) + H dA'r. It is a worst case, in norms of columns: the rounding that has really happened
mostly moves less. It is computed in float64, for it is an estimate and proves nothing. For half an ulp of every float
d_k = u |a_k| is taken, which is at most twice their norm. Everything is in units of columns of norm 1 and b of norm 1.
Source: first-order expansion as in Björck (1996), section 1.4; Golub and Wilkinson, Numer. Math. 9 (1966) 139-148.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log10, sqrt

import flint
import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.flint_precision import FLINT_PRECISION
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.inputs import ExactInput, Weights, resolutions_of
from stabilitylab.exact.gram.limbs import BASE, WIDTH
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.resolution import Resolutions
from stabilitylab.exact.proof.certificate import Certificate
from stabilitylab.exact.solve.enclosed import EnclosedSolution
from stabilitylab.exact.solve.interval import quotient
from stabilitylab.exact.solve.inverse_factor import InverseFactor, inverse_factor
from stabilitylab.exact.solve.rational import in_flint

MOST = 53 * log10(2)  # digits that a double holds
DETERMINED = 1.0  # digits that must be supported before a coefficient is more than rounding noise
ZERO = 1e-4  # of |b| / |a_j|: a coefficient that is 0 to so much, whatever the rounding, is no noise but 0
RELIABLE = 2.0**20  # rows of R^-1 up to which a Cholesky factor in float64 has three digits or more
RELIABLE_QR = 2.0**40  # rows of R^-1 up to which R of QR in float64 has them
BLOCKED = 128  # unknowns from which it pays that a matrix is triangular
INVERSION = 30  # entries of A that cost what n² of a triangular inversion do, over n
LARGEST = 1e100  # that sizes and roots are counted as: more makes no difference, and overflows
FACTORED = 30  # unknowns from which a staged inverse factor costs less than QR of A and balls
ROUGH = 0.125  # alpha = |I - X'C X| of such a factor X, for which H_jj lies between |X_j|²/(1 + alpha) and /(1 - alpha)
TALL = 200  # rows for each column from which QR costs more than balls


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What a change of the data is multiplied by, in units of columns of norm 1 and b of norm 1.

    sizes (n,): |x_j| |a_j| / |b|. roots (n,): sqrt(H_jj), one over the distance of column j from the others' span.
    upper (n, n): upper triangular with X X' = H, the inverse of the Gram matrix of the columns; or else H as `full`.
    residual: |r| / |b|, or a bound on it.
    """

    sizes: Array
    roots: Array
    upper: Array | None
    full: Array | None = None
    residual: float = 1.0

    def abs_inverse_times(self, d: Array) -> Array:
        """sum_k |H_jk| d_k (n,)."""
        if self.full is not None:
            return np.asarray(np.abs(self.full) @ d)
        assert self.upper is not None, "a sensitivity has H or its factor"
        if len(d) < BLOCKED:
            return np.asarray(np.abs(self.upper @ self.upper.T) @ d)
        H = lapack.dlauum(self.upper)[0]  # its upper triangle
        np.abs(H, out=H)
        return np.asarray(H @ d + d @ H - H.diagonal() * d)

    def surely_determined(self, rounding: Array) -> bool:
        """Whether the data support a digit of every coefficient, from n operations; False where that is not seen so.

        rounding (n + 1,): d_k / |a_k|, d_b / |b|. By |r| <= |b| and H_jk² <= H_jj H_kk, more than the worst case.
        """
        d = rounding[:-1]
        most = 10.0**DETERMINED * float(d @ self.sizes + rounding[-1] + d @ self.roots)
        return bool((self.roots * most <= np.where(self.sizes == 0, 1.0, self.sizes)).all())

    def moved(self, rounding: Array, residual: float) -> Array:
        """The bound on |dx_j| |a_j| / |b| (n,), for residual = |r| / |b|."""
        d = rounding[:-1]
        along = self.roots * float(d @ self.sizes + rounding[-1])
        return np.asarray(along + residual * self.abs_inverse_times(d) if residual and d.any() else along)

    def noise(self, moved: Array) -> Array:
        """Which coefficients have less than a digit (n,) bool, but for those that are 0 within rounding.

        Such a 0, of 1e-17 or so, is the intercept of centred data.
        """
        return np.asarray((self.digits(moved) < DETERMINED) & (moved > ZERO))

    def digits(self, moved: Array) -> Array:
        """The digits (n,) that a move leaves, within [0, 15.95]; of a coefficient that is 0, of |b| / |a_j|."""
        with np.errstate(all="ignore"):
            left = np.log10(np.where(self.sizes == 0, 1.0, self.sizes) / moved)
        return np.minimum(np.fmax(left, 0.0), MOST)  # fmax takes the 0 where the other is no number


@dataclass(frozen=True, eq=False)
class Known:
    """How exactly the numbers are known, and the sum of the weights of the rows, which are exact themselves."""

    resolutions: Resolutions
    weight: float

    @classmethod
    def of(cls, data: ExactInput, weights: Weights | None) -> "Known":
        """That of the data, by the rule of `gram.resolution`. Cost: a pass over the columns of whole numbers."""
        return cls.of_each([data], weights)[0]

    @classmethod
    def of_each(cls, inputs: Sequence[ExactInput], weights: Weights | None) -> tuple["Known", ...]:
        """That of several regressions on one A: one pass for all of them."""
        total = float(len(inputs[0].b)) if weights is None else weights.total
        return tuple(cls(resolutions, total) for resolutions in resolutions_of(inputs, weights))

    def with_more(self, other: "Known") -> "Known":
        """That of the rows of both."""
        return Known(self.resolutions | other.resolutions, self.weight + other.weight)

    def rounding(self, normal: NormalEquations | None) -> Array:
        """d_k / |a_k| (n + 1,): the relative resolution, or that of all rows with the absolute one, whichever is more.

        normal: of the data, which may be None where they are floats.
        """
        absolute = self.resolutions.absolute
        if absolute is None:
            return self.resolutions.relative
        assert normal is not None, "what is known to a unit of its own is solved from normal equations"
        rounding, squares = self.resolutions.relative.copy(), [*normal.diagonal, normal.bb]
        for k, place in enumerate(absolute):
            if place and squares[k]:
                share = (place / normal.units[k]) ** 2 / (squares[k] * normal.weight_unit)
                rounding[k] = max(rounding[k], sqrt(self.weight * quotient(share.numerator, share.denominator)))
        return rounding


def of_normal_equations(normal: NormalEquations, solution: EnclosedSolution, A: Array | None = None) -> Sensitivity:
    """From exact normal equations of full rank and their solution; A (m, n): the matrix, where it is there in float64.

    By a Cholesky factor in float64; else by a staged inverse factor for many unknowns, and for few from QR of A where
    m < 200 n, or by balls: sqrt(H_jj) to a tenth of a digit.
    """
    with np.errstate(all="ignore"):  # what over- or underflows here supports no digit
        sizes = np.minimum(_sizes(normal, solution), LARGEST)
        if solution.factor is not None:
            return _of_factor(sizes, solution.factor, normal)
        by_cholesky = normal.float64_inverse_factor
        if by_cholesky is not None and (found := _of_upper(sizes, by_cholesky)).roots.max() < RELIABLE:
            return found
        if normal.n >= FACTORED:
            with blas_threads(2 * normal.n**3, normal.n**2):
                factor = inverse_factor(normal, ROUGH)
            if factor is not None:
                return _of_factor(sizes, factor, normal)
        by_qr = None if A is None or len(A) > TALL * normal.n else _by_qr(A)
        if by_qr is not None and (found := _of_upper(sizes, by_qr)).roots.max() < RELIABLE_QR:
            return found
        roots, full = _inverse_by_balls(normal)
        return Sensitivity(sizes, roots, None, full)


def of_certificate(certificate: Certificate, A: Array, b: Array) -> Sensitivity:
    """From a proof with an inverse factor in float64, and A (m, n), b (m,). Cost: O(m n + n²)."""
    factor = certificate.factor
    assert factor is not None, "the proof in float64 has a factor"
    # Columns and b were scaled by powers of two where their norms were extreme: so is what is computed here.
    exponents = np.array([_log2(1 / unit) for unit in factor.row_units])
    b_exponent = _log2(Fraction(*certificate.ratios[0])) + int(exponents[0])
    X, x = factor.planes[0], np.array(certificate.nearest)
    norms = _norms(A, X, scaled=bool(exponents.any()))
    with np.errstate(all="ignore"):  # what overflows here leaves the bound |r| <= |b|
        beta = float(np.linalg.norm(np.ldexp(b, -b_exponent)))
        sizes = np.abs(np.ldexp(x, exponents - b_exponent)) * norms / beta if beta else np.zeros(len(x))
        residual = float(np.linalg.norm(np.ldexp(b - A @ x, -b_exponent)) / beta) if beta else 0.0
    return _of_upper(sizes, norms[:, None] * X, residual if residual <= 1 else 1.0)


def _sizes(normal: NormalEquations, solution: EnclosedSolution) -> Array:
    """|x_j| |a_j| / |b| (n,), 0 for what is proven to be 0."""
    if not normal.bb:
        return np.zeros(normal.n)
    over, parts = solution.denominator, zip(solution.middle, solution.radius, strict=True)
    middle = [0 if abs(v) <= radius else abs(v) for v, radius in parts]
    if normal.is_short:
        squares = normal.leading.diagonal()
        return np.asarray([quotient(v, over) for v in middle] * np.sqrt(squares[:-1] / squares[-1]))
    entries = zip(middle, normal.diagonal, strict=True)
    return np.sqrt([quotient(v * v * entry, over * over * normal.bb) for v, entry in entries])


def residual_share(normal: NormalEquations, solution: EnclosedSolution) -> float:
    """|r| / |b|."""
    if not normal.bb:
        return 0.0
    over = normal.bb * solution.denominator
    square = quotient(over - sum(map(int.__mul__, normal.c, solution.middle)), over)
    return sqrt(max(square, 0.0))


def _of_upper(sizes: Array, X: Array, residual: float = 1.0) -> Sensitivity:
    return Sensitivity(sizes, np.sqrt(np.einsum("ij,ij->i", X, X)), X, residual=residual)


def _of_factor(sizes: Array, factor: InverseFactor, normal: NormalEquations) -> Sensitivity:
    X = _unit_rows(factor, normal)
    X /= sqrt(1 - factor.alpha)  # so that H_jj is not taken too small
    return Sensitivity(sizes, np.sqrt(np.einsum("ij,ij->i", X, X)), None, X @ X.T)


def _norms(A: Array, X: Array, *, scaled: bool) -> Array:
    """|a_j| (n,), from the inverse of X with A'A = (X X')^-1 where A was scaled, or where that costs less than A."""
    m, n = A.shape
    if scaled or m * INVERSION > n * n:
        A = lapack.dtrtri(X)[0]
    return np.asarray(np.sqrt(np.einsum("ij,ij->j", A, A)))


def _log2(power_of_two: Fraction) -> int:
    return power_of_two.numerator.bit_length() - power_of_two.denominator.bit_length()


def _unit_rows(factor: InverseFactor, normal: NormalEquations) -> Array:
    """X (n, n) of C scaled to a diagonal of ones: the rows of the factor times sqrt(C_jj)."""
    value = np.zeros(factor.planes.shape[1:])
    for plane in factor.planes[::-1]:
        value = value / BASE + plane
    halves = np.array([entry.bit_length() // 2 for entry in normal.diagonal])
    parts = zip(normal.diagonal, halves.tolist(), strict=True)
    sizes = np.array([sqrt(quotient(entry, 1 << (2 * half))) for entry, half in parts])
    return np.asarray(sizes[:, None] * np.ldexp(value, WIDTH * factor.places + halves[:, None]))


def _by_qr(A: Array) -> Array | None:
    """R^-1 (n, n) for A = Q R in columns of norm 1; None where R is singular."""
    R = np.asarray(np.linalg.qr(A, mode="r"))
    inverse = lapack.upper_inverse(R / column_norms(R))  # whose columns are as long as those of A
    return inverse if inverse is not None and np.isfinite(inverse).all() else None


def _inverse_by_balls(normal: NormalEquations) -> tuple[Array, Array]:
    """sqrt(H_jj) (n,) and H (n, n), in balls of as many bits as resolve them; LARGEST where too few are allowed."""
    n = normal.n
    C, _ = in_flint(normal)
    bits = 136 + 9 * n // 4
    H = np.full((n, n), LARGEST)
    roots = np.full(n, LARGEST)
    for precision in (bits, 2 * bits, 4 * bits, 8 * bits):
        with FLINT_PRECISION, flint.ctx.workprec(precision):
            try:
                inverse = flint.arb_mat(C).inv()
            except ZeroDivisionError:
                continue
            if any(inverse[j, j].rel_accuracy_bits() <= 10 for j in range(n)):
                continue
            sizes = [flint.arb(C[j, j]).sqrt() for j in range(n)]
            roots[:] = [float((sizes[j] * inverse[j, j].sqrt()).mid()) for j in range(n)]
            for j, k in zip(*(index.tolist() for index in np.triu_indices(n)), strict=True):
                H[j, k] = H[k, j] = float((inverse[j, k] * sizes[j] * sizes[k]).mid())
            break
    return np.minimum(roots, LARGEST), np.clip(H, -LARGEST * LARGEST, LARGEST * LARGEST)
