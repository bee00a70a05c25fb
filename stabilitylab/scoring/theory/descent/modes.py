"""The error along each eigenvector after k steps, and how many steps it, or a coefficient, needs for some digits."""

from math import ceil, floor, log

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.scoring.theory.descent.recurrence import Recurrence

_CHUNK = 1024
_LOOKED_BACK = 64 * _CHUNK  # steps that are looked at one by one


def log_modes(recurrence: Recurrence, h: Array, k: Array) -> tuple[Array, Array]:
    """(log |e_k / e_0|, its sign) for each h = lr lambda (n,) and each step k, of shape (*k.shape, n).

    In logarithms, so that neither over- nor underflows; -inf where the error is 0. With roots z1, z2 and q = z2/z1
    the solution is e_k/e_0 = z1**(k-1) (r G_k - z2 G_(k-1)), r = e_1/e_0 and G_k = 1 + q + ... + q**(k-1): a sum that
    does not cancel where the roots meet and G_k is k. Error about k u, relative to the logarithm about u.
    """
    h, k = np.asarray(h, dtype=np.float64), np.asarray(k, dtype=np.float64)[..., None]
    z1, z2 = recurrence.roots(h)
    r = 1 - recurrence.first * h
    with np.errstate(all="ignore"):
        q = np.where(z1 == 0, 0, z2 / z1)
        value = r * _geometric(q, k) - z2 * _geometric(q, np.maximum(k - 1, 0))
        # A complex pair turns by its angle in each step, and the sum of both is real.
        turned = value * np.exp(1j * np.angle(z1) * (k - 1))
        real = np.where(np.imag(z1) == 0, np.real(value), np.real(turned))
        turn = np.where((np.imag(z1) == 0) & (np.real(z1) < 0) & (k % 2 == 0), -1.0, 1.0)
        logs = np.where(k == 1, 0, (k - 1) * np.log(np.abs(z1))) + np.log(np.abs(real))
    start = k == 0
    return np.where(start, 0.0, logs), np.where(start, 1.0, turn * np.sign(real))


def _geometric(q: Array, k: Array) -> Array:
    """1 + q + ... + q**(k-1), |q| <= 1, complex: k where q is 1."""
    gap = 1 - q
    near = np.abs(gap) < 1e-3
    # log(1 - gap) by its series, where 1 - gap would round away what the power depends on.
    logs = np.where(near, -gap * (1 + gap / 2 + gap**2 / 3 + gap**3 / 4 + gap**4 / 5), np.log(np.where(q == 0, 1, q)))
    power = np.where(q == 0, np.where(k == 0, 1.0, 0.0), np.exp(k * logs))
    small = np.abs(k * gap) < 1e-6
    return np.asarray(np.where(small, k * (1 - (k - 1) * gap / 2), (1 - power) / np.where(gap == 0, 1, gap)))


def log_envelope(recurrence: Recurrence, h: Array, k: Array) -> Array:
    """log of a bound on |e_k / e_0|, of shape (*k.shape, n), without the zeros that an oscillating error passes.

    The smaller of |z1|**k (|a| + |b| |q|**k), with e_k = a z1**k + b z2**k, and, where the roots are near each other so
    that a and b are large, |z1|**(k-1) (|r| k + |z2| (k - 1)).
    """
    h, k = np.asarray(h, dtype=np.float64), np.asarray(k, dtype=np.float64)[..., None]
    z1, z2 = recurrence.roots(h)
    r = 1 - recurrence.first * h
    with np.errstate(all="ignore"):
        apart = np.abs(r - z2) + np.abs(z1 - r) * np.exp(np.minimum(k * np.log(np.abs(z2 / z1)), 0))
        apart = np.where(z2 == 0, np.abs(r), apart)
        apart = np.where(z1 == z2, np.inf, apart * np.abs(z1 / (z1 - z2)))
        together = np.abs(r) * k + np.abs(z2) * (k - 1)
        powers = (k - 1) * np.log(np.abs(z1))
        bound = np.where(k == 1, np.log(np.abs(r)), powers + np.log(np.minimum(apart, together)))
    return np.where(k == 0, 0.0, bound)


def rate(recurrence: Recurrence, h: Array) -> float:
    """The factor by which the whole error shrinks in a step in the long run: that of the slowest of the modes h."""
    return float(recurrence.radius(h).max())


def steps_to_digits(recurrence: Recurrence, h: Array, digits: float) -> Array:
    """How many steps until the error along each h = lr lambda (n,) stays below 10**-digits of its start; inf if never.

    In the long run digits log(10) / -log(radius); a double root needs more.
    """
    h = np.atleast_1d(np.asarray(h, dtype=np.float64))
    return np.array([_steps(recurrence, one[None], np.ones(1), 10.0**-digits) for one in h])


def steps_of_coefficients(
    recurrence: Recurrence, h: Array, eigenvectors: Array, components: Array, tolerance: Array
) -> Array:
    """How many steps until each coefficient (n,) stays within its tolerance (n,) of the minimiser's; inf where never.

    eigenvectors (n, n): of the Hessian, by column, in the order of h (n,); components (n,): of the error at the start,
    V'(x_0 - x*). The error of coefficient j is sum_i V_ji c_i e_k(h_i).
    """
    h, weights = np.asarray(h, dtype=np.float64), eigenvectors * components
    return np.array([_steps(recurrence, h, row, float(wanted)) for row, wanted in zip(weights, tolerance, strict=True)])


def _steps(recurrence: Recurrence, h: Array, weights: Array, tolerance: float) -> float:
    """The first k from which on |sum_i weights_i e_k(h_i)| <= tolerance; inf if there is none."""
    h, weights = h[weights != 0], weights[weights != 0]
    if not h.size:
        return 0.0
    slowest = rate(recurrence, h)
    if slowest >= 1 or tolerance <= 0:
        return np.inf

    def bounded(k: float) -> bool:
        terms = log_envelope(recurrence, h, np.array(k)) + np.log(np.abs(weights))
        return bool(np.exp(terms - log(tolerance)).sum() <= 1)

    # 1. A step from which on the sum of the bounds is below: none rises after 1/-log(radius), where k z**k is largest.
    low = 0.0 if recurrence.p0 == recurrence.p1 == 0 or slowest == 0 else float(ceil(1 / -log(slowest)))
    high = low
    while not bounded(high):
        low, high = high, 2 * high + 1
    while high - low > max(1.0, 1e-12 * high):
        middle = float(floor((low + high) / 2))
        low, high = (low, middle) if bounded(middle) else (middle, high)
    # 2. The bounds ignore signs: back to the last step at which the sum itself is above.
    for end in range(int(high), max(int(high) - _LOOKED_BACK, 0), -_CHUNK):
        k = np.arange(max(end - _CHUNK, 0), end)
        logs, signs = log_modes(recurrence, h, k)
        above = np.flatnonzero(np.abs((weights * signs * np.exp(logs)).sum(axis=-1)) > tolerance)
        if above.size:
            return float(k[above[-1]] + 1)
        high = float(k[0])
    return high
