"""Random matrices with a prescribed condition number and a residual that is orthogonal to what is really stored."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import fmpq_mat, fmpz_mat

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, as_integers
from stabilitylab.core.errors import InputError
from stabilitylab.data.problem import Problem
from stabilitylab.problems import problem
from stabilitylab.problems.labelling import labelled

PROFILES: dict[str, Callable[[int, float], Array]] = {
    "geometric": lambda n, cond: cond ** (-np.arange(n) / (n - 1)),
    "arithmetic": lambda n, cond: 1 - np.arange(n) / (n - 1) * (1 - 1 / cond),
    "one-small": lambda n, cond: np.where(np.arange(n) < n - 1, 1.0, 1 / cond),
    "one-large": lambda n, cond: np.where(np.arange(n) < 1, 1.0, 1 / cond),
}


def singular_values(n: int, cond: float, profile: str) -> Array:
    """n values falling from 1 to 1/cond, spaced as the profile says (Higham 2002, section 28.3).

    "geometric": a constant ratio. "arithmetic": a constant step. "one-small", "one-large": one value apart.
    Raises InputError where that cannot be.
    """
    require_choice("profile", profile, PROFILES)
    if n < 2:
        raise InputError(f"a condition number is prescribed for at least 2 columns; got n = {n}")
    # fl(A) moves every singular value by about u: at 1e17 the smallest is what the rounding left.
    if not 1 <= cond <= 1e16:
        raise InputError(f"float64 stores condition numbers from 1 to 1e16; got cond = {cond:g}")
    return PROFILES[profile](n, cond)


def haar(rng: np.random.Generator, m: int, n: int) -> Array:
    """Q (m, n) with orthonormal columns, uniformly distributed: Q of a normal matrix, with R's diagonal made positive.

    Source: Stewart, SIAM J. Numer. Anal. 17 (1980) 403-409; without the signs the law would be LAPACK's.
    """
    Q, R = np.linalg.qr(rng.standard_normal((m, n)))
    return np.asarray(Q * np.where(np.diag(R) < 0, -1.0, 1.0))


@problem("synthetic.randsvd", source="Higham (2002), section 28.3")
def randsvd(
    m: int = 100,
    n: int = 10,
    cond: float = 1e8,
    profile: str = "geometric",
    residual: float = 0.0,
    column_spread: float = 0.0,
    seed: int = 0,
) -> Problem:
    """A (m, n) = U diag(s) V' with Haar U, V and s from 1 to 1/cond; b = A x + r, |x| = 1, |r| = residual |A x|.

    r is orthogonal to the range of the stored A: projected in rational arithmetic, where no error is made, and rounded
    once, with A x, into b, which moves the solution by about u cond. A projection in float64 finds that range only to
    an angle of u cond and moves the solution by u cond**2 |r|: for cond > 1e8, far from x.
    The rounding of A leaves cond within a factor 2 of what is asked: at 1e16 up to n = 30, at 3e15 beyond.
    column_spread = t multiplies each column by a power of two, log-uniform in [10**-t, 10**t], and divides x by it:
    exact, so b stays, while the condition number becomes what the units make of it and is not advertised.

    One seed gives the same U, V, x and direction of r at every cond, profile, residual and spread; their last bits are
    those of the LAPACK in use. Raises InputError for what cannot be: n < 2, m < n, cond beyond 1e16, or a residual
    where m == n leaves no room for one.
    """
    s = singular_values(n, cond, profile)
    if m < n + (residual != 0):
        raise InputError(f"m must be at least {n + (residual != 0)} for n = {n} and residual = {residual:g}; got {m}")
    if not (0 <= residual < math.inf and 0 <= column_spread < math.inf):
        raise InputError(f"residual and column_spread are finite and not negative; got {residual:g}, {column_spread:g}")
    rng = np.random.default_rng(seed)
    U, V = haar(rng, m, n), haar(rng, n, n)
    x = rng.standard_normal(n)
    x /= np.linalg.norm(x)
    direction, exponents = rng.standard_normal(m), rng.uniform(-1, 1, n)
    A = (U * s) @ V.T
    units = 2.0 ** np.round(column_spread * math.log2(10) * exponents)
    norms = units * np.linalg.norm(A, axis=0)
    tags = {"full-rank"}
    if m == n:
        tags.add("square")
    if norms.max() > 1e4 * norms.min():
        tags.add("badly-scaled")
    label = labelled(
        "synthetic.randsvd",
        m=m,
        n=n,
        cond=cond,
        profile=profile,
        residual=residual,
        column_spread=column_spread,
        seed=seed,
    )
    return Problem.from_matrix(
        label.name,
        A * units,
        right_hand_side(A, x, direction, residual),
        source=label.source,
        tags=frozenset(tags),
        cond=None if column_spread else float(cond),
        planted=tuple((x / units).tolist()),
    )


def right_hand_side(A: Array, x: Array, direction: Array, residual: float) -> Array:
    """b (m,) = A x + r rounded once, r the part of direction orthogonal to range(A) at length residual |A x|.

    Exact rational arithmetic throughout, but for the length of r, which is right to a few u. A (m, n) has rank n.
    """
    integers, scale = as_integers(A)
    M = fmpz_mat(A.shape[0], A.shape[1], [int(a) for a in integers.ravel()])
    coefficients, x_scale = as_integers(x)
    fitted = [int(v) * scale * x_scale for v in (M * _column(coefficients)).entries()]
    if residual == 0:
        return np.array([FLOAT64.nearest(value) for value in fitted])
    # 1. r = d g - M y with y / d = (M'M)^-1 M'g: a multiple of the projection, in integers.
    g = _column(as_integers(direction)[0])
    Mt = M.transpose()
    y, d = fmpq_mat(Mt * M).solve(fmpq_mat(Mt * g)).numer_denom()
    r = [int(v) for v in (g * d - M * y).entries()]
    # 2. Its length, from the integer square root: r has more bits than a float has exponents.
    length = math.isqrt(sum(v * v for v in r))
    target = FLOAT64.exact(residual * np.linalg.norm(A @ x))
    # 3. b, rounded once; the sign of d would only turn r around.
    return np.array([FLOAT64.nearest(f + target * Fraction(v, length)) for f, v in zip(fitted, r, strict=True)])


def _column(integers: Array) -> fmpz_mat:
    return fmpz_mat(len(integers), 1, [int(v) for v in integers])
