"""The eps of the denominator is larger than the root of the mean square: it, and not the gradient, sets the step."""

import numpy as np

from stabilitylab.bench.causes.found import Found
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

LESS = 1e-6  # of eps, in the run that removes the cause


@cause("SL406", "eps decides the step", "warning", "algorithm", source="Kingma and Ba, ICLR (2015), section 2.1")
def eps_decides(inquiry: Inquiry) -> Found | None:
    """An optimiser that divides by the root of a mean of squares plus eps, eps being the larger for some coefficient;
    the same run with LESS of it comes nearer."""
    eps, v = inquiry.setting.hyperparameter("eps"), inquiry.moments
    if not eps or v is None or inquiry.is_fine or not inquiry.run.is_finite:
        return None
    roots = np.sqrt(np.abs(v))
    small = np.flatnonzero(roots < eps)
    if not small.size:
        return None
    less = inquiry.again(hyperparameters={**inquiry.setting.hyperparameters, "eps": eps * LESS})
    if not inquiry.gains(less):
        return None
    return shown(
        "SL406",
        f"eps = {eps:g} is larger than the root of the mean square gradient of {inquiry.named(small)} "
        f"({float(roots[small].min()):.1e}), so that steps shrink with the gradient; with eps = {eps * LESS:g} the "
        f"run ends "
        f"{inquiry.compared(less)}",
        witness={"eps": eps, "smallest root of the mean square": float(roots.min())},
        removal=f"eps = {eps * LESS:g}: it ends {inquiry.compared(less)}",
        digits_before=inquiry.run.digits[-1],
        digits_after=less.digits[-1],
        columns=tuple(inquiry.names[int(j)] for j in small),
    )
