"""Overflow or underflow of intermediate numbers."""

from stabilitylab.bench.causes.again import on_scaled_columns
from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.printable import one_decimal


@cause("SL108", "overflow or underflow", "error", "algorithm", source="Higham (2002), section 27.8")
def beyond_range(inquiry: Inquiry) -> Found | None:
    """Squares of norms of A or b leave the range of the format, and the same route on scaled data keeps GAIN more."""
    if not inquiry.remove or not inquiry.is_lost_inside:
        return None
    squares = inquiry.square_beyond
    if not squares:
        return None
    after = on_scaled_columns(inquiry, response=True)
    if not inquiry.gains(after):
        return None
    return shown(
        "SL108",
        f"{squares} in {inquiry.works_in}; on scaled data this route keeps {one_decimal(after or 0.0)}",
        witness={"format": inquiry.works_in, "what": squares},
        removal=f"the same route on data scaled by powers of two keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )
