"""One block of rows as exact numbers, with the names of its columns, before any of it is summed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.errors import InputError, NotFiniteError, ShapeError
from stabilitylab.data.validation import unrounded
from stabilitylab.exact.gram.inputs import ExactInput, Weights, exact_input, exact_weights, from_parts, with_intercept
from stabilitylab.exact.gram.numbers import exact_numbers
from stabilitylab.exact.gram.resolution import as_given

Names = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class Block:
    """data: [A B] of a block, the last column of B as its b; weights: None for ones; names: where it has some."""

    data: ExactInput
    weights: Weights | None
    names: Names
    target_names: Names
    intercept: bool = False

    @property
    def counted(self) -> ExactInput:
        """The rows of weight above 0."""
        return self.data if self.weights is None else self.data.rows(self.weights.values.astype(bool))

    def not_finite(self, targets: int) -> NotFiniteError:
        """The error that names the first number that is none, as the block has it: its column by name or number."""
        values = np.column_stack([self.data.A, self.data.b])[:, self.intercept :]
        row, j = np.argwhere(~np.isfinite(values))[0].tolist()
        n = values.shape[1] - targets
        names, own, k = (self.names, "A", j) if j < n else (self.target_names, "b", j - n)
        if names is not None:
            where = f"column {names[k]!r} is {values[row, j]} in row {row}"
        else:
            place = f"{row}, {k}" if own == "A" or targets > 1 else f"{row}"
            where = f"{own}[{place}] is {values[row, j]}"
        return NotFiniteError(f"{where}: remove that row or give the number")


def read_block(
    A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None, n: int, targets: int, *, intercept: bool
) -> Block:
    """A (k, n) and b (k,) or (k, targets) of a block, without any rounding; intercept: a column of ones in front.

    Raises the errors of `exact_input` and `exact_weights` in `gram.inputs`, and ShapeError for another shape.
    """
    is_table = targets > 1 or len(getattr(b, "shape", ())) == 2
    right: Any = unrounded(b, "b") if is_table else b
    if is_table and right.shape[1:] == (targets,) == (1,):
        right = right[:, 0]
    data = exact_input(A, right, wide=True) if targets == 1 else _with_targets(A, right, n, targets)
    if data.A.shape[1] != n + targets - 1:
        raise ShapeError(f"a block must have {n} columns; got {data.A.shape}")
    if data.scales is not None and any(scale != 1 for scale in data.scales):
        raise InputError("a block must hold floats or integers: give decimals as integers with their scales")
    weighing = exact_weights(weights, len(data.b))
    return Block(with_intercept(data) if intercept else data, weighing, names_of(A), names_of(b), intercept)


def _with_targets(A: npt.ArrayLike, right: Any, n: int, targets: int) -> ExactInput:
    """[A B] for several targets."""
    matrix = unrounded(A, "A")
    if matrix.ndim != 2 or matrix.shape[1] != n:
        raise ShapeError(f"a block must have {n} columns; got {matrix.shape}")
    if right.shape != (len(matrix), targets):
        raise ShapeError(f"b must have shape ({len(matrix)}, {targets}), a column for each target; got {right.shape}")
    if matrix.dtype == right.dtype == np.float64:
        return exact_input(np.hstack([matrix, right[:, :-1]]), right[:, -1], wide=True)
    columns = [*matrix.T, *right.T]
    named = [*(f"column {j} of A" for j in range(n)), *(f"column {j} of b" for j in range(targets))]
    parts = [exact_numbers(column, name) for column, name in zip(columns, named, strict=True)]
    return from_parts(parts, as_given(columns, [scale for _, scale in parts]))


def names_of(table: Any) -> Names:
    """The names of a table's columns, or of a series, where they are texts: of pandas, polars or pyarrow."""
    if getattr(table, "ndim", 2) == 1:
        found: list[Any] = [getattr(table, "name", None)]
    elif hasattr(table, "column_names"):
        found = list(table.column_names)
    else:
        columns = getattr(table, "columns", None)
        found = [] if columns is None or callable(columns) else list(columns)
    return tuple(found) if found and all(isinstance(name, str) and name for name in found) else None


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
