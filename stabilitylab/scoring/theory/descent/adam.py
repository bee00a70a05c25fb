"""Adam at a constant rate on least squares: when it settles, how far it cycles, and how far it can have come."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from stabilitylab.core.errors import InputError


def epsilon_threshold(lr: float, L: float, beta1: float = 0.9) -> float:
    """The eps above which Adam settles at the minimum: lr L (1 - beta1) / (2 (1 + beta1)); lr L/38 at beta1 0.9.

    Where it settles the gradients die out, so that v does and the step is lr m / eps: momentum as a mean at the rate
    lr/eps, whose limit of lr L/eps is 2 (1 + beta1)/(1 - beta1). Below the threshold the minimum repels, and Adam
    cycles for ever (`cycle`). L: the largest eigenvalue of the Hessian, in the units of the gradient over x; eps in
    those of the gradient, and added to the root of v, before the bias correction or after it: both are 1 in the end.
    Valid for constant lr and full gradients; linear, so that it says nothing about how long settling takes.
    """
    return lr * L * (1 - beta1) / (2 * (1 + beta1))


@dataclass(frozen=True)
class TwoCycle:
    """x - x* = a, -a, a, ... under Adam, amplitude a in units of lr; stable: whether paths nearby are drawn to it."""

    amplitude: float
    stable: bool


def two_cycle(beta1: float = 0.9, beta2: float = 0.999, eps: float = 0.0) -> TwoCycle | None:
    """The orbit of period two on lambda x²/2 (eps in units of lr lambda); None where eps is above the threshold.

    With x alternating between a and -a, m alternates between c a and -c a, c = (1 - beta1)/(1 + beta1), and v is a²:
    the step c a/(a + eps) must be 2 a, so that a = c/2 - eps. In the units of the problem lr (1 - beta1)/(2 (1 +
    beta1)) - eps/lambda: the amplitude begins at 0 where eps passes the threshold. Stable where the Jacobian of (x, m,
    v) -> (-x', -m', v') at the orbit has a spectral radius below 1: for beta1 0.9 hardly ever, and bursts take its
    place (`cycle`); for beta1 0.5 just below the threshold.
    """
    c = (1 - beta1) / (1 + beta1)
    a = c / 2 - eps
    if a <= 0:
        return None
    m = np.array([1 - beta1, beta1, 0.0])
    v = np.array([2 * (1 - beta2) * a, 0.0, beta2])
    x = np.array([1.0, 0.0, 0.0]) - m / (a + eps) + c * v / (2 * (a + eps) ** 2)
    radius = float(np.abs(np.linalg.eigvals(np.stack([-x, -m, v]))).max())
    return TwoCycle(a, radius < 1)


def cycle(
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 0.0, *, steps: int = 20_000, observed: int = 10_000
) -> float:
    """The largest |x - x*|/lr of the last `observed` steps of one coordinate on lambda x²/2; eps in units of lr lambda.

    Adam's path depends on lr, lambda and eps only by eps/(lr lambda): with x = lr y the gradient is lr lambda y, m and
    sqrt v scale with it, and lr m/(sqrt v + eps) = lr m'/(sqrt v' + eps/(lr lambda)). So the amplitude of the cycle is
    lr times a number that depends on beta1, beta2 and eps/(lr lambda) alone, which is computed here by following y
    from 0.7. Where the orbit of period two is stable it is that of `two_cycle`; elsewhere the cycle comes in bursts,
    and no formula is known. The largest of few bursts is a matter of chance: give `observed` tens of 1/(1 - beta2).
    """
    y = 0.7  # not 1, from which the first step of lr leads to the minimiser itself
    m = v = largest = 0.0
    first, second = 1.0, 1.0
    for k in range(steps):
        m = beta1 * m + (1 - beta1) * y
        v = beta2 * v + (1 - beta2) * y * y
        first, second = first * beta1, second * beta2
        root = sqrt(v / (1 - second)) + eps
        if root == 0:
            return largest
        y -= m / (1 - first) / root
        if k >= steps - observed:
            largest = max(largest, abs(y))
    return largest


def steps_to_arrive(distance: float, lr: float) -> float:
    """About how many steps it takes from x_0 to a minimiser at `distance` = max |x*_j - x_0j|: distance/lr.

    On a smooth way m is near the root of v and each coordinate moves by about lr. Near the minimiser the gradient
    shrinks and so does the step: nine tenths of the way take this long. No bound (`farthest` is).
    """
    if lr <= 0:
        raise InputError(f"a learning rate must be positive; got {lr:g}")
    return distance / lr


def largest_step(beta1: float = 0.9, beta2: float = 0.999, step: float = inf, *, corrected: bool = True) -> float:
    """The largest |x_(k+1) - x_k|/lr at step k = 1, 2, ... that any gradients can cause, eps 0; inf: at late steps.

    m = sum w_i g_i and v = sum u_i g_i², w_i = (1 - beta1) beta1**(k-i), u_i likewise of beta2, so that by Cauchy and
    Schwarz m²/v <= sum w_i²/u_i: (1 - beta1)²/(1 - beta2) times 1 + q + ... + q**(k-1), q = beta1²/beta2. Reached by
    gradients that grow by beta2/beta1 a step. 7.27 for the usual 0.9 and 0.999, at any eps >= 0.
    corrected: with the bias correction. 0 <= beta1, beta2 < 1.
    """
    if beta2 == 0:  # v is the square of the last gradient, which may be as small as one likes beside m
        return 1.0 if beta1 == 0 or step == 1 else inf
    q = beta1 * beta1 / beta2
    series = step if q == 1 else (1 - (q**step if step < inf or q > 1 else 0.0)) / (1 - q)
    bound = (1 - beta1) * sqrt(series / (1 - beta2))
    if not corrected or step == inf:
        return bound
    return float(bound * sqrt(1 - beta2**step) / (1 - beta1**step))


def isolated_step(beta1: float = 0.9, beta2: float = 0.999) -> float:
    """|x_(k+1) - x_k|/lr for one gradient after gradients of 0, late: (1 - beta1)/sqrt(1 - beta2), 3.16 usually.

    Source: Kingma and Ba, ICLR (2015), section 2.1, which gives it as the bound; `largest_step` is one.
    """
    return (1 - beta1) / sqrt(1 - beta2)


def farthest(steps: int, beta1: float = 0.9, beta2: float = 0.999, *, corrected: bool = True) -> float:
    """|x_k - x_0|/lr after `steps` steps is at most this in each coordinate: the sum of `largest_step`.

    Whoever is farther from the minimiser cannot have arrived yet, whatever the gradients were.
    """
    listed = min(steps, 10_000)
    total = float(np.sum([largest_step(beta1, beta2, k, corrected=corrected) for k in range(1, listed + 1)]))
    if steps == listed:
        return total
    # Later steps have bounds between that of the last one listed and that of late steps.
    late = max(largest_step(beta1, beta2, k, corrected=corrected) for k in (float(listed), inf))
    return total + (steps - listed) * late
