"""Steps whose size does not shrink with the gradient: at a constant rate the weights circle around the minimiser."""

from math import exp, log

from stabilitylab.bench.causes.found import Found
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

LAST = 1e-3  # of the rate, at the end of the run that removes the cause


@cause("SL408", "cycling at a constant rate", "warning", "algorithm", source="Cohen et al., arXiv:2207.14484 (2022)")
def cycling(inquiry: Inquiry) -> Found | None:
    """An optimiser without a law of stability that stands, on all rows, where the same run with a rate that falls in
    its second half to LAST of it comes nearer."""
    run, setting = inquiry.run, inquiry.setting
    if inquiry.is_fine or not run.is_finite or setting.batch is not None or setting.schedule is not None:
        return None
    if inquiry.largest_rate is not None or not inquiry.stands:
        return None
    half = setting.steps // 2

    def falling(step: int) -> float:
        return exp(log(LAST) * max(step - half, 0) / max(setting.steps - half, 1))

    calmed = inquiry.again(schedule=falling)
    if not inquiry.gains(calmed):
        return None
    return shown(
        "SL408",
        f"{inquiry.method} makes steps of about {setting.lr:g} however small the gradient is, and circles about the "
        f"minimiser; with a rate that falls to {LAST:g} of it in the second half the run ends "
        f"{inquiry.compared(calmed)}",
        witness={"rate": setting.lr, "loss gap": inquiry.gap, "with a falling rate": float(calmed.gaps[-1])},
        removal=f"a rate that falls by {1 / LAST:g} in the second half: it ends {inquiry.compared(calmed)}",
        digits_before=run.digits[-1],
        digits_after=calmed.digits[-1],
    )
