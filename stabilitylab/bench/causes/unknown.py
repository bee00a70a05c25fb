"""What no test proves."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.types import Status


@cause("SL199", "unknown", "warning", "rest")
def unknown(inquiry: Inquiry) -> Found | None:
    """Digits are missing that the matrix holds, or there is no answer, and nothing is proven, not even where."""
    failed = inquiry.x is None
    if not (failed or inquiry.is_lost_inside):
        return None
    status = inquiry.suspect.solution.status
    if failed and (status is Status.UNUSABLE or (inquiry.suspect.solution.x is None and status.answered)):
        return None
    what = f"{status.value}, for no reason that is proven" if failed else "digits are lost, and no cause is proven"
    return shown("SL199", what, witness={"status": status.name}, digits_before=inquiry.before)
