"""What is checked of a replay: that its exact run ends at the certified vector, and its last run at what was returned.

That the changes of the stages add up to the total is an identity, and no check. What can be wrong is a stage: that the
user's arithmetic is not what it says, or that its exact form is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotFiniteError
from stabilitylab.replay.enclosed import Vector, vector_of
from stabilitylab.replay.stage import Stage, same


@dataclass(frozen=True)
class Check:
    """One check: what was compared and how it ended, and where it failed the names of the stages that it refutes.

    at: the name of the last stage that was run as the user did, "" where none was.
    """

    says: str
    holds: bool
    at: str = ""
    refutes: tuple[str, ...] = ()


def of_certified(point: Vector, certified: Vector, stages: Sequence[Stage], run_as_user: int) -> Check:
    """Whether a point meets the certified vector for the data behind its first `run_as_user` stages, entry by entry.

    A failure refutes the last stage that was run as the user did; of the point without one, the exact form of some
    stage, and all are named.
    """
    at = stages[run_as_user - 1].name if run_as_user else ""
    what = f"after {at!r}" if at else "of the exact run"
    wrong = _first_apart(point, certified)
    if wrong is None:
        return Check(f"the vector {what} lies in the certified enclosure", True, at)
    refuted = (at,) if at else tuple(stage.name for stage in stages)
    return Check(f"the vector {what} is not the certified one: {wrong}", False, at, refuted)


def of_returned(state: Any, returned: Array, stages: Sequence[Stage]) -> Check:
    """Whether the state behind the last stage is bit for bit what was returned.

    Of arrays the bits are compared, the sign of a zero among them; of other vectors the exact values. A failure refutes
    the stages that are models of a library's inside, all stages where none is.
    """
    says, at = "run as the user did, the stages give", stages[-1].name
    if isinstance(state, np.ndarray) and state.dtype == returned.dtype:
        holds = same(state.ravel(), returned.ravel())
    else:
        try:
            holds = vector_of(state) == vector_of(returned)
        except NotFiniteError:
            holds = False
    if holds:
        return Check(f"{says} the returned vector bit for bit", True, at)
    models = tuple(stage.name for stage in stages if stage.is_model)
    return Check(f"{says} another vector than was returned", False, at, models or tuple(stage.name for stage in stages))


def _first_apart(point: Vector, certified: Vector) -> str | None:
    if len(point) != len(certified):
        return f"it has {len(point)} entries, and {len(certified)} are certified"
    apart = next((j for j, pair in enumerate(zip(point, certified, strict=True)) if not pair[0].meets(pair[1])), None)
    return None if apart is None else f"entry {apart} lies outside its enclosure"
