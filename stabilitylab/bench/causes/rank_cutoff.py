"""A rank cut-off: a direction, a column or the whole answer was given up for singular values that rounding explains."""

import re
from functools import lru_cache
from typing import Any

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import SHORT, Inquiry
from stabilitylab.core.arithmetic.formats import unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import Status
from stabilitylab.scoring.accuracy import digits_of_error
from stabilitylab.scoring.smaller_space import cut_off_sentence, is_of_smaller_space

AGREED = 3.0  # digits in which an answer must agree with a truncated SVD where no label says that its route may drop
NEAR = 1e-6  # relative singular value of scaled columns from which a rank test may have left a column out
LOWEST = 1e-3  # relative singular value above which no cut-off in use drops a direction
REFUSAL = re.compile(r"rank|singular|determinant|collinear|dependent", re.IGNORECASE)
"""What a route says that refuses for its rank test."""


@cause("SL101", "rank cut-off removed a direction", "error", "algorithm", source="Golub and Van Loan (2013), 5.5")
def rank_cutoff(inquiry: Inquiry) -> Found | None:
    """The answer is that of a smaller space (`is_of_smaller_space`), or NA, or a refusal that names the rank.

    Removed by Householder QR of the same matrix, in the same format, with every direction: it must keep GAIN more. In a
    short format that may hold no digits even so; then the format is removed with it, and the removal says that.
    """
    alike = inquiry.gains(inquiry.qr_alike)
    after = inquiry.qr_alike if alike else inquiry.qr
    if not inquiry.is_lost_inside or not inquiry.gains(after):
        return None
    n, format = inquiry.A.shape[1], inquiry.works_in if alike else "float64"
    if inquiry.refused:
        if not _refuses_the_rank(inquiry):
            return None
        sentence = f"rank test refused a matrix of full rank: {_where(inquiry)}"
        witness: dict[str, Any] = {"of": n, "said": inquiry.suspect.solution.note}
    else:
        kept = directions_kept(inquiry)
        if kept is None:
            return None
        says = inquiry.label.cutoff_says if inquiry.suspect.entry is not None else _or_else(inquiry)
        sentence, witness = cut_off_sentence(kept, n, says), {"kept": kept, "of": n}
    fit = inquiry.suspect.solution.fit
    names = inquiry.problem.feature_names
    return shown(
        "SL101",
        sentence,
        witness={**witness, **_sizes(inquiry, witness.get("kept", n - 1))},
        removal=f"QR of the same matrix in {format} with all {n} directions keeps {one_decimal(after or 0.0)} digits",
        digits_before=inquiry.before,
        digits_after=after,
        columns=tuple(names[inquiry.call.columns[j]] for j in fit.dropped) if fit is not None else (),
    )


def directions_kept(inquiry: Inquiry) -> int | None:
    """How many directions the answer has, of fewer than n; None where it has all, or none can be told.

    NA and a lower rank that the answer confirms are believed. Without them each rank behind a small singular value is
    tried: of a route that may drop as `is_of_smaller_space` finds; of others, whose answers may resemble those of
    smaller spaces by chance, if x also agrees to AGREED digits with a truncated SVD, or is 0 in what is missing.
    """
    solution, n = inquiry.suspect.solution, inquiry.A.shape[1]
    if inquiry.x is None:
        return None
    fit = solution.fit
    if fit is not None and fit.dropped:
        return int(n - len(fit.dropped))
    if solution.status is Status.RANK_REDUCED:
        return None if fit is None or fit.rank is None else int(fit.rank)
    kept = resembles(inquiry)
    if kept is None or (inquiry.suspect.entry is not None and inquiry.label.may_drop):
        return kept
    if int((inquiry.solved == 0).sum()) == n - kept:
        # A column that somebody left out is no rank test's, unless it depends on the others in every scale.
        return kept if inquiry.singular_values[1][kept] < NEAR else None
    return kept if _agreed(inquiry, kept) >= AGREED else None


@lru_cache(maxsize=16)
def resembles(inquiry: Inquiry) -> int | None:
    """The rank of a smaller space that the answer is found in; not of an iteration, whose early steps lie in them."""
    if inquiry.label.iterative or inquiry.suspect.solution.status is Status.REPORTS_LOWER_RANK:
        return None
    raw, scaled = inquiry.singular_values
    for kept in range(inquiry.A.shape[1] - 1, 0, -1):
        if (raw[kept] < LOWEST or scaled[kept] < LOWEST) and is_of_smaller_space(
            inquiry.A, inquiry.b, inquiry.solved, kept, works_in=inquiry.works_in
        ):
            return kept
    return None


def _agreed(inquiry: Inquiry, kept: int) -> float:
    """Digits of the worst coefficient in which x agrees with an SVD truncated to a rank, raw or with scaled columns."""
    A, x = inquiry.A, inquiry.solved
    best = 0.0
    with np.errstate(all="ignore"), one_blas_thread():
        for norms in (np.ones(A.shape[1]), column_norms(A)):
            U, s, Vt = np.linalg.svd(A / norms, full_matrices=False)
            z = Vt[:kept].T @ ((U.T @ inquiry.b)[:kept] / s[:kept]) / norms
            best = max(best, digits_of_error(float(np.max(np.abs(x - z) / np.abs(z))), 16.0))
    return best


def _refuses_the_rank(inquiry: Inquiry) -> bool:
    """Whether a refusal names the rank; not that of a factorisation of A'A that broke down."""
    return bool(REFUSAL.search(inquiry.suspect.solution.note))


def _where(inquiry: Inquiry) -> str:
    raw, scaled = inquiry.singular_values
    return f"its smallest relative singular value is {raw[-1]:.1e}, {scaled[-1]:.1e} with columns of norm 1"


def _or_else(inquiry: Inquiry) -> str:
    """What else may have left the same numbers, of a route that is not known."""
    return "or a column left out" if not inquiry.solved.all() else "or an iteration that stopped before it"


def _sizes(inquiry: Inquiry, kept: int) -> dict[str, float]:
    """The relative singular values on both sides of the cut, and how far past the cut-off the first dropped one is."""
    raw, scaled = inquiry.singular_values
    out = {"last kept": float(raw[kept - 1]), "first dropped": float(raw[kept]), "scaled": float(scaled[kept])}
    cutoff = inquiry.label.cutoff
    if cutoff is not None:
        format = inquiry.works_in if inquiry.works_in in SHORT else inquiry.problem.format.name
        m, n = inquiry.A.shape
        cut = cutoff(m, n, 2 * unit_roundoff(format))
        out |= {"cut-off": float(cut), "times below it": float(np.divide(cut, raw[kept])) if raw[kept] else np.inf}
    return out
