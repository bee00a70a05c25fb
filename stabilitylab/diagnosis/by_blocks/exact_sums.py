"""Everything that a diagnosis takes from the rows of a long file, in one object whose size does not depend on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.data.category import Category
from stabilitylab.data.design import Design
from stabilitylab.data.labels import Labels
from stabilitylab.data.table.by_blocks import LongFile, Scan, numbered
from stabilitylab.data.table.by_blocks.columns import LongColumn, LongGroups
from stabilitylab.data.terms import Column, Intercept
from stabilitylab.diagnosis.by_blocks.extremes import Extremes
from stabilitylab.diagnosis.by_blocks.first_question import SECOND, Report, Seen
from stabilitylab.diagnosis.forecast import TYPICAL, Stored
from stabilitylab.exact import GramAccumulator


@dataclass(frozen=True, eq=False)
class Summed:
    """The exact sums of all rows.

    sums: [A b]'W[A b]. names (n,): of the features. weight: of all rows. stored: what storing the numbers moves. scan:
    which rows were counted. columns: as they were read, by name. groups: the levels of each category. extremes: the
    rows in which numbers are smallest and largest.
    """

    sums: GramAccumulator
    names: tuple[str, ...]
    weight: Fraction
    stored: Stored
    scan: Scan
    columns: Mapping[str, LongColumn]
    groups: Mapping[str, Labels]
    extremes: Extremes


def summed(
    file: LongFile, seen: Seen, weights: str | None, *, format: Format, rows: int | None, progress: Report
) -> Summed:
    """The sums of a file for a design of columns and categories, by the second reading of it, `rows` rows at a time.

    Raises the errors of `numbered`, InputError for a term that takes more than the row it is formed from, or is none of
    these, OutOfRangeError for negative weights and for weights that are all 0.
    """
    design, target = seen.question.problem.design, seen.question.problem.response
    columns, scan, groups = seen.columns, seen.scan, seen.groups
    numeric = {column.name: j for j, column in enumerate(columns) if not isinstance(column, LongGroups)}
    coded = {column.name: j for j, column in enumerate(columns) if isinstance(column, LongGroups)}
    features = [_Feature.of(term, numeric, coded, groups) for term in design.terms]
    names = tuple(name for term in design.terms for name in term.names(groups))
    unit = columns[numeric[weights]].scale if weights else Fraction(1)
    sources = [j for feature in features for j in feature.sources]
    scales = [Fraction(1) if j is None else columns[j].scale for j in [*sources, numeric[target]]]
    sums = GramAccumulator(len(sources), names=names, target_names=[target], scales=scales, weight_unit=unit)
    roundings = {
        j: _Roundings(columns[j].scale, columns[j].rounded, format)
        for j in [*sources, numeric[target]]
        if j is not None
    }
    weight = Fraction(0)
    extremes = Extremes([column.name for column in columns], list(numeric.values()))
    for block, cells in numbered(file, columns, scan, rows, lambda done, total: progress(SECOND, done, total)):
        A = np.column_stack(_alike([part for feature in features for part in feature.of_block(block)]))
        w = None if weights is None else _weights(block[numeric[weights]], weights, file)
        sums.add(A, block[numeric[target]], weights=None if w is None else _in_unit(w, unit))
        weight += len(A) if w is None else sum(map(Fraction, w.tolist())) * unit
        for j, rounding in roundings.items():
            rounding.add(block[j], w)
        extremes.see(block, cells)
    if not weight:
        raise OutOfRangeError(f"{file.path}: every weight in column {weights!r} is 0: give the weights")
    per_row = float(weight / unit)
    stored = Stored(
        np.array([0.0 if j is None else roundings[j].squares / per_row for j in sources]),
        roundings[numeric[target]].squares / per_row,
    )
    return Summed(sums, names, weight, stored, scan, {column.name: column for column in columns}, groups, extremes)


def require_simple(file: LongFile, design: Design) -> None:
    """Raise InputError for a design of other terms than an intercept, columns and categories."""
    other = next((term for term in design.terms if not isinstance(term, Intercept | Column | Category)), None)
    if other is not None:
        raise InputError(
            f"{file.path}: {other} is no column of the file, and is not formed by blocks: write it into a column of "
            f"its own, and name that in its place"
        )


@dataclass(frozen=True, eq=False)
class _Feature:
    """The features of one term: sources: which column each is, None for whole numbers that are formed of it.

    codes (levels, k): what a row of a category has in each of k features.
    """

    sources: tuple[int | None, ...]
    column: int | None = None
    codes: Array | None = None

    @classmethod
    def of(
        cls, term: object, numeric: Mapping[str, int], coded: Mapping[str, int], groups: Mapping[str, Labels]
    ) -> "_Feature":
        """That of a term."""
        if isinstance(term, Column):
            return cls((numeric[term.numbers[0]],), numeric[term.numbers[0]])
        if not isinstance(term, Category):
            return cls((None,))
        labels = groups[term.column]
        codes = np.zeros((len(labels.levels), len(term.levels(labels))))
        for k, level in enumerate(term.levels(labels)):
            codes[labels.levels.index(level), k] = 1
        if term.coding == "sum":
            codes[labels.levels.index(term.reference_level(labels).level)] = -1
        return cls((None,) * codes.shape[1], coded[term.column], codes)

    def of_block(self, block: Sequence[Array]) -> list[Array]:
        """The features of the rows of a block."""
        if self.column is None:
            return [np.ones(len(block[0]))]
        if self.codes is None:
            return [block[self.column]]
        return list(self.codes[block[self.column]].T)


def _alike(columns: Sequence[Array]) -> Sequence[Array]:
    """All in float64, or all in Python's integers where one is."""
    if all(column.dtype != object for column in columns):
        return columns
    return [column if column.dtype == object else _as_ints(column) for column in columns]


