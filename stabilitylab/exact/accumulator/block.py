"""One block of rows as exact numbers, with the names of its columns, before any of it is summed."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.core.printable import quoted
from stabilitylab.exact.gram.exact_input import ExactInput, joined, with_intercept
from stabilitylab.exact.gram.inputs import Weights, exact_weights
from stabilitylab.exact.gram.reading import read
from stabilitylab.exact.rows import ExactRows

Names = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class Block:
    """data: [A B] of a block, the last column of B as its b; weights: None for ones; names: where it has some."""

    data: ExactInput
    weights: Weights | None
    names: Names
    target_names: Names

    @property
    def counted(self) -> ExactInput:
        """The rows of weight above 0."""
        return self.data if self.weights is None else self.data.rows(self.weights.values.astype(bool))


def read_block(
    A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None, n: int, targets: int, *, intercept: bool
) -> Block:
    """A (k, n) and b (k,) or (k, targets) of a block, without any rounding; intercept: a column of ones in front.

    Raises the errors of `gram.reading.read` and `gram.inputs.exact_weights`, and ShapeError for another shape.
    """
    taken = read(A, b, wide=True)
    inputs, (rows, columns) = taken.inputs, taken.inputs[0].A.shape
    if columns != n:
        raise ShapeError(f"a block must have {n} columns; got {(rows, columns)}")
    if len(inputs) != targets:
        shape = (rows, len(inputs)) if len(inputs) > 1 else (rows,)
        raise ShapeError(f"b must have shape ({rows}, {targets}), a column for each target; got {shape}")
    weighing = exact_weights(weights, rows)
    named = taken.targets if inputs[0].called.b.columns else None
    data = joined(with_intercept(inputs) if intercept else inputs, slice(0, rows))
    if not _is_plain(data):
        data = _whole(data)
    if not _is_plain(data):
        raise InputError("a block must hold floats or integers: give decimals as integers with their scales")
    return Block(data, weighing, taken.features or None, named)


def _is_plain(data: ExactInput) -> bool:
    return data.scales is None or all(scale == 1 for scale in data.scales)


def _whole(data: ExactInput) -> ExactInput:
    """The same numbers without scales, in Python ints, where all of them are whole; else as they are."""
    rows = ExactRows.of(data)
    if any(unit.denominator != 1 for unit in rows.units):
        return data
    *units, own = (int(unit) for unit in rows.units)
    return replace(data, A=rows.A * np.array(units, dtype=object), b=rows.b * own, floats=False, scales=None, rest=None)


def agreed(mine: Names, theirs: Names, what: str) -> Names:
    """The names of both, None for unknown ones. Raises InputError where they are others, or in another order."""
    if mine is None or theirs is None or mine == theirs:
        return theirs if mine is None else mine
    if sorted(mine) == sorted(theirs):
        order = list(mine)
        raise InputError(
            f"the {what} are {quoted(mine)}, and here they come as {quoted(theirs)}: give them in the same order, as "
            f"table[{order!r}] does"
        )
    other = next((name for name in theirs if name not in mine), theirs[0])
    raise InputError(
        f"the {what} are {quoted(mine)}, and {other!r} is none of them: give the same columns, or sum these rows "
        "in an accumulator of their own"
    )
