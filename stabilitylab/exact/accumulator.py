"""Exact normal equations of data that come in blocks, in any order, from any number of processes; O(n²) memory."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import gcd
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice, require_whole
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import Argument, InputError, ShapeError, UnderdeterminedError
from stabilitylab.core.types import POLICIES, Policy
from stabilitylab.exact import accumulator_file
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.solved import WEIGHTINGS, Weighting
from stabilitylab.exact.gram.inputs import ExactInput, Weights, column_names, exact_input, exact_weights, feed
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.resolution import Resolutions, by_rule, in_units
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.least_squares import fitted, warned
from stabilitylab.exact.ridge import penalties, require_one_policy
from stabilitylab.exact.solve.definite import is_of_rows
from stabilitylab.exact.supported import Known


class GramAccumulator:
    """[A b]'[A b] summed without any rounding, block by block: `add`, `remove`, `merge`, then `solve`.

    The sums are integers, so that they are the same bit for bit under any order of rows, blocks and merges and any
    number of threads, and rows can be taken out again exactly. n: the columns of A; scales (n + 1,): what the numbers
    of each column of A, then of b, count, for data in exact units such as cents; weight_unit: what weights count, for
    weights that are no binary fractions, and what a row without a weight counts. Both say how the blocks that are given
    to `add` and `remove` are read; accumulators of different scales can be merged. Memory: O(n²), plus one block.
    A column counts as constant, for R² about the mean, when all rows ever given have the same value in it.
    """

    def __init__(self, n: int, *, scales: Sequence[Fraction] | None = None, weight_unit: Fraction | int = 1) -> None:
        require_whole("the number of columns n", n, at_least=1)
        expected = f"scales must be {n + 1} numbers, one for each column of A and one for b"
        if scales is not None and (isinstance(scales, str) or not isinstance(scales, Iterable)):
            raise InputError(f"{expected}; got {scales!r}")
        self.n = n
        self.scales = None if scales is None else tuple(map(_positive, scales))
        if self.scales is not None and len(self.scales) != n + 1:
            raise InputError(f"{expected}; got {len(self.scales)}")
        self.weight_unit = _positive(weight_unit)
        self._sums = GramSums(n + 1)
        # What the sums are in: the scales and the weight unit, or, after a merge, what divides both sides' exactly.
        self._sum_scales, self._sum_weight_unit = self.scales, self.weight_unit
        # The value each column has had in every row so far; None once it has had two.
        self._same: list[Fraction | None] | None = None
        # How exactly the numbers of all rows ever given are known, and the sum of the weights; None where unknown.
        self._known: Known | None = Known(Resolutions(np.zeros(n + 1)), 0.0)
        # Whether every row counts once, as the likelihood of rows that are not kept has to know.
        self._unweighted = self.weight_unit == 1
        # Sums of rows are positive semidefinite; where some were taken away, or read from a file, that is to be shown.
        self._only_added = True

    @property
    def rows(self) -> int:
        """Rows added and not removed; rows of weight 0 do not count."""
        return self._sums.rows

    def add(self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> "GramAccumulator":
        """Add rows A (k, n), b (k,), of any exact numbers that `lstsq` takes, and return the accumulator.

        Raises the errors of `exact_input` and `exact_weights` in `gram.inputs`, and ShapeError for another number of
        columns; the accumulator then holds what it held before.
        """
        return self._change(A, b, weights, 1)

    def remove(self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> "GramAccumulator":
        """Take rows out again, exactly: as if they had never been added, but for R².

        They must have been added: `solve` refuses sums that no rows can have, which is all that can be seen of it. A
        column that these rows made vary does not count as constant again.
        """
        self._only_added = False
        return self._change(A, b, weights, -1)

    def extend(self, blocks: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]]) -> "GramAccumulator":
        """Add every block (A, b) of an iterable, and return the accumulator.

        Raises InputError for what is no such pair, and the errors of `add`; the blocks before it have been added then.
        """
        if not isinstance(blocks, Iterable):
            raise InputError(f"blocks must be pairs (A, b), as in extend([(A, b)]); got {type(blocks).__name__}")
        for k, block in enumerate(blocks):
            try:
                A, b = block
            except (TypeError, ValueError):
                raise InputError(
                    f"block {k} must be a pair (A, b), as in extend([(A, b)]); got {type(block).__name__}"
                ) from None
            self.add(A, b)
        return self

    @in_default_mode
    def merge(self, other: "GramAccumulator") -> "GramAccumulator":
        """Add all the rows of another, which stays as it is, and return the accumulator, which keeps its own scales.

        The sums of both are brought to the greatest units of which the units of both are whole multiples: exactly, so
        that no order of merges changes a bit of what is solved. Raises InputError when the numbers of columns differ.
        """
        if not isinstance(other, GramAccumulator):
            raise InputError(f"an accumulator can be merged with another; got {type(other).__name__}")
        if self.n != other.n:
            raise InputError(f"accumulators must have the same columns to be merged; got {self.n} and {other.n}")
        theirs = other._sums
        mine = (self._sum_scales, self._sum_weight_unit)
        if mine != (other._sum_scales, other._sum_weight_unit):
            theirs = theirs.copy()
            scales = tuple(map(_common_unit, self._scales_of_sums, other._scales_of_sums))
            unit = _common_unit(self._sum_weight_unit, other._sum_weight_unit)
            for sums, accumulator in ((self._sums, self), (theirs, other)):
                factors = [int(own / common) for own, common in zip(accumulator._scales_of_sums, scales, strict=True)]
                sums.rescale(factors, int(accumulator._sum_weight_unit / unit))
            self._sum_scales, self._sum_weight_unit = scales, unit
        self._sums.merge(theirs)
        self._only_added &= other._only_added
        self._unweighted &= other._unweighted
        self._known = self._known and other._known and self._known.with_more(other._known)
        if other._same is not None:
            ratios = [b / a for a, b in zip(self._own_scales, other._own_scales, strict=True)]
            same = [None if v is None else v * ratio for v, ratio in zip(other._same, ratios, strict=False)]
            self._same = _both(self._same, same)
        return self

    def normal_equations(self) -> NormalEquations:
        """The exact sums so far."""
        return self._sums.normal_equations(self._sum_scales, self._sum_weight_unit)

    @in_default_mode
    def solve(
        self,
        *,
        names: Sequence[str] | None = None,
        policy: Policy = "full-rank",
        weighting: Weighting = "relative",
        ridge: Any = None,
    ) -> CertifiedFit:
        """The certified fit of all the rows; its arguments and errors are those of `lstsq`. The accumulator can go on.

        ridge: a penalty as for `lstsq`, one number for all columns or one for each.

        Raises InputError as well for sums that no rows can have: after the removal of rows that were never added, or
        from a file that was edited.
        """
        started = process_time()
        require_choice("policy", policy, POLICIES)
        require_choice("weighting", weighting, WEIGHTINGS)
        normal = self.normal_equations()
        if not self._only_added and (self.rows < 0 or not is_of_rows(normal)):
            raise InputError(
                "no rows have these sums: rows were removed that had not been added, or the file was changed; add up "
                "the rows anew"
            )
        labels = column_names(names, None, self.n)
        constant = next((j for j, value in enumerate(self._same or ()) if value), None)
        if ridge is not None:
            require_one_policy(policy)
            found = penalties(ridge, labels, intercept=False, penalize_intercept=False)
            if any(found):
                return fitted(normal, labels, policy, started, constant, penalties=found)
        if policy == "full-rank" and self.rows < self.n:
            raise UnderdeterminedError(
                f"{self.rows} {'row does' if self.rows == 1 else 'rows do'} not determine {self.n} "
                f"coefficient{'s' * (self.n != 1)}: give at least {self.n} rows, or ask for ",
                Argument("policy", "minimum-norm"),
            )
        fit = fitted(normal, labels, policy, started, constant, known=self._known)
        return warned(replace(fit, weighting=weighting, unweighted=self._unweighted))

    @in_default_mode
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sums to a file of plain arrays (.npz).

        Raises InputError where it cannot be written, and for sums from which more rows were removed than added.
        """
        if self.rows < 0:
            raise InputError(f"{-self.rows} more rows were removed than added: add them before the sums are saved")
        normal = self.normal_equations()
        content: dict[str, npt.ArrayLike] = {
            "format": accumulator_file.FORMAT,
            "rows": self.rows,
            "limbs": np.triu(normal.limbs),
            "exponents": normal.exponents,
            "scales": _texts(self.scales or ()),
            "weight_unit": _texts([self.weight_unit]),
            "sum_scales": _texts(self._sum_scales or ()),
            "sum_weight_unit": _texts([self._sum_weight_unit]),
            "same": _texts([] if self._same is None else self._same),
        }
        accumulator_file.write(path, content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "GramAccumulator":
        """Read what `save` wrote; nothing in the file is executed. Raises InputError for any other file."""
        stored = accumulator_file.read(path)
        try:
            return cls._restored(stored)
        except accumulator_file.DAMAGED:
            raise InputError(f"{path} is a damaged accumulator: give the file that save() wrote") from None

    @classmethod
    def _restored(cls, stored: dict[str, Any]) -> "GramAccumulator":
        scales, sum_scales, same = (_fractions(stored[name]) for name in ("scales", "sum_scales", "same"))
        n, weight_unit = len(stored["exponents"]) - 1, _fractions(stored["weight_unit"])[0]
        made = cls(n, scales=scales or None, weight_unit=weight_unit)
        made._sum_scales = tuple(map(_positive, sum_scales)) or None
        made._sum_weight_unit = _positive(_fractions(stored["sum_weight_unit"])[0])
        if any(factor.denominator != 1 for factor in (*made._factors, made._weight_factor)):
            raise ValueError("its units do not fit together")
        made._sums = GramSums.restored(stored["limbs"], stored["exponents"], int(stored["rows"]))
        made._same = same or None
        made._only_added = False
        made._unweighted = False  # which the file does not say, as what follows
        made._known = None
        return made

    @property
    def _own_scales(self) -> tuple[Fraction, ...]:
        """The scales, ones where there are none."""
        return self.scales or (Fraction(1),) * (self.n + 1)

    @property
    def _scales_of_sums(self) -> tuple[Fraction, ...]:
        """What the integers of each column of the sums are in."""
        return self._sum_scales or (Fraction(1),) * (self.n + 1)

    @property
    def _factors(self) -> list[Fraction]:
        """What one of each column's numbers is in the units of the sums: whole numbers."""
        return [own / unit for own, unit in zip(self._own_scales, self._scales_of_sums, strict=True)]

    @property
    def _weight_factor(self) -> Fraction:
        """What one weight unit is in that of the sums: a whole number."""
        return self.weight_unit / self._sum_weight_unit

    @in_default_mode
    def _change(
        self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None, sign: int
    ) -> "GramAccumulator":
        data = exact_input(A, b, wide=True)
        if data.A.shape[1] != self.n:
            raise ShapeError(f"a block must have {self.n} columns; got {data.A.shape}")
        if data.scales is not None and any(scale != 1 for scale in data.scales):
            raise InputError("a block must hold floats or integers: give decimals as integers with their scales")
        weighing = exact_weights(weights, len(data.b))
        if weighing is not None:
            values, ratio = weighing.values, weighing.unit / self.weight_unit
            if ratio != 1:
                values = weighing.fractions * ratio
                if any(w.denominator & (w.denominator - 1) for w in values):
                    raise InputError(
                        "weights must be whole or binary fractions of the weight unit: give the accumulator weight_unit"
                    )
            if self._weight_factor != 1:
                values = Weights(values, weighing.unit).fractions * self._weight_factor
            weighing = Weights(values, self._sum_weight_unit)
        elif self._weight_factor != 1:
            weighing = Weights(np.full(len(data.b), self._weight_factor), self._sum_weight_unit)
        same = _both(self._same, _constants(data, weighing, self._same))
        factors = None if self._sum_scales == self.scales else [int(factor) for factor in self._factors]
        known = self._with(data, weighing, sign)
        feed(self._sums, data, weighing, sign, factors)
        self._same, self._known = same, known
        self._unweighted &= weights is None
        return self

    def _with(self, data: ExactInput, weights: Weights | None, sign: int) -> Known | None:
        """How exactly the numbers are known once these rows are added, or taken away."""
        if self._known is None:
            return None
        given = in_units(data.A, data.b, data.given or Resolutions.of_floats(self.n + 1), self._own_scales, data.rest)
        total = float(len(data.b) * self.weight_unit) if weights is None else weights.total
        resolutions = by_rule(data.A, data.b, given, self._own_scales, self._known.resolutions, data.rest)
        return Known(resolutions, self._known.weight + sign * total)


def _common_unit(one: Fraction, other: Fraction) -> Fraction:
    """The greatest number of which both are whole multiples."""
    p, q = one.numerator * other.denominator, other.numerator * one.denominator
    return Fraction(gcd(p, q), one.denominator * other.denominator)


def _constants(
    data: ExactInput, weights: Weights | None, before: list[Fraction | None] | None
) -> list[Fraction | None] | None:
    """The value of each column that is constant in the rows that count; not looked at where it was not before."""
    rows = slice(None) if weights is None else weights.values.astype(bool)
    if len(data.b[rows]) == 0:
        return None
    looks = [before is None or before[j] is not None for j in range(data.A.shape[1])]
    return [data.constant(j, rows) if look else None for j, look in enumerate(looks)]


def _both(one: list[Fraction | None] | None, other: list[Fraction | None] | None) -> list[Fraction | None] | None:
    """What is constant in both; None says that there were no rows."""
    if one is None or other is None:
        return other if one is None else one
    return [a if a == b else None for a, b in zip(one, other, strict=True)]


def _positive(value: Any) -> Fraction:
    try:
        scale = Fraction(value)
    except (TypeError, ValueError, ArithmeticError):
        raise InputError(f"a scale must be a positive number; got {value!r}") from None
    if scale <= 0:
        raise InputError(f"a scale must be a positive number; got {value!r}")
    return scale


def _texts(values: Sequence[Fraction | None]) -> Array:
    """Fractions as text, None as an empty one."""
    return np.array(["" if v is None else f"{v.numerator:x}/{v.denominator:x}" for v in values], dtype=np.str_)


def _fractions(texts: Array) -> list[Any]:
    parts = [text.split("/") for text in texts.tolist()]
    return [None if part == [""] else Fraction(int(part[0], 16), int(part[1], 16)) for part in parts]
