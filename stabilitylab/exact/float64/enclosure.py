"""Intervals that are proven to hold the coefficients of a least-squares problem, in float64 arithmetic alone.

No exact arithmetic and no change of rounding mode: each bound on rounding is derived here, or where its numbers are
made (`float64.rounding_bounds`, `float64.gradient`).

What is proven. Let X (n, n) be any matrix, P = A X, B = P'P, and |B - I|_F <= alpha < 1. Then A has full rank,
|B^-1| <= 1/(1 - alpha), |B^-1 - I| <= alpha/(1 - alpha), and the pseudo-inverse of A is X B^-1 P'. For any x0, with
r + dr = b - A x0, |dr| <= eps, and g + dg = P'r, |dg| <= delta, the solution is x* = x0 + X B^-1 P'(r + dr), so

    x* - (x0 + X g) = X (B^-1 - I) g + X B^-1 dg + X B^-1 P'dr.

Row i of X B^-1 P' has the norm sqrt(X_i B^-1 X_i') <= |X_i| / sqrt(1 - alpha). Hence, with x = fl(x0 + fl(X g)),

    |x* - x|_i <= |X_i| ((alpha/(1 - alpha) + gamma_n) |g| + delta/(1 - alpha) + eps/sqrt(1 - alpha)) + u |x_i|.

Rounding. A sum of products in which no product passes through more than k roundings, in any order, with fused
multiply-add or without, is wrong by at most gamma_k times the sum of their magnitudes, gamma_k = k u/(1 - k u)
(Higham 2002, section 3.1). Long columns are summed in blocks, which keeps k near the length of a block. The sum of
magnitudes is at most the product of two norms (Cauchy-Schwarz): no product of matrices of absolute values is formed.

Underflow. Columns and b are brought to norms within 2^+-101 by powers of two. An operation that underflows, gradually
or to 0, is wrong by at most 2^-1022, and what a sum of fewer than 2^40 products loses so is below 2^-980. An entry that
scaling down loses is below 2^-900 of its column's norm, which every factor multiplies alike. Each bound on rounding is
at least u times a product of one or two of: a column's norm; t >= 1/2 (checked); a row norm of X >= 2^-200 (checked);
and a `norm_bound`, >= 2^-480. That is at least 2^-734: one more rounding counted in every k pays for all underflow.

Bounds are themselves computed in float64: each is a chain of at most 4 n + 32 operations on numbers that are not
negative, so that the factor 1 + (8 n + 64) 2u, `up`, makes it a bound again.
Source: Rump, SIMAX 33 (2012) 130-148, for verified least squares; the form here is derived in this docstring.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError
from stabilitylab.data.validation import checked, read_only
from stabilitylab.exact.float64.gradient import gradient
from stabilitylab.exact.float64.preconditioner import (
    ScaledProblem,
    alpha_from_gram,
    alpha_from_product,
    inverse,
    row_norms,
)
from stabilitylab.exact.float64.rounding_bounds import U, block_rows, gamma, norm_bound, transposed_times, triangle
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.selftest import require_true_float64_blas

DIGITS_CAP = 53 * float(np.log10(2))
GRAM_IS_ENOUGH = 2.0**-10  # the alpha below which a product A X would gain nothing
ALPHA_IS_SMALL = 2.0**-30  # the alpha below which one Newton step is enough from any x


@dataclass(frozen=True, eq=False)
class Enclosure:
    """lower <= x* <= upper, each (n,), for the x* minimising |b - A x|_2; x (n,) lies between.

    alpha < 1/2 bounds |X'A'A X - I|_F for the inverse factor X that was used, and so proves that A has full rank.
    """

    x: Array
    lower: Array
    upper: Array
    alpha: float

    @property
    def digits(self) -> Array:
        """(n,): -log10 of the largest |x - y| / |y| over the y of each interval, within [0, 15.95]; 0 if it holds 0."""
        nearest = np.minimum(np.abs(self.lower), np.abs(self.upper))
        same_sign = np.sign(self.lower) * np.sign(self.upper) > 0
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            relative = np.maximum(self.x - self.lower, self.upper - self.x) / nearest * (1 + 8 * U)
            digits = np.where(same_sign, -np.log10(relative), 0.0)
        digits[(self.lower == 0) & (self.upper == 0)] = DIGITS_CAP
        return np.clip(digits, 0.0, DIGITS_CAP)


@in_default_mode
def enclose(A: npt.ArrayLike, b: npt.ArrayLike) -> Enclosure:
    """Intervals around the x (n,) that minimises |b - A x|_2, proven for A (m, n) and b (m,) as stored.

    Costs one product A'A and a few with vectors where A with columns of norm 1 is moderately conditioned; further
    products A X and C'C, and then a Householder triangularisation, as the condition number grows.
    1. A'A in blocks, X ~ R^-1 from its Cholesky factor; alpha from A'A itself, or else 2. from C = A X and C'C,
    and where that fails, 3. the same with R from Householder QR of blocks of [A b].
    4. Newton steps on x with a gradient A'(b - A x) to 20 bits more than float64, and the radius of the last one.
    Raises NotCertifiedError when alpha >= 1/2 (it grows like n u times the condition number), RankDeficientError for a
    column of zeros, OutOfRangeError when a coefficient overflows, UntrustedBLASError, and the errors of
    `data.validation.checked`.
    Source: the module's docstring; Demmel, Grigori, Hoemmen, Langou, SISC 34 (2012) A206-A239, for step 3.
    """
    require_true_float64_blas()
    matrix, right = (_float64(v, name) for v, name in zip(checked(A, b), ("A", "b"), strict=True))
    m, n = matrix.shape
    with (
        blas_threads(2 * n * n * min(m, block_rows(matrix)), m * n),
        np.errstate(all="ignore"),
    ):  # what overflows here fails the comparisons, which ask for what must hold
        data = ScaledProblem.of(matrix, right)
        y, radius, alpha = _proven(data)
        # lower and upper leave x by what was proven; powers of two are exact except where they underflow.
        exponents = data.b_exponent - data.exponents
        x = np.ldexp(y, exponents)
        lower = np.ldexp(np.nextafter(y - radius, -np.inf), exponents)
        upper = np.ldexp(np.nextafter(y + radius, np.inf), exponents)
        if exponents.any():
            lower, upper = np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)
    if not right.any():
        x = lower = upper = np.zeros(len(x))
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        bad = int(np.argmin(np.isfinite(lower) & np.isfinite(upper)))
        raise OutOfRangeError(f"coefficient {bad} is beyond the range of float64: scale column {bad} or b")
    return Enclosure(read_only(x), read_only(lower), read_only(upper), alpha)


def _float64(values: Array, name: str) -> Array:
    """values in float64 when that is exact. Raises OutOfRangeError otherwise (longdouble only)."""
    with np.errstate(over="ignore"):
        converted = values.astype(np.float64, copy=False)
    if converted is not values and not (converted == values).all():
        raise OutOfRangeError(f"{name} holds {values.dtype} numbers that float64 would round: use lstsq, or round them")
    return converted


def _proven(data: ScaledProblem) -> tuple[Array, Array, float]:
    """x (n,), its radius (n,) and alpha, by the cheapest factor that does. Raises NotCertifiedError."""
    X = inverse(lapack.dpotrf(data.G))
    if X is not None:
        x = X @ (X.T @ data.c)
        alpha, likely = alpha_from_gram(data, X)
        if alpha <= GRAM_IS_ENOUGH:
            return _refined(data, X, x, alpha)
        # The bound is far above what rounding does. This is a guess about work; the proof comes after it.
        if likely < 2.0**-6 and (alpha := alpha_from_product(data, X)) < 2.0**-3:
            return _refined(data, X, x, alpha)
    n = len(data.c)
    R = triangle(np.column_stack([data.A, data.b]))
    X = inverse((R[:n, :n], 0))
    if X is None:
        raise NotCertifiedError("A is rank deficient as far as float64 can see: use lstsq, which is exact and decides")
    alpha = alpha_from_product(data, X)
    if not alpha < 0.5:
        cond = np.linalg.cond(data.norms[:, None] * X) if np.isfinite(X).all() else np.inf
        raise NotCertifiedError(
            f"alpha must be below 0.5 to prove anything and is {alpha:.1e}: with its columns scaled, A has a "
            f"condition number of about {cond:.0e}, too much for float64: use lstsq, which is exact"
        )
    return _refined(data, X, X @ R[:n, n], alpha)


def _refined(data: ScaledProblem, X: Array, x: Array, alpha: float) -> tuple[Array, Array, float]:
    """The enclosure at x, after Newton steps where x is not yet good enough for one more to finish it.

    With h, |h - A'r| <= error, from `gradient` and g = fl(X'h): delta = | |X|'error + gamma_n |X|'|h| |.
    """
    n = len(x)
    largest = np.maximum(data.A.max(axis=0), -data.A.min(axis=0))
    if alpha > ALPHA_IS_SMALL:
        x = _settled(data, X, x)
    before = np.inf
    while True:
        at_x = gradient(data.A, data.b, x, data.norms, largest)
        g = X.T @ at_x.h
        size = norm_bound(g)
        delta = norm_bound(np.abs(X).T @ (at_x.error + gamma(n + 1) * np.abs(at_x.h))) * data.up
        # Another step only where the second-order term rules, and while steps still gain.
        if alpha * size <= delta + at_x.eps or not size < before / 8:
            return _interval(data, X, x, g, alpha, delta, at_x.eps * data.up)
        x, before = x + X @ g, size


def _settled(data: ScaledProblem, X: Array, x: Array) -> Array:
    """x after steps x + X X'A'(b - A x) in plain float64, while they gain. No bound depends on it."""
    before = np.inf
    while True:
        step = X @ (X.T @ transposed_times(data.A, data.b - data.A @ x))
        size = float(np.linalg.norm(step * data.norms))
        if not size < before / 2:
            return x
        x, before = x + step, size
        if size <= 16 * U * float(data.norms @ np.abs(x)):
            return x


def _interval(
    data: ScaledProblem, X: Array, x: Array, g: Array, alpha: float, delta: float, eps: float
) -> tuple[Array, Array, float]:
    """x + X g and its radius, by the inequality of the module's docstring."""
    first = (alpha / (1 - alpha) + gamma(len(x) + 1)) * norm_bound(g)
    length = first + delta / (1 - alpha) + eps / np.sqrt(1 - alpha)
    x = x + X @ g
    return x, (row_norms(X) * length + U * np.abs(x)) * data.up, alpha
