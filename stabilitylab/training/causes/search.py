"""Which causes a run has: every test of the registry is made, and those that are proven come in order."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.types import Status
from stabilitylab.training.causes.cause import catalog, shown
from stabilitylab.training.causes.cause import cause as _cause
from stabilitylab.training.causes.inquiry import Inquiry
from stabilitylab.training.causes.undetermined import not_determined

FIRST = ("SL404",)  # a state that cannot move makes weights stand still
LAST = ("SL411", "SL412")  # where another cause is proven, the conditioning is not the one to mend first


@_cause("SL499", "unknown", "note", "rest")
def unknown(inquiry: Inquiry) -> None:
    """None of the causes that are tried is proven on this run."""


def causes_of(inquiry: Inquiry) -> tuple[Found, ...]:
    """The causes of a run that is not where it should be, the one to mend first in front.

    Of a run that has arrived nothing is asked but whether there is one place to arrive at.
    """
    if inquiry.run.status is Status.SOLVED:
        return () if inquiry.run.minimum.is_unique else tuple(filter(None, [not_determined(inquiry)]))
    found = [one for entry in catalog if (one := entry.function(inquiry)) is not None]
    found.sort(key=lambda one: (one.code not in FIRST, one.code in LAST, one.code))
    return tuple(found) or (shown("SL499", _unknown(inquiry)),)


def _unknown(inquiry: Inquiry) -> str:
    tried = len(catalog) - 1
    return f"none of the {tried} causes that are tried is proven on this run: more steps may be all that it needs"
