"""The matrix owes its rank to rounding alone: no answer is right or wrong."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.errors import NotCertifiedError, RankDeficientError
from stabilitylab.scoring.reference import reference
from stabilitylab.scoring.undetermined import undetermined as relation_within_rounding


@cause("SL201", "data undetermined", "error", "data", source="Oettli and Prager, Numer. Math. 6 (1964) 405-409")
def undetermined(inquiry: Inquiry) -> Found | None:
    """A relation holds between the columns of the stored matrix within half an ulp of every entry.

    Said where the truth of the suspect is that matrix, or has the same answer.
    """
    if inquiry.true is None or inquiry.stored is None or inquiry.true.x != inquiry.stored.x:
        return None
    try:
        found = relation_within_rounding(inquiry.problem, reference(inquiry.problem, truth="matrix"))
    except (RankDeficientError, NotCertifiedError):  # of weights of 0, the rows that are left
        return None
    if not found:
        return None
    return shown(
        "SL201",
        f"the rank is owed to rounding alone: {found}; no route is to blame",
        witness={"relation": found},
    )
