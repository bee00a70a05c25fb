"""Methods that are linear on least squares, as recurrences of two terms for each eigenvalue, and their stability."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError


@dataclass(frozen=True)
class Recurrence:
    """e_(k+1) = s e_k - p e_(k-1), s = s0 - s1 h and p = p0 - p1 h, from e_1 = (1 - first h) e_0; h = lr lambda.

    e_k is the component of the error x_k - x* along an eigenvector of the Hessian whose eigenvalue is lambda, and lr
    that rate with which the gradient is multiplied: h has no unit. Valid for full gradients of a quadratic at a
    constant rate, in exact arithmetic. The characteristic polynomial is z**2 - s z + p: s is the sum of its roots,
    p their product.
    """

    s0: float
    s1: float
    p0: float = 0.0
    p1: float = 0.0
    first: float = 1.0

    @property
    def limit(self) -> float:
        """The largest h below which every smaller h > 0 gives |z| < 1 for both roots: the stability limit of lr lambda.

        Jury's criterion: 1 - p > 0, 1 + p + s > 0 and 1 + p - s > 0. Each is linear in h, so that the limit is the
        first zero of one that falls.
        Source: Jury, Theory and Application of the z-Transform Method (1964), section 3.1.
        """
        criteria = (
            (1 - self.p0, self.p1),
            (1 + self.p0 + self.s0, -self.p1 - self.s1),
            (1 + self.p0 - self.s0, self.s1 - self.p1),
        )
        return min((at_zero / -slope for at_zero, slope in criteria if slope < 0), default=np.inf)

    def roots(self, h: Array) -> tuple[Array, Array]:
        """(z1, z2) of z**2 - s z + p for each h, |z1| >= |z2|; complex.

        The larger first and the smaller as p / z1: their difference would cancel.
        """
        h = np.asarray(h, dtype=np.float64)
        half, p = (self.s0 - self.s1 * h) / 2, self.p0 - self.p1 * h
        root = np.sqrt((half * half - p).astype(np.complex128))
        z1 = half + np.where(half < 0, -root, root)
        with np.errstate(all="ignore"):
            return z1, np.where(z1 == 0, 0, p / z1)

    def radius(self, h: Array) -> Array:
        """The factor by which an error along each h = lr lambda shrinks in a step in the long run: max(|z1|, |z2|)."""
        return np.asarray(np.abs(self.roots(h)[0]))


def gradient() -> Recurrence:
    """x - lr g: e_(k+1) = (1 - h) e_k, limit 2. Source: Polyak, Introduction to Optimization (1987), section 1.4."""
    return Recurrence(s0=1, s1=1)


def heavy_ball(momentum: float, dampening: float = 0.0) -> Recurrence:
    """v = momentum v + d g, x - lr v, d = 1 - dampening: e_(k+1) = (1 + momentum - d h) e_k - momentum e_(k-1).

    Limit 2 (1 + momentum)/(1 - dampening). The first step is undamped: v_1 = g, as torch.optim.SGD.
    Source: Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1-17, section 2.
    """
    return Recurrence(s0=1 + momentum, s1=1 - dampening, p0=momentum)


def nesterov(momentum: float, form: str = "textbook") -> Recurrence:
    """y = x + momentum (x - x_before), x = y - lr g(y): e_(k+1) = (1 - h) ((1 + momentum) e_k - momentum e_(k-1)).

    Limit 2 (1 + momentum) / (1 + 2 momentum), which falls with the momentum from 2 to 4/3.
    form: "textbook" follows x; any other follows y, the point that libraries store as the weight: the same recurrence
    from another first step, v = g and x_0 - lr (g + momentum v), so that e_1 = (1 - (1 + momentum) h) e_0.
    Source: Nesterov, Introductory Lectures on Convex Optimization (2004), (2.2.20); Lessard, Recht and Packard,
    SIAM J. Optim. 26 (2016) 57-95, section 2.2.
    """
    first = 1.0 if form == "textbook" else 1 + momentum
    return Recurrence(s0=1 + momentum, s1=1 + momentum, p0=momentum, p1=momentum, first=first)


def momentum_mean(beta: float, gain: float | None = None) -> Recurrence:
    """m = beta m + gain g, x - lr m, gain 1 - beta unless given: limit 2 (1 + beta) / gain.

    gain: as the format holds it, where 1 - beta is rounded.
    Source of the limit: Cohen et al., arXiv 2207.14484 (2022), section 3.
    """
    gain = 1 - beta if gain is None else gain
    return Recurrence(s0=1 + beta, s1=gain, p0=beta, first=gain)


LINEAR: Mapping[str, Callable[..., Recurrence]] = {
    "gradient": gradient,
    "heavy_ball": heavy_ball,
    "nesterov": nesterov,
    "momentum_mean": momentum_mean,
}
"""By the name of the law in an optimiser's label: its recurrence, as a function of its hyperparameters."""


def recurrence_of(law: str | None, hyperparameters: Mapping[str, Any]) -> Recurrence | None:
    """The recurrence of a law with those of the hyperparameters that it depends on; None where the law is not linear.

    Raises InputError where one that it needs is missing.
    """
    if law is None or law not in LINEAR:
        return None
    make = LINEAR[law]
    parameters = signature(make).parameters
    missing = [name for name, p in parameters.items() if p.default is p.empty and name not in hyperparameters]
    if missing:
        raise InputError(f"the law of {law} depends on {', '.join(missing)}: give the value that the run has")
    return make(**{name: value for name, value in hyperparameters.items() if name in parameters})
