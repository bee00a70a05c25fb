"""Columns that depend on each other exactly: many answers are equally right."""

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.errors import NotCertifiedError, RankDeficientError
from stabilitylab.scoring.reference import reference


@cause("SL204", "columns exactly dependent", "error", "data", source="Suits, JASA 52 (1957) 548-551")
def dependent_columns(inquiry: Inquiry) -> Found | None:
    """The rank of the exact matrix is below n, in exact arithmetic; the relation is the witness."""
    if inquiry.true is not None:
        return None
    try:
        reference(inquiry.problem, truth=inquiry.suspect.truth)
    except RankDeficientError as error:
        said = str(error.args[0]).partition(". Leave")[0]
        return shown("SL204", said, witness={"relation": said.partition("exactly: ")[2]})
    except NotCertifiedError:
        pass
    return None
