"""An iteration went away from the answer."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.arithmetic.norms import norm
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import Status

MORE = 1.01  # times the residual at the start from which an iteration has moved away


@cause("SL106", "diverged", "error", "algorithm", source="Nesterov (2004), section 2.1.5")
def diverged(inquiry: Inquiry) -> Found | None:
    """An iterative route whose residual is larger than at its starting values, or that gave no finite number.

    Removed by Householder QR of the same matrix, which does not iterate.
    """
    after = inquiry.qr_alike
    if not is_diverged(inquiry) or not inquiry.gains(after):
        return None
    sizes = _residuals(inquiry)
    what = "no number is finite" if sizes is None else f"|b - A x| is {sizes[0]:.1e}, {sizes[1]:.1e} at its start"
    return shown(
        "SL106",
        f"diverged: {what}; QR keeps {one_decimal(after or 0.0)}",
        witness={} if sizes is None else {"residual": sizes[0], "residual at the start": sizes[1]},
        removal=f"Householder QR of the same matrix, which does not iterate, keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )


def is_diverged(inquiry: Inquiry) -> bool:
    """Whether an iteration ended with a larger residual than it began with."""
    if not inquiry.label.iterative:
        return False
    if inquiry.x is None:
        return inquiry.suspect.solution.status is Status.NOT_FINITE
    sizes = _residuals(inquiry)
    return sizes is not None and not sizes[0] <= MORE * sizes[1]


def _residuals(inquiry: Inquiry) -> tuple[float, float] | None:
    """|b - A x| of the answer, and of the starting values."""
    if inquiry.x is None:
        return None
    start = np.full(inquiry.A.shape[1], inquiry.label.starts_at or 0.0)
    with np.errstate(all="ignore"):
        return tuple(float(norm(inquiry.b - inquiry.A @ x)) for x in (inquiry.solved, start))  # type: ignore[return-value]
