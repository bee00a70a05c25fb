"""What an optimiser would add to the weights next, unrounded, and how far the next number of the format is."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.training.run import Run


def next_step(run: Run) -> Array:
    """The step from the weights at the end (n,): lr times the gradient there for a method without state, else what its
    last state says: lr m / (sqrt v + eps), or lr times the velocity, to the first digits."""
    setting, state = run.setting, {name: np.asarray(v, dtype=np.float64) for name, v in run.state.items()}
    lr = setting.rate(run.ended)
    gradient = np.array([float(g) for g in run.minimum.times_hessian(run.minimum.error(run.x))])
    m, v, eps = state.get("m", gradient), state.get("v"), setting.hyperparameter("eps")
    if v is None:
        return np.asarray(-lr * m)
    if eps is None:  # v is a velocity
        return np.asarray(-lr * v)
    with np.errstate(all="ignore"):
        return np.asarray(-lr * m / (np.sqrt(np.abs(v)) + eps))


def spacing(x: Array, step: Array, format: Format) -> Array:
    """|next - x_j| (n,), next the neighbour of x_j in the format on the side of step_j."""
    return np.array([_distance(value, s, format) for value, s in zip(x, step, strict=True)])


def _distance(value: Any, step: float, format: Format) -> float:
    x = float(value)
    above, below = format.next_up(value), format.next_down(value)
    return abs(float(above if step > 0 else below) - x)
