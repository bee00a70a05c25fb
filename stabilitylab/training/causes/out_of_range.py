"""A number left the range of the format: it overflowed, or became 0, where a wider format keeps it."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.printable import one_decimal
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry


@cause(
    "SL402",
    "a number left the range of its format",
    "error",
    "storage",
    source="Micikevicius et al., ICLR (2018), section 3.2",
)
def out_of_range(inquiry: Inquiry) -> Found | None:
    """An operation gave inf, NaN or 0 where float64 on the same operands does not, and the same run with every number
    in float64 stays finite and comes nearer."""
    if not inquiry.is_short or inquiry.is_fine:
        return None
    lost, wide = inquiry.first_lost, inquiry.in_float64
    if lost is None or not inquiry.gains(wide) or inquiry.grows_exactly:
        return None
    return shown(
        "SL402",
        f"at step {lost.step} {lost.operation} is {lost.got} for {lost.of} in {lost.format.name}, where "
        f"{lost.exactly:.1e} "
        f"is right; the same run in float64 ends with {one_decimal(wide.digits[-1])} digits",
        witness={"step": lost.step, "operation": lost.operation, "of": lost.of, "in the format": lost.got,
                 "in float64": lost.exactly},
        removal=f"every number in float64: {one_decimal(wide.digits[-1])} digits",
        digits_before=inquiry.run.digits[-1],
        digits_after=wide.digits[-1],
    )  # fmt: skip
