"""The normal equations A'A x = A'b of a least-squares problem, as exact integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, inf, log2, prod

import numpy as np
import numpy.typing as npt

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.limbs import WIDTH, Levels, carried, integers, limbs_of_integers

Integers = list[int]
SHORT = 40  # levels, 880 bits


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """[A b]'[A b] exactly: entry (i, j) is the sum over k of levels[k, i, j] 2**(22 (K - 1 - k)) times 2**(e_i + e_j).

    levels (K, n + 1, n + 1): int64 with room for a carry (see `gram.limbs`), most significant first; b is the last
    column; only the upper triangle is used. exponents e (n + 1,). rows: how many rows of weight above 0 were summed.
    scales (n + 1,): what one is in each column of the data, None for ones; weight_unit: what one is in the weights.
    Neither is in the levels. Below, C (n, n) and c (n,) are A'A and A'b in integers, without exponents and scales.
    """

    levels: Levels
    exponents: npt.NDArray[np.int64]
    rows: int
    scales: tuple[Fraction, ...] | None = None
    weight_unit: Fraction = Fraction(1)

    @property
    def n(self) -> int:
        """The number of unknowns."""
        return len(self.exponents) - 1

    def restricted(self, columns: Sequence[int]) -> "NormalEquations":
        """Those of some of the columns of [A b], of which the last one is b then; in ascending order."""
        index = np.array(columns)
        scales = None if self.scales is None else tuple(self.scales[j] for j in columns)
        levels = self.levels[:, index][:, :, index]
        return NormalEquations(levels, self.exponents[index], self.rows, scales, self.weight_unit)

    @cached_property
    def limbs(self) -> Levels:
        """The planes of the sums (K or more, n + 1, n + 1): the levels once carries are moved on."""
        return np.array(carried(list(self.levels)))

    @cached_property
    def units(self) -> tuple[Fraction, ...]:
        """u (n + 1,): A'A_ij = C_ij u_i u_j weight_unit, and so for b: powers of two times scales."""
        powers = [Fraction(1 << e) if e >= 0 else Fraction(1, 1 << -e) for e in self.exponents.tolist()]
        return tuple(powers) if self.scales is None else tuple(p * s for p, s in zip(powers, self.scales, strict=True))

    @cached_property
    def ratios(self) -> tuple[tuple[int, int], ...]:
        """p/q for each column of A (n,): x_j is p/q times entry j of the solution of C y = c in integers."""
        if self.scales is not None:
            return tuple((self.units[-1] / unit).as_integer_ratio() for unit in self.units[:-1])
        *columns, right = self.exponents.tolist()
        return tuple((1 << (right - e), 1) if right >= e else (1, 1 << (e - right)) for e in columns)

    @cached_property
    def C(self) -> list[Integers]:
        """C (n, n), A'A in integers."""
        n = self.n
        i, j = np.triu_indices(n)
        entries = iter(integers(self.levels[:, i, j]))
        upper = [[next(entries) for _ in range(n - i)] for i in range(n)]
        return [[upper[min(i, j)][abs(j - i)] for j in range(n)] for i in range(n)]

    @cached_property
    def diagonal(self) -> Integers:
        """The diagonal of C."""
        j = np.arange(self.n)
        return integers(self.levels[:, j, j])

    @cached_property
    def determinant_bound(self) -> int:
        """The product of the diagonal of C, zeros counted as ones: at least det C (Hadamard's inequality)."""
        return prod(max(entry, 1) for entry in self.diagonal)

    @cached_property
    def c(self) -> Integers:
        """c (n,), A'b in integers."""
        return integers(self.levels[:, : self.n, self.n])

    @cached_property
    def bb(self) -> int:
        """b'b in integers: in units of the last of `units`, squared."""
        return integers(self.levels[:, self.n, self.n :])[0]

    @property
    def is_short(self) -> bool:
        """Whether float64 has the range of all entries of [A b]'[A b] at once."""
        return len(self.levels) <= SHORT

    @cached_property
    def leading(self) -> Array:
        """[A b]'[A b] (n + 1, n + 1) in float64 to about u, rows and columns scaled: the upper triangle.

        By one power of two for all where `is_short`; else by one for each column that makes the diagonal near 1.
        """
        if self.is_short:
            powers = np.ldexp(1.0, -WIDTH * np.arange(len(self.levels)))
            return (powers @ self.levels.reshape(len(powers), -1)).reshape(self.levels.shape[1:])
        heights = np.array([(entry.bit_length() + 1) // 2 for entry in (*self.diagonal, self.bb)])
        value = np.zeros(self.levels.shape[1:])
        for k, level in enumerate(self.levels):
            power = WIDTH * (len(self.levels) - 1 - k)
            value += np.ldexp(level.astype(np.float64), power - heights[:, None] - heights)
        return value

    @cached_property
    def condition(self) -> int | None:
        """About log2 cond(C) after scaling to a diagonal of ones; None where Cholesky factorisation fails in float64.

        That is from about 2**50 on. An estimate, by which a method is chosen; no bound depends on it.
        """
        inverse = self.float64_inverse_factor
        # The columns of R have the norm 1.
        return None if inverse is None else ceil(log2(self.n) + 2 * log2(np.linalg.norm(inverse)))

    @cached_property
    def float64_inverse_factor(self) -> Array | None:
        """R^-1 (n, n) in float64 for R'R near C scaled to a diagonal of ones; None where that is not definite."""
        C, n = self.leading[:-1, :-1], self.n
        # A column of zeros gives NaN, if the factorisation does not fail.
        with blas_threads(n**3, n**2), np.errstate(all="ignore"):
            inverse_sizes = 1 / np.sqrt(C.diagonal())
            R = lapack.upper_factor(C * inverse_sizes[:, None] * inverse_sizes)
            inverse = None if R is None else lapack.upper_inverse(R)
        return inverse if inverse is not None and np.linalg.norm(inverse) < inf else None

    @cached_property
    def planes(self) -> Array:
        """The planes of C in float64 (K, n, n), both triangles, for exact products by BLAS."""
        upper = np.triu(self.limbs[:, : self.n, : self.n].astype(np.float64))
        return upper + np.triu(upper, 1).transpose(0, 2, 1)

    def times(self, y: Sequence[int]) -> Integers:
        """C y in integers."""
        return times(self.planes, y)


def times(planes: Array, v: Sequence[int]) -> Integers:
    """M v in Python integers, for M (n, n) in planes (K, n, n): one exact matrix product with the limbs of v."""
    if len(v) == 0:
        return []
    count = max(1, -(-(max(map(abs, v), default=0).bit_length() + 1) // WIDTH))
    values = np.empty(len(v), dtype=object)
    values[:] = v
    limbs = np.stack(limbs_of_integers(values, count), axis=1)
    K, n, _ = planes.shape
    products = (planes.reshape(-1, n) @ limbs).astype(np.int64).reshape(K, n, count)
    levels = np.zeros((K + count - 1, n), dtype=np.int64)
    for k in range(K):
        levels[k : k + count] += products[k].T
    return integers(levels)
