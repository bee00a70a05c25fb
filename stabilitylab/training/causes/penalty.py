"""Weight decay: what is minimised is no longer the sum of squares."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

DECAY = "weight_decay"


@cause("SL409", "another question: weight decay", "warning", "meaning", source="Loshchilov and Hutter, ICLR (2019)")
def penalty(inquiry: Inquiry) -> Found | None:
    """A run with weight decay, without which it comes nearer to the least-squares solution."""
    decay = inquiry.setting.hyperparameter(DECAY)
    if not decay or inquiry.is_fine or not inquiry.run.is_finite:
        return None
    without = inquiry.again(hyperparameters={**inquiry.setting.hyperparameters, DECAY: 0.0})
    if not inquiry.gains(without):
        return None
    return shown(
        "SL409",
        f"weight decay {decay:g} pulls the weights towards 0, away from the least-squares solution: without it the "
        f"run ends "
        f"{inquiry.compared(without)}",
        witness={"weight decay": decay, "loss gap": inquiry.gap, "without": float(without.gaps[-1])},
        removal=f"weight_decay=0: it ends {inquiry.compared(without)}",
        digits_before=inquiry.run.digits[-1],
        digits_after=without.digits[-1],
    )
