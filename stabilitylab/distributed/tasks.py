"""What a task does, whatever engine runs it: the exact sums of one block of rows, and of two partial sums one."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TypeAlias

from stabilitylab.core.errors import InputError, MissingLibraryError
from stabilitylab.exact import GramAccumulator

Block: TypeAlias = tuple[Any, Any] | tuple[Any, Any, Any]  # (A, b) or (A, b, weights)
Blocks: TypeAlias = Iterable[Block | Callable[[], Block]]


def block_sums(
    block: Block | Callable[[], Block],
    block_id: str | None = None,
    *,
    intercept: bool = False,
    like: GramAccumulator | None = None,
) -> GramAccumulator:
    """The sums of a block (A, b) or (A, b, weights), A (k, n), b (k,) or (k, targets).

    block: or a function that returns one, so that a worker reads what it sums. block_id: an id, by which a task that is
    run twice counts once. intercept: a column of ones in front. like: an accumulator that says how blocks are read, in
    place of that. A block without rows gives 0. Raises InputError for what is no block, and the errors of `add`.
    """
    found: Any = block() if callable(block) else block
    if not isinstance(found, tuple | list) or len(found) not in (2, 3):
        raise InputError(f"a block must be (A, b) or (A, b, weights); got {type(found).__name__}")
    A, b = found[:2]
    weights = found[2] if len(found) == 3 else None
    shape: Any = getattr(A, "shape", None)
    right: Any = getattr(b, "shape", ())
    if shape is None or len(shape) != 2:
        raise InputError(
            f"A of a block must be a table or an array (k, n); got {type(A).__name__} {shape or ''}".rstrip()
        )
    targets = int(right[1]) if len(right) == 2 else 1
    made = GramAccumulator(int(shape[1]), targets, intercept=intercept) if like is None else like.zero()
    return made.add(A, b, weights, block=block_id) if shape[0] else made


def merged(parts: Iterable[GramAccumulator | None]) -> GramAccumulator | None:
    """The sum of partial sums; None for those of no blocks at all.

    It is a new accumulator: an engine may run a task again with the same parts.
    """
    found = None
    for part in parts:
        if part is not None:
            found = (part.zero() if found is None else found).merge(part)
    return found


def total(parts: Iterable[GramAccumulator | None]) -> GramAccumulator:
    """The sum of partial sums. Raises InputError where there are none."""
    found = merged(parts)
    if found is None:
        raise InputError("there are no blocks to be summed: give at least one (A, b)")
    return found


def block_id(prefix: str | None, k: int) -> str | None:
    """The id of block k; None without a prefix."""
    return None if prefix is None else f"{prefix}-{k}"


def engine(module: str, extra: str) -> Any:
    """A module of an engine. Raises MissingLibraryError, with what is to be installed, where it is not here."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingLibraryError(f"this needs {module} ({error}): pip install {extra}") from None
