"""Exact sums in the one form that depends on their values alone: on no order of rows, blocks or merges.

Entry (i, j) of [A b]'W[A b] in the units r of the columns and w of the weights is v_ij / D, with the least odd D >= 1
that makes all v_ij multiples of powers of two. The integers that are kept are v_ij 2**-(e_i + e_j), with
e_j = t_j - 11 K: 2**t_j is the power of two at or above sqrt(|v_jj|), 1 where that is 0, and K the least number of
limbs that leaves nothing behind the point. They are split into limbs of -2**21 .. 2**21 - 1, which are unique.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.columns import UNSEEN
from stabilitylab.exact.gram.limbs import WIDTH, Indices, Levels, integers, limbs_of_integers
from stabilitylab.exact.gram.sums import GramSums

HALF_WIDTH = WIDTH // 2


@dataclass(frozen=True, eq=False)
class Canonical:
    """limbs (K, N (N + 1) / 2) int32: the upper triangle row by row, most significant first; exponents e (N,).

    divisor: D above. rows: rows of weight above 0.
    """

    limbs: Array
    exponents: Indices
    divisor: int
    rows: int

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: equal for equal sums, on every machine."""
        digest = hashlib.sha256(f"{self.limbs.shape} {self.divisor:x} {self.rows}".encode())
        digest.update(np.ascontiguousarray(self.limbs, dtype="<i4").data)
        digest.update(np.ascontiguousarray(self.exponents, dtype="<i8").data)
        return digest.hexdigest()

    def to_sums(self) -> GramSums:
        """The sums, in units of r and w / D."""
        size, count = len(self.exponents), len(self.limbs)
        sums = GramSums(size)
        sums.rows = self.rows
        if not self.limbs.any():
            return sums
        levels: Levels = np.zeros((count, size, size), dtype=np.int64)
        i, j = np.triu_indices(size)
        levels[:, i, j] = self.limbs
        # Columns are split in units of about the size of their numbers, not of the root of their sum of squares.
        last = count - 2 - max(self.rows, 1).bit_length() // WIDTH
        seen = np.any(levels, axis=(0, 1)) | np.any(levels, axis=(0, 2))
        sums.exponents = np.where(seen, self.exponents + 21 + HALF_WIDTH * last, UNSEEN)
        sums.first, sums.levels, sums.load = last - count + 1, levels, 1
        return sums


def canonical(sums: GramSums, factors: Sequence[Fraction], weight: Fraction) -> Canonical:
    """The sums in their one form; column j's integers count factors[j] of the units r, and weights `weight` of w.

    Cost: O(N²) operations on Python integers.
    """
    normal = sums.normal_equations()
    i, j = np.triu_indices(sums.size)
    values = integers(normal.levels[:, i, j])
    powers = (normal.exponents[i] + normal.exponents[j]).tolist()
    divisor = 1
    if weight != 1 or any(factor != 1 for factor in factors):
        values, powers, divisor = _in_units(
            values, powers, [factors[p] * factors[q] * weight for p, q in zip(i.tolist(), j.tolist(), strict=True)]
        )
    # The bits of each entry: where the lowest and the highest are.
    low = np.array([p + (v & -v).bit_length() - 1 if v else 0 for v, p in zip(values, powers, strict=True)])
    high = np.array([p + abs(v).bit_length() if v else 0 for v, p in zip(values, powers, strict=True)])
    nonzero = np.array([v != 0 for v in values])
    tops = -(-high[i == j] // 2)
    below = -(low - tops[i] - tops[j])[nonzero]
    places = -(-int(below.max(initial=0)) // WIDTH)
    exponents = tops - HALF_WIDTH * places
    shifts = (np.array(powers) - exponents[i] - exponents[j]).tolist()
    whole = np.empty(len(values), dtype=object)
    whole[:] = [v << s if s >= 0 else v >> -s for v, s in zip(values, shifts, strict=True)]
    count = -(-(max(abs(v).bit_length() for v in whole) + 2) // WIDTH)
    limbs = np.array(limbs_of_integers(whole, count)).astype(np.int32)
    used = np.flatnonzero(limbs.any(axis=1))
    return Canonical(limbs[used[0] if len(used) else count - 1 :], exponents, divisor, sums.rows)


def _in_units(values: list[int], powers: list[int], units: Sequence[Fraction]) -> tuple[list[int], list[int], int]:
    """Integers and powers of two that the values times units times D are, and D."""
    divisor, parts = 1, []
    for v, unit in zip(values, units, strict=True):
        part = v * unit
        two = (part.denominator & -part.denominator).bit_length() - 1
        parts.append((part, two))
        divisor = lcm(divisor, part.denominator >> two)
    whole = [int(part * (divisor << two)) for part, two in parts]
    return whole, [power - two for power, (_, two) in zip(powers, parts, strict=True)], divisor
