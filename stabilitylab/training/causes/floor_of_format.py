"""The run has come as far as its format lets it: rounding of gradients and weights holds it there."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.printable import one_decimal
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry


@cause("SL405", "at the floor of the format", "warning", "storage", source="Higham (2002), section 17.2")
def floor_of_format(inquiry: Inquiry) -> Found | None:
    """A run on all rows that stands, where the same run in float64 with as many steps comes nearer."""
    run = inquiry.run
    if not inquiry.is_short or inquiry.is_fine or not run.is_finite or not inquiry.stands:
        return None
    wide = inquiry.in_float64
    if not inquiry.gains(wide):
        return None
    cond = inquiry.cond
    return shown(
        "SL405",
        f"{run.setting.format.name} lets this run come no nearer than {one_decimal(run.digits[-1])} digits (the "
        f"condition "
        f"number is {cond:.1e}); the same steps in float64 reach {one_decimal(wide.digits[-1])}",
        witness={"cond": cond, "loss gap": inquiry.gap, "in float64": float(wide.gaps[-1])},
        removal=f"every number in float64: it ends {inquiry.compared(wide)}",
        digits_before=run.digits[-1],
        digits_after=wide.digits[-1],
    )
