"""An algorithm that is known to lose digits here: elimination without pivoting, classical Gram-Schmidt, an inverse."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import GAIN, Inquiry
from stabilitylab.core.errors import NotCertifiedError, RankDeficientError
from stabilitylab.core.printable import one_decimal
from stabilitylab.scoring.accuracy import digits_cap, digits_of_error
from stabilitylab.scoring.reference import reference
from stabilitylab.scoring.score import predict_for

LAWS = {
    "elimination": "elimination without pivoting grew",
    "partial-pivoting": "elimination with partial pivoting grew",
    "gram-schmidt": "classical Gram-Schmidt lost orthogonality",
}

LUCK = 1.5  # digits by which an answer may pass or miss our own inverse


@cause(
    "SL110", "loss of the algorithm by its own law", "error", "algorithm", source="Higham (2002), sections 9.4, 19.8"
)
def own_law(inquiry: Inquiry) -> Found | None:
    """The error law of the route predicts the loss on these data, and QR of the same matrix keeps GAIN more.

    Of an inverse of A'A: our own loses as much, and the same A'A keeps GAIN more where it is solved with.
    """
    if inquiry.label.gram == "inverse":
        return _of_inverse(inquiry)
    after, law = inquiry.qr_alike, inquiry.label.law
    if law not in LAWS or inquiry.x is None or not inquiry.is_lost_inside or not inquiry.gains(after):
        return None
    expected = _expected(inquiry)
    if expected is None or expected > (inquiry.before or 0.0) + GAIN:
        return None
    return shown(
        "SL110",
        f"{LAWS[law]}: its law expects {one_decimal(expected)} digits, QR keeps {one_decimal(after or 0.0)}",
        witness={"law": law, "digits expected": expected},
        removal=f"Householder QR of the same matrix keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )


def _of_inverse(inquiry: Inquiry) -> Found | None:
    cholesky, elimination, inverse = inquiry.by_gram
    solved, before = max(cholesky or 0.0, elimination or 0.0), inquiry.before or 0.0
    if inquiry.x is None or not inquiry.is_lost_inside or not inquiry.gains(solved):
        return None
    if inverse is None or abs(before - inverse) > LUCK:
        return None
    return shown(
        "SL110",
        f"A'A was inverted, which keeps {one_decimal(inverse)} digits here; solved with, the same A'A keeps "
        f"{one_decimal(solved)}",
        witness={"digits of normal.inverse": inverse, "digits of the same A'A, solved with": solved},
        removal=f"elimination or Cholesky of the same A'A, without an inverse, keeps {one_decimal(solved)} digits",
        digits_before=inquiry.before,
        digits_after=solved,
    )


def _expected(inquiry: Inquiry) -> float | None:
    """The digits that the law expects on the matrix as stored, as published."""
    if inquiry.suspect.variant.kind == "scaled" or inquiry.suspect.weights is not None:
        return None
    try:
        stored = reference(inquiry.problem, truth="matrix")
    except (RankDeficientError, NotCertifiedError):
        return None
    prediction = predict_for(inquiry.label, inquiry.problem, stored)
    if prediction is None:
        return None
    x = np.array([abs(float(r)) if r else float(s) for r, s in zip(stored.x, stored.scales, strict=True)])
    with np.errstate(all="ignore"):
        return digits_of_error(float((prediction[0] / x).max()), digits_cap(inquiry.problem.format))
