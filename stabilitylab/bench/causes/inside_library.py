"""Digits lost between the matrix and the answer, by nothing that is proven."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.printable import one_decimal


@cause("SL120", "inside the library", "error", "rest")
def inside_library(inquiry: Inquiry) -> Found | None:
    """An answer that lost digits which QR of the same matrix, in the same format, keeps; why is not shown."""
    after = inquiry.qr_alike
    if inquiry.x is None or not inquiry.is_lost_inside or not inquiry.gains(after):
        return None
    return shown(
        "SL120",
        f"lost inside the library: QR of the same matrix keeps {one_decimal(after or 0.0)}",
        witness={"gradient in u": inquiry.gradient, "digits of the stored matrix": inquiry.attainable},
        removal=f"Householder QR of the same matrix keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )
