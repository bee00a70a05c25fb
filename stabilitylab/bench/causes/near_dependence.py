"""Columns that nearly depend on each other: intervals are wide, while the digits may be fine."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.errors import NotCertifiedError, RankDeficientError
from stabilitylab.core.printable import quoted
from stabilitylab.scoring.reference import reference

INDEX = 30.0  # condition index from which Belsley, Kuh and Welsch call a dependence strong
FINE = 4.0  # digits from which an answer is not what needs mending


@cause("SL206", "near dependence: wide intervals", "note", "data", source="Belsley, Kuh and Welsch (1980), section 3.2")
def near_dependence(inquiry: Inquiry) -> Found | None:
    """The scaled condition number is INDEX or more, and a coefficient is less than its own standard error.

    Said of answers whose digits are fine: the harm is statistical, and no arithmetic mends it. Standard errors are the
    certified ones, of the truth of the suspect.
    """
    if inquiry.true is None or inquiry.suspect.weights is not None or (inquiry.before or 0.0) < FINE:
        return None
    scaled = inquiry.singular_values[1]
    index = float(np.divide(1.0, scaled[-1])) if scaled[-1] else np.inf
    if index < INDEX:
        return None
    try:
        ref = reference(inquiry.problem, truth=inquiry.suspect.truth)
    except (RankDeficientError, NotCertifiedError):
        return None
    names = inquiry.problem.feature_names
    errors = ref.standard_errors or ()
    wide = tuple(name for name, x, error in zip(names, ref.x, errors, strict=False) if error > abs(x))
    if not wide:
        return None
    return shown(
        "SL206",
        f"condition index {index:.0e}; the standard errors of {quoted(wide)} are larger than the coefficients",
        witness={"condition index": index, "wide": wide},
        digits_before=inquiry.before,
        columns=wide,
    )
