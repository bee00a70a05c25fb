"""a (A'A)^-1 a' for rows a of float64 numbers as pairs of them, with proven radii, from an inverse factor of A'A.

With E = I - X'A'A X, alpha >= |E|_F and y = a X it is y (I - E)^-1 y', which is |y|² + y E y' up to
|y|² alpha²/(1 - alpha). So it is a sum of squares, to which nothing is lost; what cancels does so in y, of which limbs,
multiplied exactly by BLAS, give as many bits as it takes.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.two_product import two_product
from stabilitylab.exact.float64.gradient import two_sum
from stabilitylab.exact.float64.pairs import TINY
from stabilitylab.exact.float64.rounding_bounds import U, gamma
from stabilitylab.exact.gram.limbs import BASE, WIDTH, carried, integers, limbs_of_integers
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.inverse_factor import InverseFactor, in_float64, products

BITS = 76  # of y wanted: those of a double, and enough that one row in 2**15 or so is left to integers
MOST_PLACES = 9  # limbs of a number of y; more are left to integers
MOST_LIMBS = 12  # for which a pair holds a number that they add up to
PAIR = 2.0**-97  # relative error of that pair
NOTHING = -(1 << 20)  # stands for the exponent of a row of zeros


def entries(factor: InverseFactor) -> list[list[int]]:
    """X as Python integers: column k of X counts 2**(22 (places_k - L + 1)), L planes."""
    L, n, _ = factor.planes.shape
    values = integers(factor.planes.reshape(L, -1).astype(np.int64))
    return [values[i : i + n] for i in range(0, n * n, n)]


@dataclass(frozen=True, eq=False)
class PlanesOfFactor:
    """X for rows of floats: a row a (N,) has y_k = 2**powers_k sum over j of a_j 2**g_j Z_jk, g the row powers.

    Z (N, n) is within 2**21, in planes (count, N, n) up to one unit of the last. g makes the columns of A about as long
    as each other. error (n, n): E in float64, entries up to 4u; alpha >= |E|_F.
    """

    planes: Array
    row_powers: Array
    powers: Array
    error: Array
    alpha: float

    @classmethod
    def of(
        cls, factor: InverseFactor, ratios: list[Fraction], own: list[int], normal: NormalEquations
    ) -> "PlanesOfFactor | None":
        """ratios (N,): what one in each column of floats is in the units of A'A; own: its unknown. None if too long."""
        X, L = entries(factor), len(factor.planes)
        shifts = [WIDTH * (place - L + 1) for place in factor.places.tolist()]
        heights = [(entry.bit_length() + 1) // 2 for entry in normal.diagonal]
        sizes = [ratio.numerator.bit_length() - ratio.denominator.bit_length() for ratio in ratios]
        row_powers = [size - heights[j] for size, j in zip(sizes, own, strict=True)]
        # |X_jk ratio_j 2**-g_j| < 2**tops_k.
        above = [size + 1 - g for size, g in zip(sizes, row_powers, strict=True)]
        tops = [
            max(X[j][k].bit_length() + over + shift for j, over in zip(own, above, strict=True) if X[j][k])
            for k, shift in enumerate(shifts)
        ]
        count = ceil((BITS + max(max(tops), 0) + len(own).bit_length()) / WIDTH)
        if count > MOST_PLACES:
            return None
        last = WIDTH * (count - 1) + WIDTH - 1
        Z = np.empty((len(own), normal.n), dtype=object)
        for i, (j, ratio, g) in enumerate(zip(own, ratios, row_powers, strict=True)):
            p, q = ratio.numerator, ratio.denominator
            for k, (v, shift, top) in enumerate(zip(X[j], shifts, tops, strict=True)):
                left = shift - g - top + last
                Z[i, k] = (v * p << left) // q if left >= 0 else v * p // (q << -left)
        planes = np.stack(limbs_of_integers(Z, count))
        error = in_float64(factor.error, factor.top, factor.places)
        return cls(planes, np.array(row_powers), np.array(tops) - (WIDTH - 1), error, factor.alpha)


def form(block: Array, X: PlanesOfFactor) -> tuple[Array, Array, Array]:
    """y (I - E)^-1 y' for the rows of a block (k, N): high, low, radius (k,).

    1. a_j 2**g_j in limbs, from the largest of the row on: |t_j| <= 2**21, in `count` limbs up to 2**(21 - 22 count).
    2. y_k exactly up to the products of places from `count` on, and what is left of t and Z; with L = 22 count,
           N (2**(42 - L) + 2**(44 - L) + (count - 1) 2**(42 - L) (1 + 2**-20)) <= N (count + 5) 2**(42 - L).
    3. y_k as a pair s + c: the sum of limbs after carries, from the largest on, of which no partial sum is more than
       2.1 |y_k|. Of K limbs the pair is wrong by 2.1 K² u² |y_k|, below PAIR for K <= 12, and |c| <= 2.1 K u |y_k|.
    4. The sum of s² = p + e and 2 s c + c² as H + rest: what is added to the rest is at most (n + 60) u H in all and
       passes through 2 n + 5 roundings.
    5. y E y', at most alpha |y|², in float64, in which a term passes through 2 n + 2 roundings; E is wrong by 4 u, and
       s for y by 26 u.
    """
    count, N, n = X.planes.shape
    # 1.
    exponents = np.where(block != 0, np.frexp(block)[1] + X.row_powers, NOTHING)
    tops = exponents.max(axis=1)
    t = np.ldexp(block, X.row_powers - tops[:, None] + WIDTH - 1)
    planes: list[Array] = []
    while len(planes) < count:
        planes.append(np.rint(t))
        t -= planes[-1]
        if not t.any():
            break
        t *= BASE
    # 2.
    limbs = carried(products(np.array(planes), X.planes, count))
    assert len(limbs) <= MOST_LIMBS, "a pair holds the sum of so many"
    highest = int(X.powers.max())
    powers = X.powers - highest
    lost = N * (count + 5) * 2.0 ** (42 - WIDTH * count) * float(np.sqrt((np.ldexp(1.0, powers) ** 2).sum()))
    # 3.
    unit = WIDTH * (len(limbs) - count)
    s, c = np.zeros((n, len(block))), np.zeros((n, len(block)))
    for k, limb in enumerate(limbs):
        s, rest = two_sum(s, np.ldexp(limb.T, (powers + unit - WIDTH * k)[:, None]))
        c += rest
    # 4.
    H, rest = np.zeros(len(block)), np.zeros(len(block))
    squares, errors = two_product(s, s)
    errors += 2 * s * c + c * c
    for square, error in zip(squares, errors, strict=True):
        H, more = two_sum(H, square)
        rest += error
        rest += more
    # 5.
    rest += ((s.T @ X.error) * s.T).sum(axis=1)
    share = gamma(2 * n + 10) * (n + 60) * U + 3 * PAIR + X.alpha * gamma(2 * n + 64) + X.alpha**2 / (1 - X.alpha)
    radius = 1.01 * (share * H + 2.1 * lost * np.sqrt(H) + lost**2)
    power = 2 * (tops - (WIDTH - 1) + highest)
    return np.ldexp(H, power), np.ldexp(rest, power), np.ldexp(radius, power) + TINY


def weighted(pair: tuple[Array, Array, Array], weights: Array) -> tuple[Array, Array, Array]:
    """The pair times w (k,): w = 2**e (f + g), f and g float64, up to 2**-104 of it."""
    high, low, radius = pair
    if weights.dtype == object:
        e = np.array([w.numerator.bit_length() - w.denominator.bit_length() for w in weights.tolist()])
        scaled = [w / Fraction(2) ** k for w, k in zip(weights.tolist(), e.tolist(), strict=True)]
        f = np.array([float(w) for w in scaled])
        g = np.array([float(w - Fraction(v)) for w, v in zip(scaled, f.tolist(), strict=True)])
    else:
        f, e = np.frexp(weights)
        g = np.zeros_like(f)
    product, error = two_product(high, f)
    small, smaller = low * f, high * g
    sizes = np.abs(error) + np.abs(small) + np.abs(smaller)
    reach = 1.01 * (radius + 5 * U * sizes + np.abs(low * g) + 2.0**-103 * np.abs(high))
    return np.ldexp(product, e), np.ldexp(error + small + smaller, e), np.ldexp(reach, e) + TINY
