"""An approximate inverse factor X of the exact A'A, X'A'A X ~ I, bettered in stages until a bound proves it good.

Source: Rump, Japan J. Indust. Appl. Math. 26 (2009) 249-277, for multiplicative preconditioning; Ogita and Oishi,
Nonlinear Theory Appl. 3 (2012), for the Cholesky form; Fukaya et al., SIAM J. Sci. Comput. 42 (2020) A477-A503, for
the shift.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.limbs import BASE, WIDTH, Levels, carried
from stabilitylab.exact.gram.normal_equations import NormalEquations

U = 2.0**-53
GOOD = (
    2.0**-10
)  # alpha at which refinement gains three decimal digits a step, and another stage would not pay for a double
SERIES = 2.0**-36  # alpha that pays for more decimal digits than a double has
SMALL = 2.0**-8  # alpha from which step 4 is taken
STAGES = 40
# Floating-point operations of all stages, a minute or two, and those that nobody waits for. Below some 500 unknowns
# exact rationals take fewer than 30 n**4, where numbers are so long that the stages would take more.
MOST_WORK = 3e12
FREE = 1e10


@dataclass(frozen=True, eq=False)
class InverseFactor:
    """X (n, n) with X_ij = sum over l of planes[l, i, j] 2**(22 (places_j - l)), and a proven alpha >= |I - X'C X|_F.

    planes (L, n, n) of limbs in float64, places (n,) in int64. The error E = I - X'C X exactly, in limbs:
    E_ij = sum over t of error[t, i, j] 2**(22 (top - t + places_i + places_j)).
    """

    planes: Array
    places: npt.NDArray[np.int64]
    error: Levels
    top: int
    alpha: float


def inverse_factor(
    normal: NormalEquations, good: float = GOOD, start: InverseFactor | None = None
) -> InverseFactor | None:
    """X with a proven alpha <= good, or else the one of least alpha < 1/4; None when no stage reaches 1/4,
    or would with too much work.

    1. R from a Cholesky factorisation of C rounded to float64, with a shift when that is not definite; X = R^-1.
    2. B = X'C X exactly; alpha = |I - B|_F.
    3. While alpha is large: R from a shifted Cholesky factorisation of B, X <- X R^-1. Each stage gains about the
       bits of a double; X has one plane more than the stage before, for it must resolve cond(A).
    4. When alpha is below 2**-8: X <- X (I + (I - B)/2), which squares it.
    start: a factor of C from an earlier call, to go on from; it is returned as it is where step 4 does not apply to it.
    """
    n = normal.n
    if start is not None:
        if start.alpha <= good or start.alpha >= SMALL:
            return start
        X, places = _squared(start, in_float64(start.error, start.top, start.places))
    else:
        if not all(normal.diagonal):
            return None
        heights = np.array([(entry.bit_length() + 1) // 2 for entry in normal.diagonal])
        R = _cholesky(_rounded(normal, heights))
        if R is None:
            return None
        X, places = _planes(_inverse(R), -heights, 3)
    best, work = start, 0.0
    for stage in range(STAGES):
        work += 2.0 * n**3 * len(X) * (2 * len(normal.planes) + len(X))
        if work > min(MOST_WORK, max(FREE, 30.0 * n**4)):
            return best
        error, top = _error(normal, X, places)
        E = in_float64(error, top, places)
        alpha = _frobenius(E)
        if best is not None and alpha > best.alpha / 2:
            return best if best.alpha < 0.25 else None
        if alpha < 0.25:
            best = InverseFactor(X, places, error, top, alpha)
        if alpha <= good:
            return best
        if best is not None and alpha < SMALL:
            X, places = _squared(best, E)
            continue
        R = _cholesky(np.eye(n) - E, shifted=alpha > 0.9)
        if R is None:
            return best
        X, places = _product(X, places, _inverse(R), False, 4 + stage)
    return best


def _squared(factor: InverseFactor, E: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """X (I + E/2) for E = I - X'C X in float64, and the places of its columns: its alpha is about alpha**2."""
    count = len(factor.planes) + 1 + int(-np.log2(factor.alpha)) // WIDTH
    return _product(factor.planes, factor.places, E / 2, True, count)


def _rounded(normal: NormalEquations, heights: npt.NDArray[np.int64]) -> Array:
    """2**(-heights_i - heights_j) C_ij in float64: heights are such that the diagonal is in (1/16, 1]."""
    value = np.zeros((normal.n, normal.n))
    for k, plane in enumerate(normal.planes):
        power = WIDTH * (len(normal.planes) - 1 - k)
        value += np.ldexp(plane, power - heights[:, None] - heights[None, :])
    return value


def _cholesky(C: Array, shifted: bool = False) -> Array | None:
    """R of C + s I = R'R, with the first shift s of a few for which the factorisation ends: 0, or from rounding up."""
    n = len(C)
    shift = 8 * (n + 1) * U * float(np.trace(C))
    for s in (0.0, shift, 100 * shift, 1e4 * shift) if not shifted else (shift, 100 * shift, 1e4 * shift):
        R, info = lapack.dpotrf(C + s * np.eye(n), lower=0, clean=1)
        if info == 0:
            return np.asarray(R)
    return None


