"""An optimiser carried on in 400 bits from any step of a run: what its rule does, once rounding is taken away."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.solvers import descent
from stabilitylab.training.minimum import Minimum, as_mpf, mp
from stabilitylab.training.setting import Setting


def carried_on(setting: Setting, ruler: Minimum, start: Array, after: int = 0) -> Iterator[Array]:
    """The weights x_1, x_2, ... (n,) of a full-batch run that rounds nothing behind step `after`, as object arrays.

    Until then the run is the user's own. From the step behind `after` on the gradient is H (x - x*) in 400 bits, and
    what the optimiser makes of it is in 400 bits too, but for Python's own numbers: hyperparameters and powers of them.
    """
    from stabilitylab.core.objective import LeastSquares
    from stabilitylab.training.observed import Observed
    from stabilitylab.training.updates import update_of

    rounded = Observed(setting, lambda: LeastSquares(setting.format.rounded(ruler.A), setting.format.rounded(ruler.b),
                                                     setting.loss))  # fmt: skip
    users = update_of(setting)
    calls = 0

    def gradient(x: Array) -> Array:
        nonlocal calls
        calls += 1
        if calls <= after:
            return rounded(x)
        e = ruler.error(x)
        return np.array([sum((h * v for h, v in zip(row, e, strict=True)), mp.zero) for row in ruler.H], dtype=object)

    def update(x: Array, step: Array) -> Array:
        return users(x, step) if calls <= after else exact(x) + exact(step)

    steps = descent.get(setting.optimiser)(
        gradient, start if after else exact(start), lr=setting.rate, update=update, **setting.hyperparameters
    )
    return (iterate.x for iterate in steps)


def exact(values: Array) -> Array:
    """The numbers of an array of finite numbers as mpmath numbers, exactly."""
    return np.array([as_mpf(value) for value in values], dtype=object)


def leaves(setting: Setting, ruler: Minimum, start: Array, steps: int, after: int = 0) -> int | None:
    """The first step at which the run carried on exactly leaves the range of the format; None where none does."""
    largest = as_mpf(setting.format.largest)
    with np.errstate(all="ignore"):
        for k, x in enumerate(islice(carried_on(setting, ruler, start, after), steps), 1):
            if any(_beyond(value, largest) for value in x):
                return k
    return None


def inevitable_after(setting: Setting, ruler: Minimum, start: Array, ended: int) -> int:
    """The first step of a run that ended infinite from which it leaves the range in exact arithmetic too.

    0: the rule itself leads there, whatever is rounded. Found by bisection: each question carries the run on exactly
    from another step. Once it is inevitable it stays so, for the weights that lead there are those of the run.
    """
    low, high = 0, ended
    if leaves(setting, ruler, start, ended) is not None:
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if leaves(setting, ruler, start, ended, middle) is not None else (middle, high)
    return high


def _beyond(value: Any, largest: Any) -> bool:
    number = as_mpf(value) if np.isfinite(float(value)) else value
    return bool(number - number != 0 or abs(number) > largest)
