"""The optimiser's running means stand still: in a short format a mean with a long memory cannot move."""

import numpy as np

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.arithmetic.formats import FLOAT32
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

MEMORIES = ("beta2", "rho", "decay")  # what optimisers call the memory of their mean of squares


@cause("SL404", "the optimiser's state is frozen", "error", "storage", source="Zamirai et al., arXiv:2010.06192 (2020)")
def frozen_state(inquiry: Inquiry) -> Found | None:
    """A mean of squared gradients kept in a format in which it cannot fall, beta > 1 - u/2, where the same run with the
    state in float32 comes nearer."""
    state = inquiry.setting.state_format
    memory = next((m for m in map(inquiry.setting.hyperparameter, MEMORIES) if isinstance(m, float)), None)
    if inquiry.is_fine or inquiry.moments is None or memory is None or state.precision >= FLOAT32.precision:
        return None
    # v beta rounds back to v: the loss of 1 - beta is below half the distance to the neighbour, whatever v is.
    if not memory > 1 - state.unit_roundoff / 2:
        return None
    freed = inquiry.again(state=FLOAT32)
    if not inquiry.gains(freed):
        return None
    largest = float(np.max(inquiry.moments)) if np.isfinite(inquiry.moments).all() else float("inf")
    return shown(
        "SL404",
        f"the mean of squared gradients is kept in {state.name}, where {memory:g} times a number rounds back to the "
        f"number: it "
        f"can never fall, and steps stay as small as the first gradients made them; with the state in float32 the "
        f"run ends "
        f"{inquiry.compared(freed)}",
        witness={"memory": memory, "limit": 1 - state.unit_roundoff / 2, "largest mean of squares": largest},
        removal=f"state in float32: it ends {inquiry.compared(freed)}",
        digits_before=inquiry.run.digits[-1],
        digits_after=freed.digits[-1],
    )
