"""A history of losses or weights from anywhere: the setting that gives it again, or the first step that does not."""

from collections.abc import Callable
from typing import Any

import numpy as np

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LOSSES, Loss
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.run import Run

ALIKE = 1e-2  # relative difference of two losses, or weights, that are taken for the same
MOST = 200  # steps that are held against each other


@cause("SL413", "the loss has another factor than was said", "warning", "meaning")
def other_loss(inquiry: object) -> None:
    """The losses are those of another convention (half sum, sum, half mean, mean): the same run under that one gives
    them again. Found where a history is explained."""


def reproduced(history: Array, again: Callable[..., Run], loss: Loss) -> tuple[Run, tuple[Found, ...]]:
    """The run that gives this history, as was said or under another convention of the loss.

    Raises InputError where none does, naming the first step at which the run as it was said leaves the history.
    """
    run = again()
    parted = _parts(history, run)
    if parted is None:
        return run, ()
    for other in LOSSES:
        if other == loss:
            continue
        tried = again(loss=other)
        if _parts(history, tried) is None:
            ratio = float(tried.minimum.factor / run.minimum.factor)
            says = (
                f"the history is that of the {other} of the squares, not of the {loss}: the gradient is {ratio:.4g} "
                "times as "
                f"large, and so is the rate in effect"
            )
            return tried, (shown("SL413", says, witness={"loss": other, "said": loss, "factor": ratio}),)
    step, theirs, ours = parted
    raise InputError(
        f"run again as said, {run.setting.optimiser} gives {ours:.6g} at step {step}, and the history {theirs:.6g}, "
        "under each "
        "convention of the loss: check lr, hyperparameters, format, batch and start, or pass the weights (K, n), "
        "start first"
    )


def _parts(history: Array, run: Run) -> tuple[int, float, float] | None:
    """The first recorded step at which the history and the run differ, with both numbers; None where none does."""
    weights = [np.asarray(x, dtype=np.float64) for x in run.weights]
    for k, x, value in zip(run.steps[:MOST], weights, run.losses, strict=False):
        if k >= len(history):
            break
        mine: Any = x if history.ndim == 2 else value
        if history.ndim == 1 and np.isnan(value):  # the last step, whose loss was not computed
            continue
        if np.shape(mine) != np.shape(history[k]):
            raise InputError(f"the weights of a history must have {len(x)} columns; got {history.shape[1]}")
        theirs = history[k]
        if not np.all(np.isfinite(mine)) or not np.all(np.isfinite(theirs)):
            if np.array_equal(np.isfinite(mine), np.isfinite(theirs)):
                continue
            return int(k), float(np.max(np.abs(theirs))), float(np.max(np.abs(mine)))
        size = float(np.max(np.abs(theirs)))
        if float(np.max(np.abs(theirs - mine))) > ALIKE * max(size, 1e-300):
            return int(k), float(np.ravel(theirs)[0]), float(np.ravel(mine)[0])
    return None
