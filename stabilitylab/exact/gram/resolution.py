"""How exactly the numbers of a column are known: a stored number stands for all those that round to it.

The rule, by the numbers and by how they were given:

- whole numbers only: exact, however they are stored or written, for counts, dummies, years and an intercept were not
  rounded. Of floats below 2**53 (2**24 in float32), beyond which every float is whole. Fractions are exact as well.
- floats: half a unit in the last place of their format, so that float32 has its 24 bits.
- decimals (text, Decimal, a text file): half a unit of the last place that any number of the column has, for programs
  leave zeros at the end out. Where numbers have 16 or 17 digits, as the doubles have that a program wrote, half a unit
  in the last place of a double too: 12.300000000000001 was not measured to 15 places.

- moments and durations: whole ticks of their unit, exact.

A table whose columns differ in type is brought to float64 where that holds it, and a float32 column is float64 then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.numbers import Rest

SAMPLE = 16  # rows that rule most columns out
FIRST = slice(SAMPLE)
CACHED = 1 << 15  # numbers that are looked at together, so that they stay in a cache
U = 2.0**-53
DOUBLES = (16, 17)  # significant digits of a double that a program has written


@dataclass(frozen=True, eq=False)
class Resolutions:
    """A number v of column k of [A b] stands for all numbers within relative_k |v| + absolute_k of it, k = 0, ..., n.

    absolute: None for zeros.
    """

    relative: Array
    absolute: tuple[Fraction, ...] | None = None

    @classmethod
    def of_floats(cls, size: int) -> "Resolutions":
        """Those of columns of float64."""
        return cls(np.full(size, U))

    @property
    def are_exact(self) -> bool:
        """Whether every number is exact."""
        return self.absolute is None and not self.relative.any()

    def with_first(self) -> "Resolutions":
        """The same behind a column that is exact."""
        absolute = None if self.absolute is None else (Fraction(0), *self.absolute)
        return Resolutions(np.append(0.0, self.relative), absolute)

    def picked(self, columns: Sequence[int]) -> "Resolutions":
        """Those of some of the columns."""
        absolute = None if self.absolute is None else tuple(self.absolute[k] for k in columns)
        return Resolutions(self.relative[list(columns)], absolute if absolute and any(absolute) else None)

    @classmethod
    def joined(cls, several: Sequence["Resolutions"]) -> "Resolutions":
        """Those of [A b_0 ... b_(k-1)], from those of [A b_0] to [A b_(k-1)]."""
        first = several[0]
        relative = np.append(first.relative[:-1], [one.relative[-1] for one in several])
        if all(one.absolute is None for one in several):
            return cls(relative)
        of_A = next(one.absolute for one in several if one.absolute is not None)[:-1]
        return cls(relative, (*of_A, *(Fraction(0) if one.absolute is None else one.absolute[-1] for one in several)))

    def __or__(self, other: "Resolutions") -> "Resolutions":
        """Those of columns of which some rows are known in one way, and some in another."""
        relative = np.maximum(self.relative, other.relative)
        if self.absolute is None or other.absolute is None:
            return Resolutions(relative, self.absolute or other.absolute)
        return Resolutions(relative, tuple(map(max, self.absolute, other.absolute)))


def as_given(columns: Sequence[Array], scales: Sequence[Fraction]) -> Resolutions:
    """Those of columns (m,) as they were passed in, which are read as integers times scales; no value is looked at.

    Cost: of objects, a look at the type of each.
    """
    relative, absolute = np.zeros(len(columns)), [Fraction(0)] * len(columns)
    for j, (column, scale) in enumerate(zip(columns, scales, strict=True)):
        kinds = {column.dtype.type} if column.dtype.kind != "O" else set(map(type, column.tolist()))
        floats = [kind for kind in kinds if issubclass(kind, float | np.floating)]
        relative[j] = max((float(np.finfo(kind).eps) / 2 for kind in floats), default=0.0)
        if any(issubclass(kind, str | Decimal) for kind in kinds):
            absolute[j] = half_of_place(scale)
    return Resolutions(relative, tuple(absolute) if any(absolute) else None)


def in_units(
    A: Array, b: Array, given: Resolutions, scales: Sequence[Fraction], rest: Rest | None = None
) -> Resolutions:
    """Those of columns of [A b] of which some were passed in as counts of units such as cents: scales (n + 1,)."""
    counted = np.array([scale.denominator > 1 for scale in scales])
    if not counted.any():
        return given
    whole = whole_columns(A, b, counted, rest=rest)
    absolute = tuple(half_of_place(scale) if w else Fraction(0) for scale, w in zip(scales, whole, strict=True))
    return Resolutions(np.where(whole, 0.0, given.relative), absolute if any(absolute) else None)


def by_rule(
    A: Array,
    b: Array,
    given: Resolutions,
    scales: Sequence[Fraction] | None = None,
    before: Resolutions | None = None,
    rest: Rest | None = None,
) -> Resolutions:
    """Those of the columns of [A b] (n + 1,), from how they were given and from their values.

    A (m, n) and b (m,) in float64, rest to be added to them, or Python ints, times scales (n + 1,). before: those of
    earlier rows; where they cannot change, no value is looked at. Cost: a pass over the columns whose first rows are
    whole numbers.
    """
    plain = A.dtype.kind == "f" and given.absolute is None and before is None
    # Mostly the first row is enough to see that no column holds whole numbers.
    if not len(b) or (plain and not (float(b[0]).is_integer() or (A[0] == np.rint(A[0])).any())):
        return given
    look = given.relative > 0
    if given.absolute is not None:
        look |= np.array(given.absolute, dtype=bool)
    if before is not None:
        look &= given.relative > before.relative
        if given.absolute is not None:
            look |= [v > w for v, w in zip(given.absolute, before.absolute or (Fraction(0),) * len(look), strict=True)]
    whole = whole_columns(A, b, look, [scale.denominator for scale in scales or ()], given.relative, rest)
    found = Resolutions(np.where(look & ~whole, given.relative, 0.0))
    if given.absolute is not None:
        wanted = (look & ~whole).tolist()
        absolute = tuple(v if kept else Fraction(0) for v, kept in zip(given.absolute, wanted, strict=True))
        for j in (j for j, place in enumerate(absolute) if place):
            leading = A[:, j] if j < A.shape[1] else b
            integers, unit = (leading[FIRST], 1) if rest is None else rest.sums(leading, j, FIRST)
            if _are_written_doubles([int(v * unit) for v in integers.tolist()]):
                found.relative[j] = max(found.relative[j], U)
        found = Resolutions(found.relative, absolute if any(absolute) else None)
    return found if before is None else before | found


def whole_columns(
    A: Array,
    b: Array,
    look: Array,
    steps: Sequence[int] = (),
    relative: Array | None = None,
    rest: Rest | None = None,
) -> Array:
    """Which of the columns of [A b] that are to be looked at hold nothing but multiples of their steps, (n + 1,) bool.

    steps: none for ones. relative (n + 1,): of floats, which have to be below where all of them are whole. rest: to be
    added to the floats.
    """
    if rest is not None:
        split = np.isin(np.arange(len(look)), rest.of)
        whole = whole_columns(A, b, look & ~split, steps, relative)
        for j in np.flatnonzero(look & split).tolist():
            leading = A[:, j] if j < A.shape[1] else b
            limit = None if relative is None else Fraction(float(relative[j]))
            whole[j] = _sums_are_whole(rest, leading, j, steps[j] if steps else 1, limit)
        return whole
    if A.dtype.kind == "O":
        # Python ints.
        columns = zip([*A.T, b], look, steps or [1] * len(look), strict=True)
        return np.array([bool(asked) and all(int(v) % q == 0 for v in values.tolist()) for values, asked, q in columns])
    n = A.shape[1]
    # The first rows rule most columns out.
    left = look & np.append(_are_whole(A[:SAMPLE])[0], _are_whole(b[:SAMPLE, None])[0])
    few = np.flatnonzero(left[:n])
    largest = 0.0
    if len(few):
        whole, largest = _are_whole(A if len(few) > n // 8 else A[:, few])
        left[few] = whole[few] if len(few) > n // 8 else whole
    if left[n]:
        (left[n],), top = _are_whole(b[:, None])
        largest = max(largest, top)
    for j in np.flatnonzero(left).tolist() if steps else ():
        # Of floats fmod is exact.
        left[j] = steps[j] == 1 or not np.fmod(A[:, j] if j < n else b, steps[j]).any()
    if relative is not None and largest * relative.max() >= 1:
        left &= np.append(np.abs(A).max(axis=0), np.abs(b).max()) * relative < 1
    return np.asarray(left)


def _sums_are_whole(rest: Rest, leading: Array, j: int, step: int, relative: Fraction | None) -> bool:
    """`whole_columns` for one column that is a sum of floats."""
    largest = Fraction(0)
    for rows in (FIRST, slice(None)):  # the first rows rule most columns out
        integers, unit = rest.sums(leading, j, rows)
        if any(v * unit % step for v in integers.tolist()):
            return False
        largest = max(map(abs, integers.tolist()), default=0) * unit
    return relative is None or largest * relative < 1


def half_of_place(scale: Fraction) -> Fraction:
    """Half a unit of what one is in a column; 0 where that is a whole number."""
    return scale / 2 if scale.denominator > 1 else Fraction(0)


def _are_whole(A: Array) -> tuple[Array, float]:
    """Which columns of A (m, n) hold whole numbers only (n,), and a bound on the size of the numbers of these."""
    whole, largest = np.ones(A.shape[1], dtype=bool), 0.0
    rows = max(1, CACHED // A.shape[1])
    for start in range(0, len(A), rows):
        part = A[start : start + rows]
        same = part == np.rint(part)
        if not same.all():  # which is faster than column by column
            whole &= same.all(axis=0)
            if not whole.any():
                break
        largest = max(largest, float(part.max()), -float(part.min()))
    return whole, largest


def _are_written_doubles(column: Sequence[int]) -> bool:
    """Whether the longest of some integers has as many significant digits as a double that a program has written."""
    return max((len(f"{abs(v)}".rstrip("0")) for v in column), default=0) in DOUBLES
