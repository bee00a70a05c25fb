"""The causes of an answer: every test of the registry, what lies in the data first, what nothing else explains last."""

from collections.abc import Iterator
from itertools import islice

from stabilitylab.bench.causes.cause import About, catalog
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.bench.causes.suspect import Suspect
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.types import Status


@in_default_mode
def causes_of(suspect: Suspect, *, remove: bool = True) -> tuple[Found, ...]:
    """What cost an answer its digits, most important first: by the digits that removing it brings back.

    Each is proven by a computation on the same data; what none of the tests proves is SL199, unknown. Empty where no
    digits are missing that the data hold, and for a route that could not be started. Where the data determine no
    answer, that is all that is found: no route is then blamed. remove: whether the route may be called again on
    changed data; without, our own arithmetic is all that is run. Raises the errors of `reference`.
    """
    if suspect.solution.status is Status.UNUSABLE:
        return ()
    inquiry = Inquiry(suspect, remove)
    found = [*_of("data", inquiry)]
    if any(one.severity == "error" for one in found):
        return tuple(found)
    found += [*_of("storage", inquiry), *_of("algorithm", inquiry)]
    if all(one.severity == "note" for one in found):
        # One after the other, in the order of their codes: what is left is "inside the library" only where no test
        # before it proves more, and "unknown" last.
        found += islice(_of("rest", inquiry), 1)
    return tuple(sorted(found, key=lambda one: (one.severity == "note", -(one.digits_after or 0.0), one.code)))


def _of(about: About, inquiry: Inquiry) -> Iterator[Found]:
    """What the tests of one kind find, in the order of their codes."""
    for entry in catalog:
        if entry.label.about == about and (found := entry.function(inquiry)) is not None:
            yield found
