"""One block of rows as exact numbers, with the names of its columns, before any of it is summed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.data.frames import names_of_columns
from stabilitylab.data.series import is_series, name_of
from stabilitylab.exact.gram.exact_input import ExactInput, joined, with_intercept
from stabilitylab.exact.gram.inputs import Weights, exact_weights
from stabilitylab.exact.gram.reading import read

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

    Raises the errors of `reading.read` and `inputs.exact_weights` in `gram`, and ShapeError for another shape.
    """
    shape = np.shape(b)
    if targets > 1 and shape[1:] != (targets,):
        expected = (*shape[:1], targets)
        raise ShapeError(f"b must have shape {expected}, a column for each target; got {shape}")
    found = read(A, b, wide=True, sparse=False, several=targets > 1)
    if found.inputs[0].A.shape[1] != n:
        raise ShapeError(f"a block must have {n} columns; got {found.inputs[0].A.shape}")
    inputs = with_intercept(found.inputs) if intercept else found.inputs
    data = joined(inputs, slice(None))
    if data.scales is not None and any(scale != 1 for scale in data.scales):
        raise InputError("a block must hold floats or integers: give decimals as integers with their scales")
    return Block(data, exact_weights(weights, len(data.b)), found.features or None, names_of_targets(b, found.targets))


def names_of_targets(b: Any, names: tuple[str, ...]) -> Names:
    """The names of targets, where the table or series b has some."""
    return names if names_of_columns(b) or (is_series(b) and name_of(b)) else None


def agreed(mine: Names, theirs: Names, what: str) -> Names:
    """The names of both, None for unknown ones. Raises InputError where they are others, or in another order."""
    if mine is None or theirs is None or mine == theirs:
        return theirs if mine is None else mine
    if sorted(mine) == sorted(theirs):
        order = list(mine)
        raise InputError(
            f"the {what} are {_listed(mine)}, and here they come as {_listed(theirs)}: give them in the same order, as "
            f"table[{order!r}] does"
        )
    other = next((name for name in theirs if name not in mine), theirs[0])
    raise InputError(
        f"the {what} are {_listed(mine)}, and {other!r} is none of them: give the same columns, or sum these rows "
        "in an accumulator of their own"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + ", ..." * (len(names) > 5)
