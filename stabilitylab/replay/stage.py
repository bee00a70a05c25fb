"""One stage of a pipeline, which can be run in the user's arithmetic and exactly; and several that are made one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from stabilitylab.core.errors import InputError


@dataclass(frozen=True, eq=False)
class Stage:
    """A step from one state of a pipeline to the next.

    name: one word or two, unique in a pipeline. says: what it does, as a sentence has it. users(state): the next state
    as the user's arithmetic makes it. exactly(state): the same without any rounding, or enclosed. Both leave the state
    that they are given as it is. A state is anything; the one behind the last stage is a vector (`vector_of`). States
    that are equal are not followed twice, so that a stage which rounds nothing on these data costs nothing (`same`).
    is_model: it tells what a library does inside, and is believed only where it reproduces what the library returned.
    """

    name: str
    says: str
    users: Callable[[Any], Any]
    exactly: Callable[[Any], Any]
    is_model: bool = False


def joined(stages: Sequence[Stage], name: str, says: str) -> Stage:
    """Several stages as one, run in their order: of the many steps of an iteration, for one.

    It is a model where any of them is. Raises InputError for no stages.
    """
    if not stages:
        raise InputError("at least one stage is needed to join")

    def users(state: Any) -> Any:
        return reduce(lambda reached, stage: stage.users(reached), stages, state)

    def exactly(state: Any) -> Any:
        return reduce(lambda reached, stage: stage.exactly(reached), stages, state)

    return Stage(name, says, users, exactly, any(stage.is_model for stage in stages))


def same(first: Any, second: Any) -> bool:
    """Whether two states are known to be equal: one object, arrays of the same bits, or `==` of one type says True."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray):
        alike = first.dtype == second.dtype and first.shape == second.shape and not first.dtype.hasobject
        return bool(alike and first.tobytes() == second.tobytes())
    if isinstance(first, tuple | list):
        return len(first) == len(second) and all(map(same, first, second))
    return (first == second) is True
