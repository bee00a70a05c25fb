"""The Gram matrix A'A was formed: rounding it costs the square of the condition number."""

import re

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import GAIN, GRAM, Inquiry
from stabilitylab.bench.causes.rank_cutoff import directions_kept, resembles
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import Status

ROUNDED = 16.0  # units of u for each column, up to which a gradient is that of rounded normal equations
LUCK = 1.5  # digits by which an answer may pass the best, or miss the worst, of our solvers of the normal equations
BREAKDOWN = re.compile(r"positive definite|pivot|A'A|cholesky|singular|non-finite", re.IGNORECASE)


@cause("SL102", "Gram matrix formed", "error", "algorithm", source="Higham (2002), section 20.4")
def gram_matrix(inquiry: Inquiry) -> Found | None:
    """The answer is what rounded normal equations give, and QR of the same matrix in the same format keeps GAIN more.

    That it is, the law of the label says, which the exam measures; of a route without a law, the gradient A'r of its
    answer, which is at the rounding level of A'A. In both cases our own solvers of A'A x = A'b lose as much, or break
    down. A truncated answer has a small gradient too, and is left to the rank cut-off.
    """
    after = inquiry.qr_alike
    if not inquiry.is_lost_inside or after is None or not inquiry.gains(after) or inquiry.square_beyond:
        return None
    if inquiry.x is None:
        how = _of_failure(inquiry)
    else:
        how = _of_answer(inquiry, after) if directions_kept(inquiry) is None else None
    if how is None:
        return None
    raw, scaled = inquiry.singular_values
    # Classical Gram-Schmidt and the augmented system leave the same numbers: without a label they are not told apart.
    formed = "A'A was formed" if inquiry.label.law == "normal" else "solved as where A'A is formed"
    return shown(
        "SL102",
        f"{formed}, {how}; QR of the same matrix keeps {one_decimal(after)}",
        witness={
            "law": inquiry.label.law,
            "gradient in u": inquiry.gradient if inquiry.x is not None else None,
            **{f"digits of {name}": d for name, d in zip(GRAM, inquiry.by_gram, strict=True)},
            "smallest relative singular value": float(raw[-1]),
            "with columns of norm 1": float(scaled[-1]),
        },
        removal=f"Householder QR in {inquiry.works_in}, which does not form A'A, keeps {one_decimal(after)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )


def _of_answer(inquiry: Inquiry, after: float) -> str | None:
    """In which words the answer is that of rounded normal equations; None where it is not."""
    law = inquiry.label.law
    if law not in (None, "normal") or inquiry.label.iterative:
        return None
    if law is None and (inquiry.gradient > ROUNDED * inquiry.A.shape[1] or resembles(inquiry) is not None):
        return None
    own = [d or 0.0 for d in inquiry.by_gram]
    before = inquiry.before or 0.0
    # Better than any of ours, and forming A'A is not what costs digits; worse than any, and something else costs more.
    if not min(own) - LUCK <= before <= max(own) + LUCK:
        return None
    # One of ours forms A'A, and keeps about what QR keeps: so it was not that.
    if after - max(own) < GAIN - LUCK:
        return None
    return f"which keeps {one_decimal(max(own))} digits at best here"


def _of_failure(inquiry: Inquiry) -> str | None:
    """In which words A'A is what made the route fail; None where that is not shown."""
    if inquiry.label.law != "normal":
        return None
    solution = inquiry.suspect.solution
    if solution.status is not Status.NOT_FINITE and not (inquiry.refused and BREAKDOWN.search(solution.note)):
        return None
    if None in inquiry.by_gram:
        return "and rounded it is no longer positive definite"
    eps, ratio = float(np.finfo(np.float64).eps), float(inquiry.singular_values[0][-1])
    if ratio**2 < eps < ratio / max(inquiry.A.shape):
        return f"whose condition {ratio**-2:.0e} is beyond 1/eps, which that of A, {1 / ratio:.0e}, is not"
    return None
