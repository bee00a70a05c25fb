"""What the laws of `scoring.theory.descent` say about one setting on one problem, before it is run."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.scoring.theory.descent.recurrence import LINEAR, Recurrence
from stabilitylab.solvers import descent
from stabilitylab.training.minimum import Minimum
from stabilitylab.training.setting import Setting


def recurrence_of(setting: Setting) -> Recurrence | None:
    """The recurrence of the error along each eigenvector; None for a method that is not linear, and for a schedule."""
    law = descent.entry(setting.optimiser).label.law
    if law not in LINEAR or setting.schedule is not None or setting.clip is not None:
        return None
    momentum = setting.hyperparameter("momentum")
    return LINEAR[law]() if momentum is None else LINEAR[law](momentum)


def largest_rate(setting: Setting, ruler: Minimum) -> float | None:
    """The rate above which the method is unstable on these data: its limit over the largest eigenvalue of the Hessian.

    None where it has no such law, and where A is 0.
    """
    recurrence = recurrence_of(setting)
    L = float(ruler.spectrum[0][0])
    return recurrence.limit / L if recurrence is not None and L > 0 else None


def components(ruler: Minimum, start: Array) -> Array:
    """The error of the start along each eigenvector (n,)."""
    _, V = ruler.spectrum
    return np.asarray(V.T @ np.array([float(e) for e in ruler.error(start)]))


def predicted_overflow(setting: Setting, ruler: Minimum, start: Array) -> int | None:
    return None
