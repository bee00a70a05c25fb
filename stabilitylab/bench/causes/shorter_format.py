"""The route worked in a shorter format than float64."""

import numpy as np

from stabilitylab.bench.causes.cause import cause, shown
from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.inquiry import SHORT, Inquiry
from stabilitylab.bench.causes.rank_cutoff import directions_kept
from stabilitylab.core.arithmetic.formats import Array, format_named
from stabilitylab.core.printable import one_decimal

FEW_BITS, MANY_BITS = 10, 17  # significant bits that each number, and one of them, must have: whole numbers are short
FAR = 1000.0  # units of u from which the gradient of an iteration is no rounding error
LUCK = 2.0  # digits by which an answer in a short format may pass or miss those of QR in that format


@cause("SL103", "worked in a shorter format", "error", "algorithm", source="Higham (2002), section 2.1")
def shorter_format(inquiry: Inquiry) -> Found | None:
    """The label or x is of a format shorter than float64, and the same in float64 keeps GAIN more.

    An answer that is the exact one rounded to that format was returned in it. Else the same is Householder QR, which
    must lose as much in the short format; of an answer that a cut-off shortened, the SVD with the default cut-off of
    its format. Not of an iteration that ended far from where its format lets it come.
    """
    if not inquiry.is_lost_inside or inquiry.x is None:
        return None
    format = _shorter(inquiry)
    if format is None or (inquiry.label.iterative and inquiry.gradient > FAR):
        return None
    if _is_rounded_truth(inquiry, format):
        kept = one_decimal(inquiry.attainable)
        return shown(
            "SL103",
            f"returned in {format}, of {format_named(format).precision} bits; unrounded it has {kept}",
            witness={"format": format, "digits in float64": inquiry.attainable},
            removal=f"the exact answer rounded to {format} is this answer; unrounded it has {kept} digits",
            digits_before=inquiry.before,
            digits_after=inquiry.attainable,
        )
    # An answer that a cut-off shortened is compared with others of a cut-off: QR would remove two causes at once.
    solver, what = "qr.householder", "Householder QR"
    if directions_kept(inquiry) is not None:
        if format != "float32":  # LAPACK has no shorter one
            return None
        solver, what = "svd.truncated", "an SVD with the default cut-off"
    short, after = inquiry.ours(solver, format) or 0.0, inquiry.ours(solver)
    if not inquiry.gains(after) or abs((inquiry.before or 0.0) - short) > LUCK:
        return None
    assert after is not None
    return shown(
        "SL103",
        f"worked in {format}, of {format_named(format).precision} bits; float64 keeps {one_decimal(after)}",
        witness={"format": format, f"digits in {format}": short, "digits in float64": after},
        removal=f"{what} keeps {one_decimal(short)} digits in {format}, {one_decimal(after)} in float64",
        digits_before=inquiry.before,
        digits_after=after,
    )


def _is_rounded_truth(inquiry: Inquiry, format: str) -> bool:
    """Whether every coefficient is that of the stored matrix, rounded to the format."""
    if inquiry.stored is None or inquiry.x is None:
        return False
    with np.errstate(all="ignore"):
        exact, found = (format_named(format).rounded(x) for x in (inquiry.stored.nearest, inquiry.x))
        return bool(np.all(exact == found))


def _shorter(inquiry: Inquiry) -> str | None:
    """The short format that was worked in: as the label says, or the type of x; of an unknown route by the bits of x.

    Cancellation leaves as few bits, without any float32: forming A'A in float64 must not explain the digits as well.
    """
    assert inquiry.x is not None
    for known in (inquiry.works_in, np.asarray(inquiry.x).dtype.name):
        if known in SHORT:
            return known
    if _is_of_float32(inquiry.x) and _is_rounded_truth(inquiry, "float32"):
        return "float32"
    if inquiry.suspect.entry is not None or not _has_bits_of_float32(np.asarray(inquiry.x, dtype=np.float64)):
        return None
    gram = max(d or 0.0 for d in inquiry.by_gram)
    return "float32" if inquiry.gains(gram) and (inquiry.before or 0.0) >= 1 else None


def _has_bits_of_float32(x: Array) -> bool:
    """Whether every number is of float32, and none of them for being short: chance would leave 29 zeros in a row."""
    if not _is_of_float32(x):
        return False
    integers = [abs(int(m)) for m in np.ldexp(np.frexp(x)[0], 53)]
    bits = [(i // (i & -i)).bit_length() for i in integers if i]
    return bool(bits) and min(bits) >= FEW_BITS and max(bits) >= MANY_BITS


def _is_of_float32(x: Array) -> bool:
    """Whether every number is one of float32."""
    with np.errstate(all="ignore"):
        return bool((np.asarray(x, dtype=np.float32) == x).all())
