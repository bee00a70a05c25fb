"""Where gradient descent stops in a format: every weight frozen, at a distance that the conditioning multiplies."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.scoring.theory.descent.frozen import gap_beside
from stabilitylab.scoring.theory.descent.start import Start


def frozen_error(start: Start, lr: float, format: Format, *, gain: float = 1.0) -> Array:
    """x - x* (n,) at which a run from the start comes to rest in the format: H^-1 d / (lr gain), d_j = ± h_j.

    A weight stays once |lr g_j| <= h_j, half the distance to its neighbour on the side of the step (`frozen.stays`). In
    the end the error lies along the eigenvector v of the smallest eigenvalue mu, on the side from which the start comes
    (sign s), and shrinks until the first weight freezes; the others go on until each is just at its own bound, so that
    lr g_j = s h_j sign(v_j). Along v that is sum_j |v_j| h_j / (lr mu), about u |x*|/(2 lr mu): for lr 2/L
    u cond(A)² |x*|/4. It is the same whether the residual is small or not, as long as what the gradient loses by
    rounding, some u |A| |r|, is less than h/lr.
    gain: by how much momentum multiplies a gradient that stays: 1/(1 - beta) for heavy ball, whose floor so is lower.
    What is measured lies below, the nearer the smaller lr lambda is: large steps bring directions of large eigenvalues
    back to life, and they carry weights over their bounds.
    """
    V, eigenvalues = start.eigenvectors, start.eigenvalues
    side = np.sign(start.components[-1]) or 1.0
    towards = side * V[:, -1]
    half = np.asarray(gap_beside(start.minimiser, -towards, format), dtype=np.float64) / 2
    return np.asarray(V @ (V.T @ (np.sign(towards) * half) / eigenvalues) / (lr * gain))


def floor(start: Start, lr: float, format: Format, *, gain: float = 1.0) -> float:
    """|x - x*|/|x*| at rest, at most that of the start: that of `frozen_error`, times 1 - lr L/4.

    The factor is measured, not derived: 0.95 for lr 0.3/L, 0.8 for 1/L, 0.6 for 2/L in the middle, and nine in ten
    within a factor 3 (cond 3 to 100, eight to 53 bits, residual none or large); heavy ball within a factor 4.
    """
    size = float(np.linalg.norm(start.minimiser))
    if size == 0:
        return 0.0
    at_start = float(np.linalg.norm(start.components)) / size
    error = _usual_share(start, lr) * float(np.linalg.norm(frozen_error(start, lr, format, gain=gain)))
    return min(error / size, at_start)


def floor_of_loss_gap(start: Start, lr: float, format: Format, *, gain: float = 1.0) -> float:
    """f(x) - f(x*) at rest, at most that of the start: (1/2) sum_i lambda_i (v_i'e)², e the error of `floor`."""
    along = start.eigenvectors.T @ frozen_error(start, lr, format, gain=gain) * _usual_share(start, lr)
    gaps = (float(np.sum(start.eigenvalues * part**2)) / 2 for part in (along, start.components))
    return min(gaps)


def usual_floor(cond: float, format: Format, *, lr_L: float = 2.0) -> float:
    """|x - x*|/|x*| at rest of a usual problem: u cond(A)²/(2 lr L), for where nothing else is known than cond(A).

    At most 1, where nothing is learned along the smallest eigenvalue.
    """
    return min(format.unit_roundoff * cond**2 / (2 * lr_L), 1.0)


def _usual_share(start: Start, lr: float) -> float:
    """The part of `frozen_error` at which runs usually stop."""
    return 1 - min(max(lr * float(start.eigenvalues[0]), 0.0), 2.0) / 4
