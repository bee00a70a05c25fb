"""Systems of full rank in which one direction hardly counts: A, b and x without a rounding, for any share of it.

Over columns h1, h2, h3 of ones and minus ones, orthogonal and of mean 0, let p = 4 h1 + h2 and q = h1 - 2 h2. Then

    nearly dependent:  A = [p, q, p + q + s h3],  b = h1 + 4 h2 + 2 s h3,     x = (-4/3, -11/3, 2)
    a short column:    A = [p, q, s h3],          b = h1 + 4 h2 + 1024 s h3,  x = (2/3, -5/3, 1024)

for every share s that is a power of two. The residual is 0, so that the error of a stable solver grows no faster than
u / s; and without the direction that s stands for the last coefficient is below 1. Routes that make the matrix of a
line themselves are asked for a line through r = (-7, -5, ..., 7): [1, 1.25 + s r] with b = 1 + 2 s r, x = (-1.5, 2),
and [1, s r] with b = 1 + 1024 s r, x = (1, 1024).

With h1, h2, h1 + s h3 it would be exact too that A'A is singular from some s on, and normal equations would refuse what
they answer on other data with noise. With 4, 1, 1, -2 elimination in A'A rounds, in most orders of the columns. At 1.25
two sorts of least norm can be told apart.
"""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

ROWS, MANY_ROWS = 8, 64
LONG = 1024.0
NEAR_SPARE, SHORT_SPARE = 3, -3  # bits that p + q + s h3 and b need above those of s
SLOPE = 3 + 1 / 12
SHIFT_SPARE = 5  # bits of 0, 1, ..., 7, and two more to see a slope by
VARIANTS = range(3)
RIGHT_SIDES = ((1, 4), (2, 1), (3, 1))  # of h1 and h2: the reduced solutions are then well apart
ORDERS = ((0, 1, 2), (2, 1, 0), (1, 2, 0))
PLACES = (1.25, 1 + 322122547 / 2**30, 1 + 751619277 / 2**30)  # of a line; the squares of the last two have 61 bits
EQUAL_X = (3.0, 0.1, 0.7)  # the mean of eight times 3 is 3, and of eight times 0.1 it is 0.1 or not, as one sums


@dataclass(frozen=True, eq=False)
class System:
    """A (m, n), b (m,) and x = base + weight direction with A x = b, x the only solution.

    As the share goes to 0 every base + t direction becomes a solution; a weight of 0 says that it is so.
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

    def ordered(self, columns: tuple[int, ...]) -> "System":
        """The same with its columns in another order; a line stays as it is."""
        if self.A.shape[1] < len(columns):
            return self
        order = list(columns)
        return System(self.A[:, order], self.b, self.base[order], self.direction[order], self.weight)

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
    """Whether a route takes x and makes the matrix itself."""
    return call_form in ("line", "polynomial")


def nearly_dependent(call_form: str, share: float, variant: int = 0, m: int = ROWS) -> System:
    """The last column differs from the sum of the others by `share`.

    Variants have another b and another order of columns, or lie elsewhere and have more rows: what rounding does to one
    it does not do to all.
    """
    others = PLACES[variant] if on_a_line(call_form) else 1.0
    return _system(call_form, others, share, 2.0, variant, m).ordered(ORDERS[variant])


def short_column(call_form: str, share: float, variant: int = 0) -> System:
    """The last column is orthogonal to the others, and short; variants have another b."""
    return _system(call_form, 0.0, share, LONG, variant, ROWS)


def dependent(call_form: str, variant: int = 0) -> System:
    """The last column is the sum of the others; of a line, all x are equal."""
    others = EQUAL_X[variant] if on_a_line(call_form) else 1.0
    return _system(call_form, others, 0.0, 0.0, variant, ROWS).ordered(ORDERS[variant])


def shifted(k: int) -> System:
    """A line with SLOPE over x = 2**k + 0, 1, ..., 7, with a residual."""
    i = np.arange(8.0)
    A = np.column_stack([np.ones(8), 2.0**k + i])
    return System(A, 3 * i + (i == 7), np.array([0, SLOPE]), np.array([0.0, 1]), 0)


def _system(call_form: str, others: float, share: float, weight: float, variant: int, m: int) -> System:
    """[p, q, others (p + q) + share h3] and i h1 + j h2 + weight share h3; or [1, others + share r] and its like."""
    if on_a_line(call_form):
        r = ramp(m * (1 + 2 * variant))
        A, b = np.column_stack([np.ones_like(r), others + share * r]), 1 + weight * share * r
        return System(A, b, np.array([1.0, 0]), np.array([-others, 1]), weight)
    (i, j), (h1, h2, h3) = RIGHT_SIDES[variant], hadamard(m)
    p, q = 4 * h1 + h2, h1 - 2 * h2
    A, b = np.column_stack([p, q, others * (p + q) + share * h3]), i * h1 + j * h2 + weight * share * h3
    return System(A, b, np.array([2 * i + j, i - 4 * j, 0]) / 9, np.array([-others, -others, 1]), weight)
