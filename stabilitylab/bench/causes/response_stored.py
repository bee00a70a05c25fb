"""The response was stored in a format that does not hold its digits."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import GAIN, Inquiry
from stabilitylab.bench.causes.stages import stored
from stabilitylab.core.printable import one_decimal


@cause("SL202", "response stored without the digits", "warning", "storage")
def response_stored(inquiry: Inquiry) -> Found | None:
    """Rounding y alone costs the digits that the stored matrix lacks, and y exact beside that matrix has GAIN more."""
    stages = stored(inquiry)
    if stages is None or stages.response > stages.all + 1 or stages.but_response - stages.all < GAIN:
        return None
    left, after = one_decimal(stages.response), one_decimal(stages.but_response)
    format = inquiry.problem.format.name
    return shown(
        "SL202",
        f"{inquiry.problem.response} in {format} leaves {left} digits, whatever the route; exact it leaves {after}",
        witness={"digits with y rounded": stages.response, "digits with all rounded": stages.all},
        removal=f"the exact answer with y exact, the matrix as stored, has {after} digits",
        digits_before=inquiry.before,
        digits_after=stages.but_response,
    )
