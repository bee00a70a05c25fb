"""The changes that bring a run nearer, each run on the same data."""

from stabilitylab.training.causes.inquiry import GAIN, SHRINK, Inquiry
from stabilitylab.training.fixes.fix import Tried, catalog

MOST = 6  # shown


def fixes_of(inquiry: Inquiry, codes: tuple[str, ...]) -> tuple[Tried, ...]:
    """What came nearer: by a digit, or by SHRINK in the loss gap. Changes of the training that mend the first of the
    codes come first, those of other codes next, a direct solver last; the most digits first in each."""
    tried = []
    for entry in catalog:
        mends = entry.label.mends
        if mends and not mends.intersection(codes):
            continue
        first = bool(codes) and codes[0] in mends
        tried += [(first, one) for one in entry.function(inquiry)]
    before = inquiry.run.digits[-1] if inquiry.run.is_finite else 0.0
    nearer = [
        (first, one)
        for first, one in tried
        if one.digits >= before + GAIN or (one.gap is not None and one.gap * SHRINK < inquiry.gap and one.digits > 0)
    ]
    ranked = sorted(nearer, key=lambda pair: (pair[1].is_direct, not pair[0], -pair[1].digits))
    return tuple(one for _, one in ranked[:MOST])