def _inverse(R: Array) -> Array:
    X, info = lapack.dtrtri(R, lower=0)
    assert info == 0, "a Cholesky factor has no zero on its diagonal"
    return np.asarray(X)


def _planes(X: Array, powers: npt.NDArray[np.int64], count: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """`count` planes of diag(2**powers) X, each column from its largest entry on, and the columns' places."""
    exponents = np.where(X != 0, np.frexp(X)[1] + powers[:, None], -(1 << 20)).max(axis=0)
    places = -(-(exponents - 21) // WIDTH)
    return _limbs(np.ldexp(X, powers[:, None] - WIDTH * places), count), places


def _limbs(value: Array, count: int) -> Array:
    planes = np.empty((count, *value.shape))
    for plane in planes:
        np.rint(value, out=plane)
        value = (value - plane) * BASE
    return planes


def _error(normal: NormalEquations, X: Array, places: npt.NDArray[np.int64]) -> tuple[Levels, int]:
    """E = I - X'C X exactly, as `error` and `top` of `InverseFactor`."""
    n, K = normal.n, len(normal.planes)
    H = carried(products(normal.planes, X))
    ahead = len(H) - (K + len(X) - 1)
    B = products(X.transpose(0, 2, 1), np.array(H, dtype=np.float64))
    # Entry (i, j) of level t counts 2**(22 (one - t)) times 2**(22 (places_i + places_j)).
    one = K - 1 + ahead
    diagonal = one + 2 * places
    before = max(0, -int(diagonal.min()))
    after = max(0, int(diagonal.max()) + 1 - len(B))
    zeros = np.zeros((n, n), dtype=np.int64)
    levels = [*[zeros.copy() for _ in range(before)], *B, *[zeros.copy() for _ in range(after)]]
    for i, t in enumerate(diagonal):
        levels[before + int(t)][i, i] -= 1
    limbs = np.array(carried(levels))
    return -limbs, one + before + len(limbs) - len(levels)


def in_float64(limbs: Levels, top: int, places: npt.NDArray[np.int64]) -> Array:
    """E in float64, each entry rounded: relative error below 4u."""
    # Four limbs from the first that is not 0 on: the rest is below 2**-65 of them.
    first = (limbs != 0).argmax(axis=0)
    value = np.zeros(first.shape)
    for k in range(4):
        index = np.minimum(first + k, len(limbs) - 1)
        limb = np.take_along_axis(limbs, index[None], axis=0)[0]
        value += np.where(first + k < len(limbs), limb * 2.0 ** (-WIDTH * k), 0.0)
    return np.asarray(np.ldexp(value, WIDTH * (top - first + places[:, None] + places[None, :])))


def products(P: Array, Q: Array, count: int | None = None) -> list[Levels]:
    """The sums over p + q = s of P[p] @ Q[q], exactly, for s < count: planes of limbs, 2048 columns at most.

    Source: Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59 (2012) 95-118.
    """
    total = len(P) + len(Q) - 1 if count is None else min(count, len(P) + len(Q) - 1)
    stacked = np.ascontiguousarray(Q.transpose(1, 0, 2)).reshape(Q.shape[1], -1)
    columns = Q.shape[2]
    levels = [np.zeros((P.shape[1], columns), dtype=np.int64) for _ in range(total)]
    for p in range(min(len(P), total)):
        taken = min(len(Q), total - p)
        block = (P[p] @ stacked[:, : taken * columns]).astype(np.int64)
        for q in range(taken):
            levels[p + q] += block[:, q * columns : (q + 1) * columns]
    return levels


def _product(
    X: Array, places: npt.NDArray[np.int64], Y: Array, identity: bool, count: int
) -> tuple[Array, npt.NDArray[np.int64]]:
    """X Y, or X (I + Y) where identity is set, cut to `count` planes in each column, and the places of its columns."""
    n = len(Y)
    # Columns of X stand at different places: rows of Y take the difference.
    spread = int(places.max() - places.min())
    largest = float(np.abs(Y).max())
    small = max(0, -int(np.frexp(largest)[1]) // WIDTH) if identity and largest else 0
    powers = WIDTH * places
    exponents = np.where(Y != 0, np.frexp(Y)[1] + powers[:, None], -(1 << 20)).max(axis=0)
    at = -(-(exponents - 21) // WIDTH)
    if identity:
        at = np.maximum(at, places)
    planes = _limbs(np.ldexp(Y, powers[:, None] - WIDTH * at), 4 + spread + small)
    if identity:
        j = np.arange(n)
        planes[at - places, j, j] += 1
    limbs = np.array(carried(products(X, planes)), dtype=np.float64)
    ahead = len(limbs) - (len(X) + len(planes) - 1)
    first = (limbs != 0).any(axis=1).argmax(axis=0)
    take = np.minimum(first + np.arange(count)[:, None], len(limbs) - 1)
    inside = (first + np.arange(count)[:, None]) < len(limbs)
    cut = np.stack([np.where(inside[k], limbs[take[k], :, np.arange(n)].T, 0.0) for k in range(count)])
    return cut, at + ahead - first


def _frobenius(E: Array) -> float:
    """An upper bound on |E|_F for entries with relative errors below 4u."""
    return float(np.sqrt((E * E).sum())) * (1 + (E.size + 16) * U) + 1e-150
