"""Logarithms, exponentials and square roots of rational numbers, correctly rounded to 256 bits.

The number so rounded is what the features log, exp and sqrt of a design are in the decimal and data truths: an exact
rational datum, whose distance from the irrational number, at most 2**-256 of it, is far below every format here.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from flint import arb, ctx, fmpq

from stabilitylab.core.arithmetic.flint_precision import FLINT_PRECISION
from stabilitylab.core.arithmetic.formats import rounded_quotient

BITS = 256
LARGEST_EXPONENT = 46_000  # exp of it is near 1e19978; longdouble ends at 1e4932


def to_bits(value: Fraction, bits: int = BITS) -> Fraction:
    """The number with a significand of so many bits nearest to value, ties to even; no bound on the exponent."""
    numerator, denominator = abs(value.numerator), value.denominator
    shift = bits - numerator.bit_length() + denominator.bit_length()
    # |value| 2**shift lies in (2**(bits-1), 2**(bits+1)): one place too many where it is 2**bits or more.
    if numerator << max(shift, 0) >= denominator << max(-shift, 0) << bits:
        shift -= 1
    integer = rounded_quotient(numerator << max(shift, 0), denominator << max(-shift, 0))
    return Fraction(-integer if value < 0 else integer) / Fraction(2) ** shift


def square_root(value: Fraction) -> Fraction:
    """sqrt(value) to 256 bits, nearest, ties to even; exact for the square of a number of at most 256 bits. value >= 0.

    By integers alone: the integer part r of sqrt(value) 4**k has two bits more than are kept, and whether anything is
    left behind it decides what r alone leaves open.
    """
    p, q = value.numerator, value.denominator
    shift = BITS + 2 - (p.bit_length() - q.bit_length()) // 2
    scaled, rest = divmod(p << max(2 * shift, 0), q << max(-2 * shift, 0))
    root = isqrt(scaled)
    # A half of the last place stands for all that was cut off; without it the root is exact, or a true middle.
    sticky = bool(rest) or root * root != scaled
    return to_bits(Fraction(2 * root + sticky) / Fraction(2) ** (shift + 1))


def logarithms(values: Sequence[Fraction]) -> list[Fraction]:
    """Natural logarithms of positive numbers, each to 256 bits, nearest. log 1 is 0 exactly.

    Any other is irrational (Lindemann 1882), so that no tie can occur and enough bits always decide the rounding.
    """
    return _decided(lambda x: x.log(), values, {Fraction(1): Fraction(0)})


def logarithms_to_base(values: Sequence[Fraction], base: int) -> list[Fraction]:
    """Logarithms of positive numbers to the base 2 or 10, each to 256 bits, nearest; of its integer powers exactly.

    That of any other rational number is irrational: base**(p/q) = r means base**p = r**q, and as neither 2 nor 10 is
    divisible by the square of a prime, q divides p. So no tie can occur, as for `logarithms`.
    """
    return _decided(lambda x: x.log() / arb(base).log(), values, {Fraction(1): Fraction(0)})


def exponentials(values: Sequence[Fraction]) -> list[Fraction]:
    """exp of numbers, each to 256 bits, nearest. exp 0 is 1 exactly; any other is irrational (Lindemann 1882).

    For magnitudes up to LARGEST_EXPONENT; beyond, the exponent alone may fill the memory.
    """
    return _decided(lambda x: x.exp(), values, {Fraction(0): Fraction(1)})


def _decided(
    function: Callable[[Any], Any], values: Sequence[Fraction], known: dict[Fraction, Fraction]
) -> list[Fraction]:
    """function of each value by balls of more and more bits, until both ends of the ball round to one number."""
    rounded = [known.get(value) for value in values]
    bits = BITS + 64
    while open_rows := [row for row, value in enumerate(rounded) if value is None]:
        for row in open_rows:
            argument = fmpq(values[row].numerator, values[row].denominator)
            with FLINT_PRECISION, ctx.workprec(bits):
                ball = function(arb(argument))
                ends = (ball.lower(), ball.upper())
            if ball.is_finite():
                low, high = (to_bits(_dyadic(end)) for end in ends)
                rounded[row] = low if low == high else None
        bits *= 2
    return [value for value in rounded if value is not None]


def _dyadic(end: Any) -> Fraction:
    """The exact value of a ball without radius."""
    mantissa, exponent = (int(part) for part in end.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent
