"""The sums of an accumulator and what else it knows of its rows: how blocks and other accumulators change them."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_one_each, require_whole
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError
from stabilitylab.exact.accumulator.block import Names, agreed, read_block
from stabilitylab.exact.accumulator.blocks import Blocks, require_id
from stabilitylab.exact.accumulator.canonical import canonical
from stabilitylab.exact.accumulator.content import Same, Scales
from stabilitylab.exact.accumulator.observed import Observed
from stabilitylab.exact.accumulator.units import are_ones, common_unit, exact_sum, positive
from stabilitylab.exact.gram.exact_input import ExactInput
from stabilitylab.exact.gram.inputs import Weights, column_names, feed
from stabilitylab.exact.gram.sums import GramSums


class Summed:
    """The exact sums of blocks, with what only their rows can tell; see `GramAccumulator`."""

    def __init__(
        self,
        n: int,
        targets: int = 1,
        *,
        intercept: bool = False,
        names: Sequence[str] | None = None,
        target_names: Sequence[str] | None = None,
        scales: Sequence[Fraction] | None = None,
        weight_unit: Fraction | int = 1,
    ) -> None:
        require_whole("the number of columns n", n, at_least=1)
        require_whole("the number of targets", targets, at_least=1)
        each = "b" if targets == 1 else f"each of {targets} targets"
        expected = f"scales must be {n + targets} numbers, one for each column of A and one for {each}"
        if scales is not None and (isinstance(scales, str) or not isinstance(scales, Iterable)):
            raise InputError(f"{expected}; got {scales!r}")
        self.n, self.targets, self.intercept = n, targets, bool(intercept)
        self.scales = None if scales is None else tuple(map(positive, scales))
        if self.scales is not None and len(self.scales) != n + targets:
            raise InputError(f"{expected}; got {len(self.scales)}")
        self.weight_unit = positive(weight_unit)
        self.names = None if names is None else column_names(names, None, n)
        self.target_names: Names = None if target_names is None else tuple(map(str, target_names))
        require_one_each("target_names", self.target_names or [""] * targets, targets, "targets")
        self._sums = GramSums(self._size)
        # What the sums are in: the scales and the weight unit, or, after a merge, what divides both sides' exactly.
        self._sum_scales, self._sum_weight_unit = self._own_scales, self.weight_unit
        # The value each column has had in every row so far; None once it has had two.
        self._same: Same | None = None
        # How exactly the numbers of all rows ever given are known, by the scales that they count; None where unknown.
        self._observed: Mapping[Scales, Observed] | None = {}
        self._total_weight = Fraction(0)
        # Whether every row of weight above 0 has the weight 1, as the likelihood of rows that are not kept has to know.
        self._unweighted = True
        self._blocks = Blocks()
        # Sums of rows are positive semidefinite; where some were taken away, or read from a file, that is to be shown.
        self._only_added = True

    @property
    def rows(self) -> int:
        """Rows added and not removed; rows of weight 0 do not count."""
        return self._sums.rows

    @property
    def blocks(self) -> tuple[str, ...]:
        """The ids of the blocks that were added with one, sorted."""
        return tuple(sorted(self._blocks.digests))

    def zero(self) -> Self:
        """An accumulator without rows that reads blocks as this one does."""
        return type(self)(
            self.n,
            self.targets,
            intercept=self.intercept,
            names=self.names,
            target_names=self.target_names,
            scales=self.scales,
            weight_unit=self.weight_unit,
        )

    # --- what changes them

    @in_default_mode
    def _merge(self, other: "Summed") -> None:
        if not isinstance(other, Summed):
            raise InputError(f"an accumulator can be merged with another; got {type(other).__name__}")
        if (self.n, self.targets, self.intercept) != (other.n, other.targets, other.intercept):
            raise InputError(
                f"accumulators must have the same columns to be merged; got {self._shape} and {other._shape}"
            )
        names = agreed(self.names, other.names, "columns")
        target_names = agreed(self.target_names, other.target_names, "targets")
        blocks = self._blocks.to_merge(other._blocks)
        self.names, self.target_names = names, target_names
        if blocks is None and other._blocks.is_counted_in(self._blocks):
            return
        if blocks is None:
            # All of these rows are counted in the other.
            blocks = other._blocks
            self._sums, self._same, self._observed, self._total_weight = GramSums(self._size), None, {}, Fraction(0)
            self._unweighted = True
        self._add_sums(other._sums, other._sum_scales, other._sum_weight_unit)
        if other._same is not None:
            ratios = [b / a for a, b in zip(self._own_scales, other._own_scales, strict=True)]
            same = [None if v is None else v * ratio for v, ratio in zip(other._same, ratios, strict=False)]
            self._same = _both(self._same, same)
        self._observed = _with_observed(self._observed, other._observed)
        self._total_weight += other._total_weight
        self._unweighted &= other._unweighted
        self._only_added &= other._only_added
        self._blocks = blocks

    def _add_sums(self, theirs: GramSums, scales: Scales, weight_unit: Fraction) -> None:
        """Add sums in these units, which stay as they are, in units of which those of both are whole multiples."""
        if (self._sum_scales, self._sum_weight_unit) != (scales, weight_unit):
            theirs = theirs.copy()
            common = tuple(map(common_unit, self._sum_scales, scales))
            unit = common_unit(self._sum_weight_unit, weight_unit)
            for sums, own, weight in (
                (self._sums, self._sum_scales, self._sum_weight_unit),
                (theirs, scales, weight_unit),
            ):
                sums.rescale([int(o / c) for o, c in zip(own, common, strict=True)], int(weight / unit))
            self._sum_scales, self._sum_weight_unit = common, unit
        self._sums.merge(theirs)

    @in_default_mode
    def _change(
        self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None, block: str | None, sign: int
    ) -> None:
        """Add the rows of a block, or with sign -1 take them away."""
        if block is not None:
            require_id(block)
        read = read_block(A, b, weights, self.n, self.targets, intercept=self.intercept)
        names = agreed(self.names, read.names, "columns")
        target_names = agreed(self.target_names, read.target_names, "targets")
        data, counted = read.data, read.counted
        weighing = self._in_unit_of_sums(read.weights, len(data.b))
        factors = None
        if self._sum_scales != self._own_scales:
            factors = [int(own / unit) for own, unit in zip(self._own_scales, self._sum_scales, strict=True)]
        observed = _with_observed(self._observed, {self._own_scales: Observed.of(counted, self._own_scales)})
        same = _both(self._same, _constants(counted, self._size - self.targets, self._same))
        digest = ""
        if block is not None:
            part = GramSums(self._size)
            feed(part, data, weighing, 1, factors)
            digest = canonical(part, self._sum_scales, self._sum_weight_unit).digest
            if self._blocks.holds(block, digest) == (sign > 0):
                if sign > 0:
                    return
                raise InputError(f"block {block!r} was not added: remove blocks by the id that they were added with")
        if block is not None and sign > 0:
            self._sums.merge(part)
        else:
            feed(self._sums, data, weighing, sign, factors)
        if weighing is None:
            self._total_weight += sign * len(data.b) * self.weight_unit
        else:
            self._total_weight += sign * exact_sum(weighing.values) * weighing.unit
        self._same, self._observed = same, observed
        self._unweighted &= self.weight_unit == 1 if read.weights is None else are_ones(read.weights)
        self.names, self.target_names = names, target_names
        known = self._blocks
        self._blocks = known.with_block(block, digest) if block is None or sign > 0 else known.without(block)

    def _in_unit_of_sums(self, weights: Weights | None, rows: int) -> Weights | None:
        """Weights in the unit that the sums have: multiples of it, by floats or binary fractions; None for ones."""
        factor = self.weight_unit / self._sum_weight_unit
        if weights is None:
            return None if factor == 1 else Weights(np.full(rows, factor), self._sum_weight_unit)
        values, ratio = weights.values, weights.unit / self.weight_unit
        if ratio != 1:
            values = weights.fractions * ratio
            if any(w.denominator & (w.denominator - 1) for w in values):
                raise InputError(
                    "weights must be whole or binary fractions of the weight unit: give the accumulator weight_unit"
                )
        if factor != 1:
            values = Weights(values, weights.unit).fractions * factor
        return Weights(values, self._sum_weight_unit)

    # --- what they are in

    @property
    def _size(self) -> int:
        return self.intercept + self.n + self.targets

    @property
    def _shape(self) -> str:
        more = "" if self.targets == 1 else f" with {self.targets} targets"
        return f"{self.n}{more}{' and an intercept' * self.intercept}"

    @property
    def _own_scales(self) -> Scales:
        """The scales of all columns of the sums, ones where there are none."""
        return (Fraction(1),) * self.intercept + (self.scales or (Fraction(1),) * (self.n + self.targets))

    @property
    def _scales_of_sums(self) -> Scales | None:
        return None if all(scale == 1 for scale in self._sum_scales) else self._sum_scales


def _constants(counted: ExactInput, columns: int, before: Same | None) -> Same | None:
    """The value of each column of A that is constant in these rows; not looked at where it was not before."""
    if len(counted.b) == 0:
        return None
    looks = [before is None or before[j] is not None for j in range(columns)]
    return [counted.constant(j, slice(None)) if look else None for j, look in enumerate(looks)]


def _with_observed(
    one: Mapping[Scales, Observed] | None, other: Mapping[Scales, Observed] | None
) -> Mapping[Scales, Observed] | None:
    """What is known of the rows of both; None for unknown."""
    if one is None or other is None:
        return None
    common = {scales: one[scales] | other[scales] for scales in one.keys() & other.keys()}
    return {**one, **other, **common}


def _both(one: Same | None, other: Same | None) -> Same | None:
    """What is constant in both; None says that there were no rows."""
    if one is None or other is None:
        return other if one is None else one
    return [a if a == b else None for a, b in zip(one, other, strict=True)]