def _as_ints(column: Array) -> Array:
    """Whole float64 numbers as Python ints; others as the Fractions that they are."""
    found = np.empty(len(column), dtype=object)
    found[:] = [int(v) if v == int(v) else Fraction(v) for v in column.tolist()]
    return found


def _weights(values: Array, name: str, file: LongFile) -> Array:
    if min(values) < 0:
        raise OutOfRangeError(f"{file.path}: column {name!r} holds a negative weight: give weights of 0 or more")
    return values


def _in_unit(values: Array, unit: Fraction) -> Array:
    if unit == 1:
        return values
    exact = np.empty(len(values), dtype=object)
    exact[:] = [Fraction(v) * unit for v in values.tolist()]
    return exact


class _Roundings:
    """What storing a column in a format moves its entries by: the sum of squares, each times the weight of its row.

    An entry that is rounded moves by up to half a unit in its last place. None is where all are multiples of a power of
    two that the format holds; `common` is what divides all that were seen, `largest` bounds them.
    """

    def __init__(self, scale: Fraction, rounded: bool, format: Format) -> None:
        self.scale, self.format, self.rounded = scale, format, rounded
        self.common, self.largest, self._squares = 0, 0, 0.0

    def add(self, integers: Array, weights: Array | None) -> None:
        """Count the numbers of a block, whole multiples of the scale, or floats."""
        if self.rounded:
            stored = integers.astype(self.format.dtype)
            moved = stored != integers
        else:
            if self.common != 1:
                found = integers.astype(np.int64) if integers.dtype != object else integers
                self.common = gcd(self.common, int(np.gcd.reduce(found)))
            self.largest = max(self.largest, int(max(integers.max(), -integers.min())))
            p, q = self.scale.as_integer_ratio()
            values = np.array([v * p / q for v in integers.tolist()]) if integers.dtype == object else integers * p / q
            stored = values.astype(self.format.dtype)
            moved = stored != 0
        half = np.where(moved, TYPICAL * np.abs(np.spacing(stored)).astype(np.float64) / 2, 0.0)
        self._squares += float((half**2).sum() if weights is None else (half**2) @ weights.astype(np.float64))

    @property
    def squares(self) -> float:
        """The sum; 0 where no entry is rounded."""
        if self.rounded or not self.common:
            return self._squares
        unit = self.scale * self.common
        below, bits = unit.denominator, self.largest // self.common * unit.numerator
        held = below & (below - 1) == 0 and bits.bit_length() <= self.format.precision
        return 0.0 if held else self._squares
