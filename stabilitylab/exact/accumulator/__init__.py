"""Exact normal equations of data that come in blocks, in any order, from any number of processes; O(n²) memory."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from time import process_time
from typing import Any, Self

import numpy.typing as npt

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import Argument, InputError, UnderdeterminedError
from stabilitylab.core.types import POLICIES, WEIGHTINGS, Policy, Weighting
from stabilitylab.exact.accumulator.block import Names
from stabilitylab.exact.accumulator.kept import Kept
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fitted import Asked, fits_of
from stabilitylab.exact.gram.inputs import column_names
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.ridge import penalties, require_one_policy
from stabilitylab.exact.solve.definite import is_of_rows
from stabilitylab.exact.solve.interval import quotient
from stabilitylab.exact.supported import Known

SHOWN = 6  # names that are printed


class GramAccumulator(Kept):
    """[A b]'[A b] summed without any rounding, block by block: `add`, `remove`, `merge`, then `solve`.

    The contract: accumulators that read blocks alike are a commutative monoid with exact equality. With x, y, z of the
    same arguments and 0 = `x.zero()`,

        x + 0 = x,  x + y = y + x,  (x + y) + z = x + (y + z)    where x + y is x after `x.merge(y)`,
        0 plus all blocks, in any order, = the merged sums of any parts of them, in any order,
        x == y  if and only if  `x.to_bytes() == y.to_bytes()`;  `GramAccumulator.from_bytes(x.to_bytes()) == x`,

    and equal accumulators have equal fits. The sums are integers, so that no order of rows, blocks and merges and no
    number of threads changes a bit of them. Rows can be taken out again exactly, but for what only rows can tell: which
    columns are constant, and how exactly numbers are known. Accumulators of different scales or weight units can be
    merged too: the sums are the same in any order, and the scales, in which blocks are read, those of the first.

    With ids of blocks (`add(A, b, block="part-17")`) + is the union, so that a task that is run twice counts once:
    accumulators without a common block are added up; where every row of one has been counted in the other, with the
    same sums block by block, that one is left out, x + x = x; anything else is refused, and then changes nothing.

    n: the columns of A in a block; targets: those of b, each of which is fitted; intercept: whether a column of ones,
    named "intercept", goes in front. names (n,), target_names (targets,): by default those of the first block that is a
    table; a table with others is refused. scales (n + targets,): what the numbers of each column of A, then of b,
    count, for data in exact units such as cents; weight_unit: what weights count, for weights that are no binary
    fractions, and what a row without a weight counts. Memory: O((n + targets)²), plus one block.
    A column counts as constant, for R² about the mean, when all rows ever given have the same value in it.
    """

    def add(
        self,
        A: npt.ArrayLike,
        b: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        block: str | None = None,
    ) -> Self:
        """Add rows A (k, n), b (k,) or (k, targets), of any exact numbers that `lstsq` takes; returns the accumulator.

        block: an id of these rows. A block whose id is there is left out where its sums are the same, and refused where
        they are not. Raises InputError for that and for tables with other names, the errors of `exact_input` and
        `exact_weights` in `gram.inputs`, and ShapeError for another number of columns; the accumulator then holds what
        it held before.
        """
        self._change(A, b, weights, block, 1)
        return self

    def remove(
        self,
        A: npt.ArrayLike,
        b: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        block: str | None = None,
    ) -> Self:
        """Take rows out again, exactly: as if they had never been added, but for R² and supported digits.

        They must have been added: `solve` refuses sums that no rows can have, which is all that can be seen of it; a
        block with an id is known, and refused unless it was added with the same rows. A column that these rows made
        vary does not count as constant again.
        """
        self._change(A, b, weights, block, -1)
        self._only_added = False
        return self

    def extend(self, blocks: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]]) -> Self:
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

    def merge(self, other: "GramAccumulator") -> Self:
        """Add all the rows of another, which stays as it is, and return the accumulator, which keeps its own scales.

        The sums of both are brought to the greatest units of which the units of both are whole multiples: exactly. Of
        blocks with ids see the contract. Raises InputError when the numbers or names of columns differ, when only some
        blocks are in both, and when a block was counted with other rows; nothing has changed then.
        """
        self._merge(other)
        return self

    def normal_equations(self) -> NormalEquations:
        """The exact sums so far: of [A B], where b has several columns, the last of which is the right side."""
        return self._sums.normal_equations(self._scales_of_sums, self._sum_weight_unit)

    @in_default_mode
    def solve(
        self,
        *,
        names: Sequence[str] | None = None,
        policy: Policy = "full-rank",
        weighting: Weighting = "relative",
        ridge: Any = None,
    ) -> CertifiedFit | Any:
        """The certified fit of all the rows, one for each target where there are several: what `lstsq(A, b)` gives.

        The accumulator can go on. Arguments and errors are those of `lstsq`; and InputError for sums that no rows can
        have: after the removal of rows that were never added, or from a file that was edited.
        """
        started = process_time()
        require_choice("policy", policy, POLICIES)
        require_choice("weighting", weighting, WEIGHTINGS)
        # In their one form, so that what is estimated of them, as supported digits are, has no history either.
        content, n = self._content(), self._size - self.targets
        unit = content.weight_unit / content.sums.divisor
        normal = content.sums.to_sums().normal_equations(self._own_scales if self.scales else None, unit)
        if not self._only_added and (self.rows < 0 or not is_of_rows(normal)):
            raise InputError(
                "no rows have these sums: rows were removed that had not been added, or the file was changed; add up "
                "the rows anew"
            )
        labels = column_names(names, self.names, self.n, intercept=self.intercept)
        penalty = None
        if ridge is not None:
            require_one_policy(policy)
            penalty = penalties(ridge, labels, intercept=self.intercept, penalize_intercept=False)
            penalty = penalty if any(penalty) else None
        if weighting == "absolute" and self._unweighted:
            raise InputError('weighting="absolute" is about weights: add rows with weights=1/sigma**2')
        if policy == "full-rank" and penalty is None and self.rows < n:
            raise UnderdeterminedError(
                f"{self.rows} {'row does' if self.rows == 1 else 'rows do'} not determine {n} "
                f"coefficient{'s' * (n != 1)}: give at least {n} rows, or ask for ",
                Argument("policy", "minimum-norm"),
            )
        if self.rows == 0:
            raise UnderdeterminedError("no row of weight above 0 was added: add the data first")
        constant = next((j for j, value in enumerate(self._same or ()) if value), None)
        asked = Asked(labels, policy, constant, weighting, self.intercept, self._unweighted, penalty, started)
        known = [self._known([*range(n), n + k]) for k in range(self.targets)]
        return fits_of(normal, asked, self._targets, [None] * self.targets, known)

    @property
    def _targets(self) -> tuple[str, ...]:
        """The names of the targets, b or b0, b1, ... where they have none."""
        return self.target_names or (("b",) if self.targets == 1 else tuple(f"b{k}" for k in range(self.targets)))

    def _known(self, columns: Sequence[int]) -> Known | None:
        """How exactly the numbers of some columns are known; None where that is unknown, or there are no rows."""
        if not self._observed:
            return None
        found = [one.only(columns).resolutions([scales[j] for j in columns]) for scales, one in self._observed.items()]
        return Known(reduce(or_, found), quotient(*self._total_weight.as_integer_ratio()))

    def __repr__(self) -> str:
        columns = f"{self.n} column{'s' * (self.n != 1)}{' and an intercept' * self.intercept}{_shown(self.names)}"
        targets = f"{self.targets} target{'s' * (self.targets != 1)}{_shown(self.target_names)}"
        ids = f", {len(self.blocks)} block{'s' * (len(self.blocks) != 1)} with ids" if self.blocks else ""
        return f"GramAccumulator: {self.rows:,} row{'s' * (self.rows != 1)} of {columns}, for {targets}{ids}"


def _shown(names: Names) -> str:
    """Some names behind a number."""
    if names is None:
        return ""
    return f" ({', '.join(names[:SHOWN])}{', ...' * (len(names) > SHOWN)})"
