"""The way is longer than the steps: an optimiser whose steps are about the rate cannot have arrived yet."""

import numpy as np

from stabilitylab.bench.causes.found import Found
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

MORE = 3.0  # times the rate that would just do, in the run that removes the cause


@cause(
    "SL410",
    "the way is longer than the steps",
    "warning",
    "algorithm",
    source="Kingma and Ba, ICLR (2015), section 2.1",
)
def not_arrived(inquiry: Inquiry) -> Found | None:
    """A coefficient farther from the start than the rate times the number of steps, with an optimiser whose steps are
    about the rate; with a rate that covers the way the run comes nearer."""
    run, setting = inquiry.run, inquiry.setting
    if inquiry.is_fine or not run.is_finite or inquiry.largest_rate is not None or inquiry.moments is None:
        return None
    rates = sum(setting.rate(k) for k in range(run.ended))
    ways = np.abs(np.array([float(e) for e in run.minimum.error(run.weights[0])]))
    far = np.flatnonzero(ways > rates)
    if not far.size:
        return None
    j = int(np.argmax(ways))
    rate = MORE * ways[j] / run.ended
    faster = inquiry.again(lr=rate)
    if not inquiry.gains(faster):
        return None
    needed = ways[j] / setting.lr
    return shown(
        "SL410",
        f"{inquiry.names[j]} is {ways[j]:.3g} away from its start, and {inquiry.method} walks about the rate in a "
        f"step: "
        f"{run.ended} steps of {setting.lr:g} cover {rates:.3g}; about {needed:.3g} steps are needed",
        witness={
            "way": float(ways[j]),
            "covered": rates,
            "steps needed": float(needed),
            "coefficient": inquiry.names[j],
        },
        removal=f"at the rate {rate:.2g}: it ends {inquiry.compared(faster)}",
        digits_before=run.digits[-1],
        digits_after=faster.digits[-1],
        columns=tuple(inquiry.names[int(k)] for k in far),
    )
