"""What the laws of `scoring.theory.descent` say about one setting on one problem, before it is run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.scoring.theory.descent import recurrence
from stabilitylab.scoring.theory.descent.overflow import step_of_overflow
from stabilitylab.scoring.theory.descent.recurrence import Recurrence
from stabilitylab.scoring.theory.descent.start import Start, stored
from stabilitylab.solvers import descent
from stabilitylab.training.minimum import Minimum
from stabilitylab.training.setting import Setting, hyperparameters_of

AHEAD = "shifted"  # the form of Nesterov's method that follows the point at which the gradient is


def recurrence_of(setting: Setting, **in_place: Any) -> Recurrence | None:
    """The recurrence of the error along each eigenvector; None for a method that is not linear, and for a schedule.

    in_place: hyperparameters in the place of those of the setting.
    """
    if setting.schedule is not None or setting.clip is not None:
        return None
    chosen = {**hyperparameters_of(setting.optimiser), **setting.hyperparameters, **in_place}
    return recurrence.recurrence_of(descent.entry(setting.optimiser).label.law, chosen)


def largest_rate(setting: Setting, ruler: Minimum) -> float | None:
    """The rate above which the method is unstable on these data: its limit over the largest eigenvalue of the Hessian.

    None where it has no such law, and where A is 0.
    """
    followed = recurrence_of(setting)
    L = float(ruler.spectrum[0][0])
    return followed.limit / L if followed is not None and L > 0 else None


def components(ruler: Minimum, start: Array) -> Array:
    """The error of the start along each eigenvector (n,)."""
    _, V = ruler.spectrum
    return np.asarray(V.T @ np.array([float(e) for e in ruler.error(start)]))


def predicted_overflow(setting: Setting, ruler: Minimum, start: Array) -> int | None:
    """The step at which the loss is first infinite, said from eigenvalues, rate and format alone; None: not said.

    Rate and momentum are taken as the format holds them, since growth over many steps depends on their last bits. The
    loss that a training loop sees is that of the point at which the gradient is.
    """
    held = _as_held(setting)
    if "form" in hyperparameters_of(setting.optimiser):
        held["form"] = AHEAD
    followed = recurrence_of(setting, **held)
    if followed is None or setting.batch is not None or not ruler.is_unique:
        return None
    begun = Start(_plain(ruler.A), _plain(ruler.b), _plain(start), float(ruler.factor))
    rate = stored(setting.lr, setting.format)
    found = step_of_overflow(followed, rate, begun, setting.format, numerator=ruler.factor.numerator)
    return None if found is None else found.step


def _as_held(setting: Setting) -> dict[str, Any]:
    """The hyperparameters that are numbers, as the format of the state holds them."""
    chosen: Mapping[str, Any] = {**hyperparameters_of(setting.optimiser), **setting.hyperparameters}
    return {name: stored(value, setting.state_format) for name, value in chosen.items() if isinstance(value, float)}


def _plain(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64)
