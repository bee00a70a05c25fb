"""The index of pandas: which label a row has, and whether the rows of two tables are in one order."""

from collections.abc import Mapping
from typing import Any

from stabilitylab.core.errors import InputError
from stabilitylab.data.kinds import is_sparse
from stabilitylab.data.places import FIRST, label_shown


def index_of(values: Any) -> Any:
    """The index of a table or column of pandas, or of the first column in a dict of them; None for anything else."""
    if isinstance(values, Mapping) and not is_sparse(values) and len(values):
        values = next(iter(values.values()))
    index = getattr(values, "index", None)
    return index if hasattr(values, "iloc") and hasattr(index, "equals") else None


def labels_of_rows(values: Any) -> Any:
    """The index of a table of pandas where it is not the numbers of the rows; None otherwise."""
    index = index_of(values)
    if index is None or (type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1):
        return None
    return index


def refuse_misaligned(A: Any, b: Any, name: str, of: str = "A") -> None:
    """Raise InputError where the indexes of pandas say that row i of b is not that of row i of A.

    That is where both have a label that does not stand in the same row; indexes that share none say nothing. name, of:
    what errors call b and A.
    """
    left, right = index_of(A), index_of(b)
    if left is None or right is None or len(left) != len(right) or left.equals(right) or not left.isin(right).any():
        return
    own = name if name != "b" else "y"
    row = next((i for i, (one, other) in enumerate(zip(left, right, strict=True)) if one != other), 0)
    raise InputError(
        f"the rows of {name} are not those of {of}, by their index: in row {row} ({FIRST}) it is "
        f"{label_shown(right[row])}, and {label_shown(left[row])} in {of}: pass {own}.loc[X.index], or "
        f"{own}.to_numpy() if the rows are in the order of {of} as they stand"
    )
