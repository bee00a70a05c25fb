"""Weights that do not move: a step is less than half the distance to the next number of their format."""

import numpy as np

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.printable import one_decimal
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

SMALL = 0.1  # of the largest stable rate: a rate below it could be made larger
STILL = 0.9  # of the steps: weights that have not moved since then stand still


@cause("SL403", "the weights are frozen", "error", "storage",
       source="Xia, Massei, Hochstenbach and Koren, J. Optim. Theory Appl. (2024), arXiv:2202.12276")  # fmt: skip
def frozen_weight(inquiry: Inquiry) -> Found | None:
    """Weights none of whose bits have changed for a tenth of the run, at a rate that could be larger; the same run with
    the steps' rounding errors carried along (compensated summation) comes nearer."""
    run, setting = inquiry.run, inquiry.setting
    if inquiry.is_fine or not run.is_finite or setting.update != "plain" or run.still_since > STILL * run.ended:
        return None
    limit = inquiry.largest_rate
    if limit is not None and setting.lr > SMALL * limit:
        return None  # a larger rate would not be stable: this is as far as the format goes
    freed = inquiry.again(update="compensated")
    if not inquiry.gains(freed):
        return None
    step, spacing = inquiry.last_step, inquiry.spacing
    j = int(np.argmax(np.abs(step) / spacing))
    since = "from the start" if run.still_since == 0 else f"since step {run.still_since}"
    return shown(
        "SL403",
        f"no weight has moved {since}, {one_decimal(run.digits[-1])} digits right: a step of {inquiry.names[j]} is "
        f"{abs(step[j]):.1e}, and the next number of {setting.format.name} beside {float(run.x[j]):.4g} is "
        f"{spacing[j]:.1e} "
        f"away, so that the sum rounds back",
        witness={"still since": run.still_since, "step": float(abs(step[j])),
                 "distance to the next number": float(spacing[j]),
                 "coefficient": inquiry.names[j]},
        removal=f"with compensated summation: it ends {inquiry.compared(freed)}",
        digits_before=run.digits[-1],
        digits_after=freed.digits[-1],
    )  # fmt: skip
