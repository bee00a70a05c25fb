"""What a person is told about coefficients of which the data support no digit: which, why, and the way out."""

from collections.abc import Sequence

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.printable import one_decimal
from stabilitylab.exact.dependent import listed
from stabilitylab.exact.relation import NearRelation
from stabilitylab.exact.supported import DETERMINED

SMALL = 0.1  # of |b|: a column whose part of the fit is known to be less has a coefficient near 0
MOST = 2  # relations that are said


def undetermined(
    names: Sequence[str], noise: Array, sizes: Array, moved: Array, relations: Sequence[NearRelation]
) -> str:
    """The text for coefficients that are noise (n,) bool, of these sizes, moved so far (n,), in units of |b| / |a_j|.

    names: of the columns. relations: those that hold within the rounding of the numbers.
    """
    related = {name for one in relations for name in one.names}
    others = [j for j in np.flatnonzero(noise).tolist() if names[j] not in related]
    near_zero = (moved < SMALL) & (moved >= sizes)
    zero, open_ = ([names[j] for j in others if near_zero[j] == small] for small in (True, False))
    said = []
    if relations:
        taking_part = [name for name in names if name in related]
        more = f"; and {len(relations) - MOST} more" if len(relations) > MOST else ""
        are = "is" if len(open_) == 1 else "are"
        too = f" {_coefficients(open_, 'The')} {are} noise as well." if open_ else ""
        said.append(
            f"the data cannot tell {listed(taking_part)} apart: {'; '.join(map(str, relations[:MOST]))}{more}. Their "
            f"coefficients are rounding noise: drop {'one of them' if len(relations) == 1 else 'as many of them'}, or "
            f"give the numbers with more digits.{too}"
        )
    elif open_:
        said.append(
            f"the data do not determine {_coefficients(open_)}: a change of the numbers within their rounding can, at "
            "worst, change the first digit. Where a standard error is larger than the coefficient, that says it "
            "already; else drop columns that say nearly the same as others, measure them from another origin, or give "
            "the numbers with more digits."
        )
    if zero:
        they, are, them = ("it", "is", "it") if len(zero) == 1 else ("they", "are", "them")
        said.append(
            f"{_coefficients(zero, 'The' if said else 'the')} may as well be 0: {they} {are} smaller than what the "
            f"rounding of the numbers moves {them}."
        )
    return " ".join(said)


def digits_in_words(digits: float) -> str:
    """3.2 digits; less than 1 digit."""
    return "less than 1 digit" if digits < DETERMINED else f"{one_decimal(digits)} digits"


def _coefficients(names: Sequence[str], the: str = "the") -> str:
    return f"{the} coefficient{'s' * (len(names) != 1)} of {listed(names)}"
