"""Learning rates as functions of the step number, counted from 0."""

from collections.abc import Callable
from typing import TypeAlias

Rate: TypeAlias = Callable[[int], float]


def constant(lr: float) -> Rate:
    """lr at every step."""
    return lambda step: lr
