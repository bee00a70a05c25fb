"""How exactly the numbers of blocks are known, as maxima over rows: the same for every partition into blocks.

The rule is that of `gram.resolution`. What decides it is of a row alone: whether a number is whole, a count of a unit
such as cents, or neither; the resolution of the format it came in; its size; its significant digits. Their maxima over
all rows do not depend on where a block ends, or on the order of merges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.exact_input import ExactInput
from stabilitylab.exact.gram.resolution import Resolutions, U, half_of_place, whole_columns

WHOLE, COUNTS, OTHERS = 0.0, 1.0, 2.0  # the kinds of a column's numbers, each more than the one before
WRITTEN, LONGER = 16.0, 18.0  # significant digits: 16 or 17, of a double that was written; more
SIXTEEN = 10**15  # from here on an integer has 16 digits
LARGEST = 10**300  # that sizes are counted as
TABLE = 4  # rows of a table: kind, relative, largest, digits


@dataclass(frozen=True, eq=False)
class Observed:
    """table (4, N), for each column of [A b]: the kind of its numbers, the largest resolution of their formats, the
    largest size of a stored number, and the most significant digits that a count has (0, 16 for 16 or 17, 18 for more).

    The last two are 0 where numbers are of the kind OTHERS, which they do not change.
    """

    table: Array

    @classmethod
    def of(cls, data: ExactInput, scales: Sequence[Fraction]) -> "Observed":
        """Those of rows whose numbers count scales (N,). Cost: a pass over the columns whose first rows are whole."""
        size = data.A.shape[1] + 1
        given = data.given or Resolutions.of_floats(size)
        table = np.zeros((TABLE, size))
        table[1] = given.relative
        if not len(data.b):
            return cls(np.zeros((TABLE, size)))
        steps = [scale.denominator for scale in scales]
        counted = np.array(steps) > 1
        exact = np.full(size, data.A.dtype.kind == "O")
        if data.rest is not None:
            exact[list(data.rest.of)] = True
        if not exact.all():
            whole = whole_columns(data.A, data.b, ~exact, rest=data.rest)
            multiples = whole_columns(data.A, data.b, whole & counted, steps, rest=data.rest)
            table[0] = np.where(whole, np.where(counted & ~multiples, COUNTS, WHOLE), OTHERS)
            for j in np.flatnonzero(whole & ~exact):
                column = data.A[:, j] if j < size - 1 else data.b
                table[2, j] = max(0.0, float(column.max()), -float(column.min()))
                # An integer that float64 holds and that is no multiple of ten has 16 digits, or its size says more.
                if counted[j] and table[2, j] >= SIXTEEN:
                    table[3, j] = _digits([int(v) for v in column[np.abs(column) >= SIXTEEN].tolist()])
        for j in np.flatnonzero(exact):
            table[[0, 2, 3], j] = _of_integers(data, int(j), steps[j])
        return cls(_settled(table))

    def __or__(self, other: "Observed") -> "Observed":
        """Those of the rows of both."""
        return Observed(_settled(np.maximum(self.table, other.table)))

    def only(self, columns: Sequence[int]) -> "Observed":
        """Those of some columns."""
        return Observed(self.table[:, columns])

    def resolutions(self, scales: Sequence[Fraction]) -> Resolutions:
        """How exactly the columns are known, by the rule of `gram.resolution`."""
        kind, relative, largest, digits = self.table
        # Beyond 2**53 every float is whole.
        rounded = (kind == OTHERS) | ((kind == WHOLE) & (largest * relative >= 1))
        counts = kind == COUNTS
        written = np.where(counts & (digits == WRITTEN), U, 0.0)
        absolute = tuple(
            half_of_place(scale) if own else Fraction(0) for scale, own in zip(scales, counts, strict=True)
        )
        return Resolutions(np.where(rounded, relative, written), absolute if any(absolute) else None)


def _settled(table: Array) -> Array:
    table[2:, table[0] == OTHERS] = 0.0
    return table


def _of_integers(data: ExactInput, j: int, step: int) -> tuple[float, float, float]:
    """Kind, largest size and digits of a column that float64 does not hold; step: the denominator of its scale."""
    leading = data.A[:, j] if j < data.A.shape[1] else data.b
    integers, unit = (leading, Fraction(1)) if data.rest is None else data.rest.sums(leading, j)
    p, q = unit.as_integer_ratio()
    numbers = [int(v) * p for v in integers.tolist()]
    if q > 1:
        if any(v % q for v in numbers):
            return OTHERS, 0.0, 0.0
        numbers = [v // q for v in numbers]
    kind = COUNTS if any(v % step for v in numbers) else WHOLE
    return kind, float(min(max(map(abs, numbers)), LARGEST)), _digits(numbers) if step > 1 else 0.0


def _digits(numbers: Sequence[int]) -> float:
    """LONGER where an integer has 18 significant digits or more, WRITTEN where the longest has 16 or 17, else 0."""
    found = 0.0
    for v in map(abs, numbers):
        if v >= SIXTEEN:
            while v % 10 == 0:
                v //= 10
            if v >= 100 * SIXTEEN:
                return LONGER
            found = WRITTEN if v >= SIXTEEN else found
    return found
