"""The normal equations A'A x = A'b of a least-squares problem, as exact integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array
from stabilitylab.exact.digits import Levels, joined

Integers = list[int]


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """[A b]'[A b] exactly: entry (i, j) is the sum over k of digits[k, i, j] 2**(22 (K - 1 - k)) times 2**(e_i + e_j).

    digits (K, n + 1, n + 1): signed, at most 2**21 in magnitude, most significant first; b is the last column.
    exponents e (n + 1,). rows: how many rows of [A b] went in.
    """

    digits: Levels
    exponents: npt.NDArray[np.int64]
    rows: int

    @property
    def n(self) -> int:
        """The number of unknowns."""
        return len(self.exponents) - 1

    @cached_property
    def upper(self) -> list[Integers]:
        """The integers of the upper triangle of [A b]'[A b], row i from its diagonal on."""
        size = self.n + 1
        i, j = np.triu_indices(size)
        entries = iter([joined(digits) for digits in self.digits[:, i, j].T.tolist()])
        return [[next(entries) for _ in range(size - i)] for i in range(size)]

    @cached_property
    def C(self) -> list[Integers]:
        """A'A (n, n) in integers."""
        n = self.n
        return [[self.upper[min(i, j)][abs(j - i)] for j in range(n)] for i in range(n)]

    @cached_property
    def c(self) -> Integers:
        """A'b (n,) in integers."""
        return [self.upper[i][self.n - i] for i in range(self.n)]

    @cached_property
    def bb(self) -> int:
        """b'b in integers."""
        return self.upper[self.n][0]

    @cached_property
    def planes(self) -> Array:
        """The digits of A'A as float64 (K, n, n), for exact products by BLAS."""
        return self.digits[:, : self.n, : self.n].astype(np.float64)

    def units(self, scales: Sequence[Fraction] | None = None) -> tuple[Fraction, ...]:
        """What the integers of each column of [A b] count, when the numbers fed in counted `scales`."""
        powers = [Fraction(1 << e) if e >= 0 else Fraction(1, 1 << -e) for e in self.exponents.tolist()]
        return tuple(powers) if scales is None else tuple(p * s for p, s in zip(powers, scales, strict=True))
