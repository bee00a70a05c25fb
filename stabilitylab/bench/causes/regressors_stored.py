"""Regressors were stored in a format that does not hold their digits, as nanoseconds in float64."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import GAIN, Inquiry
from stabilitylab.bench.causes.stages import stored
from stabilitylab.core.printable import one_decimal


@cause("SL205", "regressors stored without the digits", "warning", "storage")
def regressors_stored(inquiry: Inquiry) -> Found | None:
    """Rounding the regressors alone costs the digits that the stored matrix lacks; rounding y alone costs fewer."""
    stages = stored(inquiry)
    if stages is None or stages.regressors > stages.all + 1:
        return None
    after = min(stages.response, stages.features)
    if after - stages.all < GAIN:
        after = stages.response
    if after - stages.all < GAIN:
        return None
    left, format = one_decimal(stages.regressors), inquiry.problem.format.name
    return shown(
        "SL205",
        f"regressors in {format} leave {left} digits, whatever the route; exact ones {one_decimal(after)}",
        witness={"digits with regressors rounded": stages.regressors, "digits with all rounded": stages.all},
        removal=f"the exact answer with regressors exact, y rounded, has {one_decimal(stages.response)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )
