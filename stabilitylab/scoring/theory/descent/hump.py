"""Heavy ball with its best parameters from a cold start: how much the error grows before it falls."""

from dataclasses import dataclass
from math import exp, floor, log1p, sqrt

from stabilitylab.scoring.theory.descent.tuning import best_heavy_ball


@dataclass(frozen=True)
class Hump:
    """The largest |e_k / e_0| along the eigenvector of L, and the step k at which it is reached; k = 0 where none is.

    The loss has a hump of height**2 of the part that this direction has in it.
    """

    height: float
    step: int


def top_mode(kappa: float, k: float) -> float:
    """|e_k / e_0| along the eigenvector of L: (1 + (1 + r) k) r**k, r = (sqrt kappa - 1)/(sqrt kappa + 1).

    Derivation: at h = lr L the roots of z**2 - (1 + r**2 - h) z + r**2 are both -r, so that e_k = (1 + B k) (-r)**k;
    the first step, e_1 = (1 - h) e_0, makes B = (h - 1)/r - 1 = 2 sqrt kappa / (sqrt kappa + 1) = 1 + r. For large
    kappa it tends to 2 k exp(-2 k / sqrt kappa). kappa: the condition number of the Hessian.
    Growth in proportion to sqrt kappa: Mohammadi, Samuelson and Jovanović, arXiv 2103.08017; Hagedorn and Jarre, arXiv
    2211.10234.
    """
    r = best_heavy_ball(1.0, kappa).rate
    return float((1 + (1 + r) * k) * r**k)


def bottom_mode(kappa: float, k: float) -> float:
    """|e_k / e_0| along the eigenvector of mu: (1 + (1 - r) k) r**k, by the same derivation; it never rises."""
    r = best_heavy_ball(1.0, kappa).rate
    return float((1 + (1 - r) * k) * r**k)


def hump(kappa: float) -> Hump:
    """The largest of `top_mode` over whole steps: about sqrt(kappa)/e at step sqrt(kappa)/2.

    Over real k it is largest at k = -1/log r - 1/(1 + r), about sqrt(kappa)/2 - 1/2, with the height
    (1 + r) r**k / -log r = (sqrt(kappa)/e) (1 + 7/(6 kappa) + ...): 1.2 % above sqrt(kappa)/e at kappa 100.
    """
    root = sqrt(kappa)
    if kappa <= 1:
        return Hump(1.0, 0)
    # log r of (sqrt kappa - 1)/(sqrt kappa + 1), which is near 0 for a large kappa.
    log_r = log1p(-2 / (root + 1))
    r = exp(log_r)
    best = floor(max(-1 / log_r - 1 / (1 + r), 0.0))
    height, step = max((top_mode(kappa, k), -k) for k in (best, best + 1))
    return Hump(height, -step)
