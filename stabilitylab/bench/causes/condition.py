"""Digits that no backward stable method keeps in the format, though the stored matrix determines them."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.printable import one_decimal

ENOUGH = 8.0  # digits from which no more are missed


@cause("SL111", "ill-conditioned beyond the format", "error", "rest", source="Higham (2002), theorem 20.1")
def ill_conditioned(inquiry: Inquiry) -> Found | None:
    """Householder QR of the same matrix, backward stable, loses the digits as well; exact arithmetic keeps them.

    A small backward error times the condition number is a large error of the coefficients. No route is to blame.
    """
    if inquiry.x is None and not inquiry.refused:
        return None
    kept = inquiry.qr or 0.0
    if inquiry.is_lost_inside or not inquiry.gains(inquiry.attainable) or max(kept, inquiry.before or 0.0) >= ENOUGH:
        return None
    smallest = float(inquiry.singular_values[1][-1])
    return shown(
        "SL111",
        f"ill-conditioned: QR of the same matrix keeps {one_decimal(kept)} digits too, exact arithmetic "
        f"{one_decimal(inquiry.attainable)}",
        witness={"smallest singular value of columns of norm 1, over the largest": smallest, "digits of QR": kept},
        removal=f"exact arithmetic on the same stored matrix keeps {one_decimal(inquiry.attainable)} digits",
        digits_before=inquiry.before,
        digits_after=inquiry.attainable,
    )
