"""The step at which a run that diverges leaves the range of its format, said before the run."""

from dataclasses import dataclass
from math import log

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.scoring.theory.descent.modes import log_modes
from stabilitylab.scoring.theory.descent.recurrence import Recurrence
from stabilitylab.scoring.theory.descent.start import Start

_LOOKED_THROUGH = 512  # first steps, in which a hump may leave the range and come back


@dataclass(frozen=True)
class Overflow:
    """At x_step, x_0 the start, the computed loss is first infinite or NaN; quantity: what left the range first.

    "loss": the sum of the squared residuals. "gradient": a product a_ij r_i or an entry of A'r at the step before,
    where entries of A are large. Weights never are the first: lr L is at least 2 and lr a number of the format, so
    that |r|², which is L |x|² then, is beyond the range where |x| reaches its end.
    """

    step: int
    quantity: str


def step_of_overflow(
    recurrence: Recurrence, lr: float, start: Start, format: Format, *, numerator: int = 1, most: float = 1e12
) -> Overflow | None:
    """The first step at which the loss is not finite in a format; None where it stays finite for `most` steps.

    None too where float64 does not hold the eigenvalues: nothing is said then.

    f_k = f* + sum_i lambda_i c_i² e_k(h_i)² / 2, with e_k of `log_modes` and h_i = lr lambda_i, for gradient descent
    (1 - lr lambda_i)**k: compared, in logarithms, with the largest number of the format. What a computation forms on
    the way counts: |r|² before it is halved or divided by the number of rows, A'r before that, products a_ij r_i.
    lr and the momentum of the recurrence: as the format holds them (`start.stored`), since a growth of 1 + d in a step
    depends on lr to 1 in d. numerator: the integer by which |r|² and A'r are multiplied before a division by m (2 for
    the mean of torch's MSELoss).
    Valid while rounding errors are small beside d: about one step in 1/d is uncertain by u/d; and where the start has
    a part c_i in the growing directions well above u |x*|, since rounding errors bring in one of about that size.
    """
    h = lr * start.eigenvalues
    if not np.isfinite(h).all():
        return None
    bounds = _Sizes(recurrence, h, start, log(float(format.largest)), log(numerator))
    with np.errstate(divide="ignore"):
        found = bounds.first(0, np.arange(_LOOKED_THROUGH))
        if found is not None:
            return found
        # Beyond the first steps only what grows can leave the range, and it grows without end.
        if float(recurrence.radius(h).max()) <= 1:
            return None
        low, high = float(_LOOKED_THROUGH), 2.0 * _LOOKED_THROUGH
        while not bounds.beyond(high):
            low, high = high, 2 * high
            if high > most:
                return None
        while high - low > 1:
            middle = float(np.floor((low + high) / 2))
            low, high = (low, middle) if bounds.beyond(middle) else (middle, high)
        return bounds.first(int(high) - 1, np.array([high - 1, high]))


@dataclass(frozen=True, eq=False)
class _Sizes:
    """How large each quantity is at x_k, in logarithms, beside the largest number."""

    recurrence: Recurrence
    h: Array
    start: Start
    largest: float
    log_numerator: float

    def sizes(self, k: Array) -> dict[str, Array]:
        """log of the largest entry of each quantity, for each step of k."""
        start = self.start
        logs, signs = log_modes(self.recurrence, self.h, k)
        # Common factor exp(unit) of all modes of a step, so that their sums neither over- nor underflow.
        components = np.log(np.abs(start.components))
        unit = np.maximum((logs + components).max(axis=-1, keepdims=True), 0)
        modes = np.sign(start.components) * signs * np.exp(logs + components - unit)
        A = np.asarray(start.A, dtype=np.float64)
        r = np.exp(-unit) * start.residual + modes @ (A @ start.eigenvectors).T
        unit = unit[..., 0]
        products = (np.abs(r) * np.abs(A).max(axis=1)).max(axis=-1)
        with np.errstate(divide="ignore"):
            sums = np.log(np.abs(r @ A).max(axis=-1)) + self.log_numerator
            return {
                "loss": np.log((r * r).sum(axis=-1)) + 2 * unit + self.log_numerator,
                "gradient": np.maximum(np.log(products), sums) + unit,
            }

    def beyond(self, k: float) -> bool:
        """Whether the loss is not finite at x_k."""
        return self.first(int(k) - 1, np.array([k - 1, k])) is not None

    def first(self, before: int, k: Array) -> Overflow | None:
        """The first of consecutive steps k at which the loss is not finite; a gradient spoils the step after."""
        sizes = self.sizes(k)
        steps = {
            name: int(k[np.flatnonzero(size > self.largest)[0]]) + (name == "gradient")
            for name, size in sizes.items()
            if (size > self.largest).any()
        }
        if not steps or min(steps.values()) > k[-1]:
            return None
        step = min(steps.values())
        return Overflow(step, min(name for name, at in steps.items() if at == step))
