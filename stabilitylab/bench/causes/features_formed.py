"""Features were formed in the format of the data, and rounded there."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import GAIN, Inquiry
from stabilitylab.bench.causes.stages import stored
from stabilitylab.core.printable import one_decimal


@cause("SL203", "features formed in the format", "warning", "storage")
def features_formed(inquiry: Inquiry) -> Found | None:
    """The exact answer to the features as rounded lacks digits that exact features of the same data keep."""
    stages = stored(inquiry)
    if stages is None or stages.features > stages.all + 1 or stages.but_features - stages.all < GAIN:
        return None
    left, after = one_decimal(stages.features), one_decimal(stages.but_features)
    format = inquiry.problem.format.name
    return shown(
        "SL203",
        f"features rounded to {format} leave {left} digits, whatever the route; exact ones {after}",
        witness={"digits with features rounded": stages.features, "digits with all rounded": stages.all},
        removal=f"the exact answer with exact features of the stored data has {after} digits",
        digits_before=inquiry.before,
        digits_after=stages.but_features,
    )
