"""The changes that bring a run nearer, each run on the same data."""

from stabilitylab.training.causes.inquiry import GAIN, Inquiry
from stabilitylab.training.fixes.fix import Tried, catalog

MOST = 5  # shown


def fixes_of(inquiry: Inquiry, codes: tuple[str, ...]) -> tuple[Tried, ...]:
    """What came nearer by a digit at least, the most digits first; changes that mend the first of the codes come
    before others within a digit."""
    tried = []
    for entry in catalog:
        mends = entry.label.mends
        if mends and not mends.intersection(codes):
            continue
        first = bool(codes) and codes[0] in mends
        tried += [(first, one) for one in entry.function(inquiry)]
    before = inquiry.run.digits[-1] if inquiry.run.is_finite else 0.0
    nearer = [(first, one) for first, one in tried if one.digits >= before + GAIN]
    ranked = sorted(nearer, key=lambda pair: (-round(pair[1].digits), not pair[0]))
    return tuple(one for _, one in ranked[:MOST])
