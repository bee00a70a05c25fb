"""Columns of different sizes, and an algorithm whose errors are relative to the largest."""

import numpy as np

from stabilitylab.bench.causes.again import on_scaled_columns
from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.printable import one_decimal


@cause("SL109", "column scale", "error", "rest", source="van der Sluis, Numer. Math. 14 (1969) 14-23")
def column_scale(inquiry: Inquiry) -> Found | None:
    """The same route on columns scaled by powers of two, to norms in [1/2, 1), keeps GAIN more."""
    if not inquiry.remove or inquiry.x is None or not inquiry.is_lost_inside:
        return None
    after = on_scaled_columns(inquiry)
    if not inquiry.gains(after):
        return None
    norms = column_norms(inquiry.A)
    spread = float(np.divide(norms.max(), norms.min()))
    return shown(
        "SL109",
        f"columns differ {spread:.0e} times in size; on equal sizes this route keeps {one_decimal(after or 0.0)}",
        witness={"largest norm over smallest": spread},
        removal=f"the same route on columns scaled by powers of two keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )
