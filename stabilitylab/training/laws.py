"""What the laws of `scoring.theory.descent` say about one setting on one problem, before it is run."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.scoring.theory.descent.overflow import step_of_overflow
from stabilitylab.scoring.theory.descent.recurrence import LINEAR, Recurrence
from stabilitylab.scoring.theory.descent.start import Start, stored
from stabilitylab.solvers import descent
from stabilitylab.training.minimum import Minimum
from stabilitylab.training.setting import Setting


def momentum_of(setting: Setting) -> float | None:
    """The momentum, by whichever name the optimiser has it; None for one without."""
    return next((m for m in map(setting.hyperparameter, ("momentum", "beta")) if m is not None), None)


def recurrence_of(setting: Setting, momentum: float | None = None) -> Recurrence | None:
    """The recurrence of the error along each eigenvector; None for a method that is not linear, and for a schedule.

    momentum: in place of that of the setting, where the format holds another number.
    """
    law = descent.entry(setting.optimiser).label.law
    if law is None or law not in LINEAR or setting.schedule is not None or setting.clip is not None:
        return None
    momentum = momentum_of(setting) if momentum is None else momentum
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
    """The step at which the loss is first infinite, said from eigenvalues, rate and format alone; None: not said.

    Rate and momentum are taken as the format holds them, since growth over many steps depends on their last bits.
    """
    momentum = momentum_of(setting)
    recurrence = recurrence_of(setting, None if momentum is None else stored(momentum, setting.format))
    if recurrence is None or setting.batch is not None:
        return None
    begun = Start(_plain(ruler.A), _plain(ruler.b), _plain(start), float(ruler.factor))
    rate = stored(setting.lr, setting.format)
    found = step_of_overflow(recurrence, rate, begun, setting.format, numerator=ruler.factor.numerator)
    return None if found is None else found.step


def _plain(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64)
