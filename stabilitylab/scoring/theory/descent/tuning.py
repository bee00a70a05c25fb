"""The best constant rates on a quadratic whose eigenvalues lie in [mu, L], and how fast the error then shrinks."""

from dataclasses import dataclass
from math import sqrt

from stabilitylab.core.errors import InputError
from stabilitylab.scoring.theory.descent.recurrence import Recurrence, gradient, heavy_ball, nesterov


@dataclass(frozen=True)
class Tuning:
    """lr and momentum of a method; rate: the factor by which the error shrinks in a step in the long run."""

    recurrence: Recurrence
    lr: float
    momentum: float
    rate: float


def best_gradient(mu: float, L: float) -> Tuning:
    """lr 2/(L + mu), rate (kappa - 1)/(kappa + 1), kappa = L/mu: 1 - lr lambda is as large at mu as at L.

    Source: Polyak (1987), section 1.4, theorem 3; Lessard, Recht and Packard (2016), proposition 1.
    """
    kappa = _condition(mu, L)
    return Tuning(gradient(), 2 / (L + mu), 0.0, (kappa - 1) / (kappa + 1))


def safe_gradient(mu: float, L: float) -> Tuning:
    """lr 1/L, rate 1 - 1/kappa: half as fast as the best, and needs no mu. Source: the same."""
    return Tuning(gradient(), 1 / L, 0.0, 1 - 1 / _condition(mu, L))


def best_heavy_ball(mu: float, L: float) -> Tuning:
    """lr 4/(sqrt L + sqrt mu)**2, momentum rate**2, rate (sqrt kappa - 1)/(sqrt kappa + 1).

    Every root then has the modulus sqrt(momentum), and those of mu and of L are double: the error is a multiple of
    k rate**k (see `hump`).
    Source: Polyak (1964), section 2; Lessard, Recht and Packard (2016), proposition 1.
    """
    root = sqrt(_condition(mu, L))
    rate = (root - 1) / (root + 1)
    return Tuning(heavy_ball(rate**2), 4 / (sqrt(L) + sqrt(mu)) ** 2, rate**2, rate)


def standard_nesterov(mu: float, L: float) -> Tuning:
    """lr 1/L, momentum (sqrt kappa - 1)/(sqrt kappa + 1), rate 1 - 1/sqrt kappa.

    Source: Nesterov (2004), (2.2.22); its rate on a quadratic: Lessard, Recht and Packard (2016), proposition 1.
    """
    root = sqrt(_condition(mu, L))
    momentum = (root - 1) / (root + 1)
    return Tuning(nesterov(momentum), 1 / L, momentum, 1 - 1 / root)


def best_nesterov(mu: float, L: float) -> Tuning:
    """lr 4/(3L + mu), momentum (r - 2)/(r + 2), rate 1 - 2/r, r = sqrt(3 kappa + 1).

    Source: Lessard, Recht and Packard (2016), proposition 1.
    """
    r = sqrt(3 * _condition(mu, L) + 1)
    momentum = (r - 2) / (r + 2)
    return Tuning(nesterov(momentum), 4 / (3 * L + mu), momentum, 1 - 2 / r)


def _condition(mu: float, L: float) -> float:
    """kappa = L/mu, the condition number of the Hessian: the square of that of A."""
    if not 0 < mu <= L:
        raise InputError(f"eigenvalues must be positive, the smallest first; got mu = {mu:g} and L = {L:g}")
    return L / mu
