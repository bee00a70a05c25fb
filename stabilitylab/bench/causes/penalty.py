"""A penalty on the size of the coefficients: the answer to another question."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.printable import one_decimal

FAR = 1000.0  # units of u from which a gradient is no rounding error
PARALLEL = 1e-4  # relative distance up to which the gradient is a multiple of the coefficients


@cause("SL308", "a penalty (ridge)", "error", "algorithm", source="Hoerl and Kennard, Technometrics 12 (1970) 55-67")
def penalty(inquiry: Inquiry) -> Found | None:
    """A'(b - A x) = lambda x with lambda > 0, for all slopes: x minimises |b - A x|² + lambda |x|².

    An intercept has no penalty, and there the gradient is 0. One slope alone would fit any lambda: two are needed.
    """
    if inquiry.x is None or not inquiry.is_lost_inside or inquiry.gradient <= FAR:
        return None
    with np.errstate(all="ignore"):
        A, b, x = (np.asarray(v, dtype=np.longdouble) for v in (inquiry.A, inquiry.b, inquiry.solved))
        g = A.T @ (b - A @ x)
        constant = (inquiry.A[0] == inquiry.A).all(axis=0)
        free = ~constant if inquiry.problem.design.intercept else np.ones(len(x), dtype=bool)
        slopes, pull = x[free], g[free]
        if len(slopes) < 2 or not slopes.any():
            return None
        strength = float(slopes @ pull / (slopes @ slopes))
        # Relative to each coefficient: a small one counts as much as a large one.
        off = float((np.abs(pull - strength * slopes) / (strength * np.abs(slopes))).max()) if strength > 0 else np.inf
        rest = np.abs(g[~free]) / column_norms(inquiry.A)[~free]
    if not off <= PARALLEL or (rest.size and rest.max() > PARALLEL * np.abs(pull).max()):
        return None
    after = inquiry.qr_alike
    if not inquiry.gains(after):
        return None
    return shown(
        "SL308",
        f"penalised by {strength:.2g} |x|²; without a penalty QR keeps {one_decimal(after or 0.0)}",
        witness={"lambda": strength, "largest relative distance of A'r from lambda x": off},
        removal=f"without a penalty QR of the same matrix keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )
