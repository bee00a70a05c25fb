"""Full-rank systems A x = b with one small singular value, whose A, b and x are free of rounding for any size of it.

Over columns h1, h2, h3 of ones and minus ones, orthogonal and of mean 0, let p = 4 h1 + h2 and q = h1 - 2 h2. Then

    nearly dependent:  A = [p, q, p + q + s h3],  b = h1 + 4 h2 + 2 s h3,     x = (-4/3, -11/3, 2)
    a short column:    A = [p, q, s h3],          b = h1 + 4 h2 + 1024 s h3,  x = (2/3, -5/3, 1024)

for every power of two s, the *share* of h3 in the last column; the smallest singular value is nearly proportional to
it. The residual is 0, so that the error of a stable solver grows no faster than u / s. A solver that drops h3 returns a
last coefficient below 1. Routes that form the matrix of a straight line themselves get a line over r = (-7, -5, ...,
7): [1, 1.25 + s r] with b = 1 + 2 s r, x = (-1.5, 2), and [1, s r] with b = 1 + 1024 s r, x = (1, 1024).

Why 4, 1, 1, -2: with columns h1, h2, h1 + s h3 the computed A'A would be exactly singular from some s on, and normal
equations would refuse these systems although they answer data with noise. With 4, 1, 1, -2 elimination in A'A commits
rounding errors, in most orders of the columns. Why 1.25: there the minimum-norm solutions in given and in scaled
columns differ.
"""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

ROWS, MANY_ROWS = 8, 64
LONG = 1024.0
NEAR_SPARE, SHORT_SPARE = 3, -3  # bits of a significand that p + q + s h3, or b, needs beside those of s
SLOPE = 3 + 1 / 12  # of the line of `shifted`
SHIFT_SPARE = 5  # bits of a significand for the integers 0, 1, ..., 7, and two more for a slope to be seen
VARIANTS = range(3)
RIGHT_SIDES = ((1, 4), (2, 1), (3, 1))  # coefficients of h1 and h2 in b: the solutions named in Outcome lie far apart
ORDERS = ((0, 1, 2), (2, 1, 0), (1, 2, 0))
PLACES = (
    1.25,
    1 + 322122547 / 2**30,
    1 + 751619277 / 2**30,
)  # centre of x of a line; the last two squares have 61 bits
EQUAL_X = (
    3.0,
    0.1,
    0.7,
)  # the mean of eight 3s is exactly 3; that of eight 0.1s is 0.1 or not, by the order of the sum


@dataclass(frozen=True, eq=False)
class ProbeSystem:
    """A (m, n), b (m,) and the only solution x = base + weight direction of A x = b.

    base, direction (n,): as the share goes to 0, base + t direction becomes a solution for every t. weight: 0 where the
    share is 0, so that A is deficient and all of these are solutions, and in `shifted`.
    """

    A: Array
    b: Array
    base: Array
    direction: Array
    weight: float

    @property
    def x(self) -> Array:
        """The solution (n,)."""
        return self.base + self.weight * self.direction

    def ordered(self, columns: tuple[int, ...]) -> "ProbeSystem":
        """The same system with its columns permuted; a system of fewer columns, a line, is returned as it is."""
        if self.A.shape[1] < len(columns):
            return self
        order = list(columns)
        return ProbeSystem(self.A[:, order], self.b, self.base[order], self.direction[order], self.weight)

    @property
    def ratio(self) -> float:
        """The smallest singular value of A over the largest."""
        s = np.linalg.svd(self.A, compute_uv=False)
        return float(s[-1] / s[0])


def hadamard(m: int) -> Array:
    """Three orthogonal rows (3, m) of ones and minus ones with mean 0; m is a power of two, at least 8."""
    return np.asarray(1.0 - 2.0 * (np.arange(m) >> np.arange(3)[:, None] & 1))


def ramp(m: int) -> Array:
    """-7, -5, ..., 7, over and over (m,)."""
    return np.resize(2.0 * np.arange(8) - 7, m)


def on_a_line(call_form: str) -> bool:
    """Whether routes of this call form take x (m,) and form the matrix of a line or polynomial themselves."""
    return call_form in ("line", "polynomial")


def nearly_dependent(call_form: str, share: float, variant: int = 0, m: int = ROWS) -> ProbeSystem:
    """[p, q, p + q + share h3]: the last column is the sum of the others but for `share`.

    Variants have another b and another order of the columns, or, for a line, another centre of x and more rows: an
    answer that all of them share is a decision of the route, since rounding errors differ between them.
    """
    others = PLACES[variant] if on_a_line(call_form) else 1.0
    return _system(call_form, others, share, 2.0, variant, m).ordered(ORDERS[variant])


def short_column(call_form: str, share: float, variant: int = 0) -> ProbeSystem:
    """[p, q, share h3]: the last column is orthogonal to the others and short; variants have another b."""
    return _system(call_form, 0.0, share, LONG, variant, ROWS)


def dependent(call_form: str, variant: int = 0) -> ProbeSystem:
    """[p, q, p + q]: the last column is the sum of the others; for a line, all x are equal. Variants as above."""
    others = EQUAL_X[variant] if on_a_line(call_form) else 1.0
    return _system(call_form, others, 0.0, 0.0, variant, ROWS).ordered(ORDERS[variant])


def shifted(k: int) -> ProbeSystem:
    """The line over x = 2**k + 0, 1, ..., 7 whose least-squares slope is SLOPE; its residual is not 0."""
    i = np.arange(8.0)
    A = np.column_stack([np.ones(8), 2.0**k + i])
    return ProbeSystem(A, 3 * i + (i == 7), np.array([0, SLOPE]), np.array([0.0, 1]), 0)


def _system(call_form: str, others: float, share: float, weight: float, variant: int, m: int) -> ProbeSystem:
    """[p, q, others (p + q) + share h3] and i h1 + j h2 + weight share h3; or [1, others + share r] and its like."""
    if on_a_line(call_form):
        r = ramp(m * (1 + 2 * variant))
        A, b = np.column_stack([np.ones_like(r), others + share * r]), 1 + weight * share * r
        return ProbeSystem(A, b, np.array([1.0, 0]), np.array([-others, 1]), weight)
    (i, j), (h1, h2, h3) = RIGHT_SIDES[variant], hadamard(m)
    p, q = 4 * h1 + h2, h1 - 2 * h2
    A, b = np.column_stack([p, q, others * (p + q) + share * h3]), i * h1 + j * h2 + weight * share * h3
    return ProbeSystem(A, b, np.array([2 * i + j, i - 4 * j, 0]) / 9, np.array([-others, -others, 1]), weight)
