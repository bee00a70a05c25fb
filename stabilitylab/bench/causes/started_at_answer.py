"""An iteration whose starting values are the answer."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.printable import one_decimal
from stabilitylab.scoring.score import START


@cause("SL107", "started at the answer", "note", "algorithm")
def started_at_answer(inquiry: Inquiry) -> Found | None:
    """The starting values of the label are right to START digits at least: what is kept says little of the route."""
    start = inquiry.label.starts_at
    if start is None or inquiry.x is None or inquiry.true is None or inquiry.suspect.variant.kind == "scaled":
        return None
    digits = inquiry.digits(np.full(len(inquiry.x), start))
    if digits < START:
        return None
    return shown(
        "SL107",
        f"the starting values {start:g}, ..., {start:g} are right to {one_decimal(digits)} digits",
        witness={"starts at": start, "digits of the start": digits},
        digits_before=inquiry.before,
    )
