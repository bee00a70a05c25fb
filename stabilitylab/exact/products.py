"""Products of three digit planes of [A b] with each other, summed in float64 over as many rows as that is exact for.

Every entry of a plane's Gram matrix is at most the product of two column norms (Cauchy and Schwarz), and so is every
sum on the way to it. Where the norms of columns of integers are at most 2**26.5, float64 adds in any order, on any
number of threads, without rounding.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from stabilitylab.arithmetic.formats import Array
from stabilitylab.exact.digits import TERMS, WIDTH, Levels
from stabilitylab.exact.selftest import add_gram

PLANES = 3  # digits of the common case: 66 bits, a double and 13 bits of spread below the typical size of its column
WIDE = 90  # columns from which six small rank-k updates cost less than a large one


class Stacked:
    """All products of d planes by one rank-k update, which is faster than many small ones.

    Digits of at most 2**21, or columns of digits with norms of at most 2**26.5, over ROWS rows.
    """

    ROWS = TERMS

    def __init__(self, size: int) -> None:
        self.size, self.depth, self.runs = size, 0, 0
        self._open = False

    def add(self, planes: Array) -> None:
        """Add the products of planes (d, n + 1, k), plane p in units of 2**(-22 p); d is `depth` unless that is 0."""
        d, size, k = planes.shape
        if not self.depth:
            self.depth = d
            self._floats = np.zeros((d * size, d * size))
            self._whole = np.zeros((d, size, d, size), dtype=np.int64)
            self._units = _units(d)
        self._open = True
        add_gram(planes.reshape(d * size, k), self._floats)

    def settle(self) -> None:
        """End a run of at most ROWS rows: its sums become integers."""
        if self._open:
            blocks = self._floats.reshape(self._whole.shape)
            blocks *= self._units
            self._whole += blocks.astype(np.int64)
            blocks.fill(0.0)
            self.runs, self._open = self.runs + 1, False

    def taken(self) -> Levels:
        """Upper triangles of all settled sums (2 d - 1, n + 1, n + 1), level s in units of 2**(-22 s); then none."""
        d, size = self.depth, self.size
        levels = np.zeros((2 * d - 1, size, size), dtype=np.int64)
        for p in range(d):
            levels[2 * p] += self._whole[p, :, p]
            both = self._whole[p, :, p + 1 :]
            levels[2 * p + 1 : p + d] += both.transpose(1, 0, 2) + both.transpose(1, 2, 0)
        self.depth = self.runs = 0
        return levels


@lru_cache
def _units(d: int) -> Array:
    """What the products of planes p and q are multiplied by to be integers, at [p, :, q]."""
    units: Array = np.ldexp(1.0, WIDTH * np.add.outer(np.arange(d), np.arange(d)))[:, None, :, None]
    return units


class Karatsuba:
    """D_p D_q' + D_q D_p' = (D_p + D_q)(D_p + D_q)' - D_p D_p' - D_q D_q': rank-k updates only, a third less work.

    Columns of digits with norms of at most 2**25.5 over ROWS rows, so that sums of two have at most 2**26.5.
    Source: Karatsuba and Ofman, Doklady Akad. Nauk SSSR 145 (1962) 293-294.
    """

    ROWS = TERMS // 4

    def __init__(self, size: int) -> None:
        self.size, self.depth, self.runs = size, 0, 0
        self._open = False
        self._both = np.empty((0, 0))

    def add(self, planes: Array) -> None:
        """As `Stacked.add`."""
        if not self.depth:
            self.depth = len(planes)
            self._pairs = [(p, q) for p in range(self.depth) for q in range(p, self.depth)]
            self._floats = np.zeros((len(self._pairs), self.size, self.size))
            self._whole = np.zeros(self._floats.shape, dtype=np.int64)
            self._units = np.array([2.0 ** (2 * WIDTH * p) for p, _ in self._pairs])[:, None, None]
        self._open = True
        if self._both.shape != planes.shape[1:]:
            self._both = np.empty(planes.shape[1:])
        for C, (p, q) in zip(self._floats, self._pairs, strict=True):
            plane = planes[p]
            if p < q:
                np.multiply(planes[q], 2.0 ** (WIDTH * (q - p)), out=self._both)
                plane = np.add(self._both, plane, out=self._both)
            add_gram(plane, C)

    def settle(self) -> None:
        """As `Stacked.settle`."""
        if self._open:
            self._floats *= self._units
            self._whole += self._floats.astype(np.int64)
            self._floats.fill(0.0)
            self.runs, self._open = self.runs + 1, False

    def taken(self) -> Levels:
        """As `Stacked.taken`."""
        sums = dict(zip(self._pairs, self._whole, strict=True))
        levels = np.zeros((2 * self.depth - 1, self.size, self.size), dtype=np.int64)
        for (p, q), C in sums.items():
            levels[p + q] += C if p == q else C - sums[p, p] - sums[q, q]
        self.depth = self.runs = 0
        return levels


def products_of_planes(size: int) -> Stacked | Karatsuba:
    """Sums of products, 0 so far, for planes of so many columns of [A b]."""
    return Karatsuba(size) if size >= WIDE else Stacked(size)


def products_with_rest(high: Array, rest: Array) -> Levels:
    """What [high + rest] has in its products beyond those of high with itself: rest and high, high and rest, rest.

    high (p, n + 1, k) and rest (r, n + 1, k) are planes of digits, most significant first, of k <= 2048 rows; level s
    is in units of 2**(-22 s) for the first of each pair, counted from the first plane of high.
    """
    size, count = high.shape[1], len(high)
    digits = np.concatenate([high, rest])
    levels = np.zeros((2 * len(digits) - 1, size, size), dtype=np.int64)
    for p in range(count, len(digits)):
        # Few rows have many digits.
        here = np.flatnonzero(digits[p].any(axis=0))
        if here.size:
            rows = digits[:, :, here]
            found = (rows[p] @ rows.reshape(-1, here.size).T).reshape(size, -1, size).astype(np.int64)
            levels[p : p + len(digits)] += found.transpose(1, 0, 2)
            levels[p : p + count] += found[:, :count].transpose(1, 2, 0)
    return levels


def all_products(left: Sequence[Array], right: Sequence[Array]) -> Levels:
    """The sums over p + q = s of left[p] right[q]', exactly, for planes of digits (n + 1, k), k <= 2048."""
    size = len(left[0])
    stacked = np.concatenate(right)
    levels = np.zeros((len(left) + len(right) - 1, size, size), dtype=np.int64)
    for p, plane in enumerate(left):
        found = (plane @ stacked.T).reshape(size, -1, size).astype(np.int64)
        levels[p : p + len(right)] += found.transpose(1, 0, 2)
    return levels
