"""An iteration ended before it reached the answer."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.diverged import is_diverged
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.printable import one_decimal

FAR = 1000.0  # units of u from which a gradient is no rounding error
STEPS = 5  # of the continuation; each multiplies the error by about u cond


@cause("SL105", "stopped early", "error", "algorithm", source="Paige and Saunders, ACM TOMS 8 (1982) 43-71")
def stopped_early(inquiry: Inquiry) -> Found | None:
    """An iterative route whose A'r is far above rounding level, and iterating on from its answer keeps GAIN more.

    Continued by refinement in float64: x + argmin |r - A d| from the QR factors of A, r = b - A x.
    """
    if not inquiry.label.iterative or inquiry.x is None or not inquiry.is_lost_inside or is_diverged(inquiry):
        return None
    solution = inquiry.suspect.solution
    if inquiry.gradient <= FAR or (solution.fit is not None and solution.fit.dropped):
        return None
    after = inquiry.digits(_continued(inquiry))
    if not inquiry.gains(after):
        return None
    steps = solution.fit.iterations if solution.fit is not None else None
    ran = f" after {steps} step{'s' * (steps != 1)}" if steps is not None else ""
    return shown(
        "SL105",
        f"stopped early{ran}: A'r is {inquiry.gradient:.0e} times its rounding level; "
        f"continued from there, {one_decimal(after)} digits are reached",
        witness={"steps": steps, "gradient in u": inquiry.gradient, "said": solution.note},
        removal=f"{STEPS} steps of refinement from this answer reach {one_decimal(after)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )


def _continued(inquiry: Inquiry) -> Array:
    """x (n,) in the problem's order and scale, after STEPS further steps from the answer."""
    with np.errstate(all="ignore"), one_blas_thread():
        norms = column_norms(inquiry.A)
        S, z = inquiry.A / norms, inquiry.solved * norms
        Q, R = np.linalg.qr(S)
        for _ in range(STEPS):
            z = z + lapack.solve_triangular(R, Q.T @ (inquiry.b - S @ z))
        x = np.array(z / norms)
        x[inquiry.call.columns] = z / norms
        return np.asarray(np.ldexp(x, inquiry.call.exponents))
