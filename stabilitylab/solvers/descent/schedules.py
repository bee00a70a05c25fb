"""Learning rates as functions of the step number, counted from 0."""

import math
from collections.abc import Callable
from typing import TypeAlias

from stabilitylab.core.arguments import require_whole
from stabilitylab.core.errors import InputError
from stabilitylab.solvers.descent.hyperparameters import number, rate, size

Rate: TypeAlias = Callable[[int], float]


def constant(lr: float) -> Rate:
    """lr at every step."""
    lr = rate("lr", lr)
    return lambda step: lr


def step_decay(lr: float, *, every: int, factor: float = 0.1) -> Rate:
    """lr factor**floor(step / every). Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.3.1."""
    lr, factor = rate("lr", lr), _factor(factor)
    require_whole("every", every, at_least=1)
    return lambda step: lr * factor ** (step // every)


def exponential(lr: float, *, factor: float) -> Rate:
    """lr factor**step."""
    lr, factor = rate("lr", lr), _factor(factor)
    return lambda step: lr * factor**step


def cosine(lr: float, *, steps: int, final: float = 0.0) -> Rate:
    """final + (lr - final) (1 + cos(pi step/steps))/2 until `steps`, and final from there on.

    Source: Loshchilov and Hutter, SGDR, ICLR (2017), equation 5, with one period."""
    lr, final = rate("lr", lr), size("final", final)
    require_whole("steps", steps, at_least=1)
    return lambda step: final + (lr - final) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def inverse_time(lr: float, *, decay: float) -> Rate:
    """lr / (1 + decay step): the sum over steps diverges and that of the squares does not, as SGD needs to converge.

    Source: Robbins and Monro, Ann. Math. Statist. 22 (1951) 400-407, section 3."""
    lr, decay = rate("lr", lr), size("decay", decay)
    return lambda step: lr / (1 + decay * step)


def inverse_power(lr: float, *, power: float) -> Rate:
    """lr / (step + 1)**power, as scikit-learn's "invscaling"; power 1/2 is usual, 1 is that of Robbins and Monro.

    Source: Bottou, Curtis and Nocedal, SIAM Review 60 (2018) 223-311, section 4.2."""
    lr, power = rate("lr", lr), size("power", power)
    return lambda step: float(lr / (step + 1) ** power)


def warm_up(after: Rate, *, steps: int) -> Rate:
    """The rate `after`, times (step + 1)/steps in the first `steps` steps.

    Source: Goyal et al., Accurate, large minibatch SGD, arXiv:1706.02677 (2017), section 2.2."""
    require_whole("steps", steps, at_least=1)
    if not callable(after):
        raise InputError(f"warm_up takes a schedule; got {after!r}: warm_up(constant({after!r}), steps={steps})")
    return lambda step: after(step) * min(1.0, (step + 1) / steps)


def _factor(factor: float) -> float:
    if not 0 < number("factor", factor) <= 1:
        raise InputError(f"factor must be above 0 and at most 1; got {factor!r}: 0.1 leaves a tenth each time")
    return float(factor)
