"""A number left the range of the format: it overflowed, or became 0, where a wider format keeps it."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import MOST_EXACT, Inquiry
from stabilitylab.training.exactly import inevitable_after


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
    run, step, from_when = inquiry.run, None, ""
    # A state in a carried format does not mix with exact numbers.
    if not run.is_finite and run.ended <= MOST_EXACT and not inquiry.setting.state_format.carried:
        step = inevitable_after(inquiry.setting, run.minimum, run.weights[0], run.ended)
        from_when = f"; carried on without rounding from step {step - 1} it would stay finite"
    return shown(
        "SL402",
        f"at step {lost.step} {lost.operation} is {lost.got} for {lost.of} in {lost.format.name}, where "
        f"{lost.exactly:.1e} is right{from_when}; the same run in float64 ends {inquiry.compared(wide)}",
        witness={"step": lost.step, "operation": lost.operation, "of": lost.of, "in the format": lost.got,
                 "in float64": lost.exactly, "inevitable after step": step},
        removal=f"every number in float64: it ends {inquiry.compared(wide)}",
        digits_before=inquiry.run.digits[-1],
        digits_after=wide.digits[-1],
    )  # fmt: skip
