"""The answer was rounded to a few decimals, as for a print-out."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ulp
from typing import Any

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import Inquiry
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.printable import one_decimal

MOST_DIGITS = 8  # that are a print-out and no number of float64
COARSE = (
    1000  # units in the last place of float64 that a decimal place must be worth, or chance may leave such decimals
)
WIDEST = 3  # columns up to which one coefficient is tried as computed from others that were rounded before
HALF = Fraction(1, 2) + Fraction(1, 10**6)  # of a unit; the answer that was rounded had errors of its own


@cause("SL104", "answer rounded for print", "error", "algorithm")
def rounded_for_print(inquiry: Inquiry) -> Found | None:
    """Every number of x has at most k decimals (or k digits), and is the exact answer rounded to those.

    A coefficient that was computed from others after they were rounded is the best one beside these, rounded.
    """
    if inquiry.x is None or not inquiry.is_lost_inside or inquiry.stored is None:
        return None
    x = [float(v) for v in inquiry.x]
    # Nothing but zeros may as well be where an iteration started.
    matching = (m for unit, says in _units(x) if (m := _match(inquiry, x, unit, says)) is not None)
    says, off, late = next(matching, ("", [], [])) if any(x) else ("", [], [])
    if not says:
        return None
    names = inquiry.problem.feature_names
    first = f"; {', '.join(names[j] for j in late)} was computed from the rounded others" if late else ""
    after = inquiry.attainable
    return shown(
        "SL104",
        f"rounded to {says}: the unrounded answer has {one_decimal(after)} digits{first}",
        witness={"rounded to": says, "error in units": [float(error) for error in off]},
        removal=f"the exact answer, rounded to {says}, is this answer; unrounded it has {one_decimal(after)} digits",
        digits_before=inquiry.before,
        digits_after=after,
    )


def _match(
    inquiry: Inquiry, x: list[float], unit: list[Fraction], says: str
) -> tuple[str, list[Fraction], list[int]] | None:
    """In these units: the errors, and which coefficients were computed from rounded others; None where x is no such."""
    assert inquiry.stored is not None
    off = [abs(Fraction(v) - _fraction(t)) / u for v, t, u in zip(x, inquiry.stored.x, unit, strict=True)]
    late = [j for j, error in enumerate(off) if error > HALF]
    if late and (len(late) == len(x) or not _follow(inquiry, late, unit)):
        return None
    return says, off, late


def _units(x: list[float]) -> Iterator[tuple[list[Fraction], str]]:
    """What x may have been rounded to, as the unit of the last place of each number, and in words."""
    written = [Decimal(repr(v)).normalize() for v in x]
    places = max(0, *(-int(d.as_tuple().exponent) for d in written))
    unit = Fraction(1, 10**places)
    if all(unit >= COARSE * Fraction(ulp(v)) for v in x) and any(d != d.to_integral_value() or not d for d in written):
        yield [unit] * len(x), f"{places} decimal{'s' * (places != 1)}"
    digits = max(len(d.as_tuple().digits) for d in written)
    if digits <= MOST_DIGITS and all(written):
        yield [Fraction(10) ** (d.adjusted() - digits + 1) for d in written], f"{digits} digit{'s' * (digits != 1)}"


def _follow(inquiry: Inquiry, late: list[int], unit: list[Fraction]) -> bool:
    """Whether the one late coefficient minimises |b - A x| beside the others as they are, to half a unit."""
    assert inquiry.x is not None
    A, b = np.asarray(inquiry.problem.A), np.asarray(inquiry.problem.b)
    if len(late) != 1 or A.shape[1] > WIDEST or inquiry.suspect.weights is not None:
        return False
    (j,) = late
    a = _exact(A[:, j])
    rest = _exact(b)
    for k in range(A.shape[1]):
        if k != j:
            rest = rest - _exact(A[:, k]) * Fraction(float(inquiry.x[k]))
    best = (a * rest).sum() / (a * a).sum()
    return bool(abs(Fraction(float(inquiry.x[j])) - best) / unit[j] <= HALF)


def _exact(values: Array) -> Array:
    out = np.empty(len(values), dtype=object)
    out[:] = [Fraction(float(v)) for v in values]
    return out


def _fraction(value: Any) -> Fraction:
    """The exact value of an mpmath number."""
    sign, mantissa, exponent, _ = value._mpf_
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** int(exponent)
