"""Intervals of rationals hold what they say and no more, and roundings of numbers and roots are right at near-ties."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import OutOfRangeError
from stabilitylab.exact.solve.interval import (
    UNSETTLED,
    Interval,
    exactly,
    nearest_of,
    nearest_root_of,
    offset_by_root,
    quotient,
)
from wild import PROPERTY, double, is_root

WHOLE = st.integers(-(10**30), 10**30)
NATURAL = st.integers(0, 10**30)
POSITIVE = st.integers(1, 10**30)
TINY = Fraction(1, 10**90)
LARGEST = Fraction(2**1024 - 2**971)


def ends(interval):
    return Fraction(interval.low, interval.over), Fraction(interval.high, interval.over)


def between(a, b, over):
    return Interval(min(a, b), max(a, b), over)


@PROPERTY
@given(NATURAL, NATURAL, POSITIVE, NATURAL, NATURAL, POSITIVE)
def test_products_and_reciprocals_have_the_ends_of_their_factors(a, b, p, c, d, q):
    one, other = between(a, b, p), between(c, d, q)
    (low, high), (least, most) = ends(one), ends(other)
    assert ends(one * other) == (low * least, high * most)
    assert ends(one * most) == (low * most, high * most)
    if a and b:
        assert ends(one.inverse()) == (1 / high, 1 / low)


@PROPERTY
@given(WHOLE, WHOLE, POSITIVE, WHOLE, POSITIVE)
def test_differences_squares_and_middles(a, b, over, p, q):
    one, value = between(a, b, over), Fraction(p, q)
    low, high = ends(one)
    assert ends(one.reflected(value)) == (value - high, value - low)
    assert ends(one.below(value)) == (max(value - high, 0), max(value - low, 0))
    squares = sorted((low**2, high**2))
    assert ends(one.squared()) == (0 if low < 0 < high else squares[0], squares[1])
    assert one.middle == (low + high) / 2
    assert ends(exactly(value)) == (value, value)


def test_the_square_of_an_interval_that_ends_at_zero_begins_there():
    assert ends(Interval(-3, 0).squared()) == (0, 9)
    assert ends(Interval(0, 2).squared()) == (0, 4)
    assert ends(Interval(-1, 2).squared()) == (0, 4)


@pytest.mark.parametrize(
    ("low", "high", "digits", "agrees"),
    [
        (1000, 1001, 3, True),
        (1000, 1002, 3, False),
        (-1001, -1000, 3, True),
        (-1002, -1000, 3, False),
        (999, 1000, 3, False),
        (0, 1, 0, False),
        (-1, 0, 0, False),
        (-1, 1, 0, False),
        (1, 2, 0, True),
        (0, 0, 9, True),
        (-7, -7, 9, True),
    ],
)
def test_digits_agree_relative_to_the_nearer_end(low, high, digits, agrees):
    assert Interval(low, high, 7).agrees(digits) is agrees


@PROPERTY
@given(WHOLE, POSITIVE, st.integers(-1200, 1100))
def test_a_number_is_rounded_once_or_refused(p, q, e):
    value = Fraction(p, q) * Fraction(2) ** e
    found, nearest = exactly(value), double(value)
    if math.isinf(nearest) or (value and not nearest):
        with pytest.raises(OutOfRangeError, match=r"what (over|under)flows float64"):
            nearest_of(found, "what")
    else:
        assert nearest_of(found, "what") == nearest
    assert quotient(value.numerator, value.denominator) == nearest


@PROPERTY
@given(POSITIVE, POSITIVE, st.integers(-2300, 2200))
def test_a_root_is_rounded_once_or_refused(p, q, e):
    square = Fraction(p, q) * Fraction(2) ** e
    # The root lies beyond the range where the square does beyond those of its ends.
    if Fraction(1, 2**2150) < square < (LARGEST + 2**970) ** 2:
        assert is_root(nearest_root_of(exactly(square), "what"), square)
    else:
        with pytest.raises(OutOfRangeError, match=r"what (over|under)flows float64"):
            nearest_root_of(exactly(square), "what")


@PROPERTY
@given(st.integers(2**52, 2**53 - 2), st.integers(-1100, 900), st.sampled_from([-1, 0, 1]), st.integers(40, 400))
def test_roots_that_are_nearly_halfway_between_doubles(significand, exponent, side, away):
    """The midpoint of two doubles squared, or a number as near to that as anybody could make it."""
    exponent = max(exponent, -1074)
    unit = Fraction(2) ** exponent
    below, above = significand * unit, (significand + 1) * unit
    square = ((below + above) / 2) ** 2
    found = nearest_root_of(exactly(square * (1 + side * Fraction(1, 10**away))), "what")
    even = below if significand % 2 == 0 else above
    assert found == {-1: below, 0: even, 1: above}[side]


@pytest.mark.parametrize("side", [-1, 1])
def test_a_remainder_below_the_last_bit_of_the_root_decides_a_tie(side):
    """The integer part of p 2**k / q is a square exactly, and only the remainder of the division is not 0."""
    midpoint = 2**53 + 1  # between 2**53, which is even, and 2**53 + 2
    square = Fraction(midpoint) ** 2 * (1 + side * TINY)
    assert nearest_root_of(exactly(square), "root") == 2.0**53 + (2 if side > 0 else 0)
    odd = 2**53 + 3  # between 2**53 + 2, and 2**53 + 4, which is even
    square = Fraction(odd) ** 2 * (1 + side * TINY)
    assert nearest_root_of(exactly(square), "root") == 2.0**53 + (4 if side > 0 else 2)


def test_large_and_small_roots_have_all_their_bits():
    """Between p and q of very different lengths, where nothing is shifted, or a thousand places are."""
    for e in (-1900, -1001, -133, -132, -131, -1, 0, 1, 131, 132, 133, 1001, 1900):
        for p, q in ((3, 7), (2**60 - 1, 1), (1, 2**60 - 1), (10**40 + 1, 10**40)):
            square = Fraction(p, q) * Fraction(2) ** e
            assert is_root(nearest_root_of(exactly(square), "root"), square)


def test_an_interval_with_two_nearest_doubles_is_not_settled():
    one = 2**60
    assert nearest_of(Interval(one, one + 2**7 - 1, 2**60), "x") == 1.0
    assert nearest_of(Interval(one, one + 2**7 + 1, 2**60), "x") is None
    assert nearest_of(UNSETTLED, "x") is None
    assert nearest_root_of(UNSETTLED, "x") is None
    assert nearest_of(exactly(0), "x") == nearest_root_of(exactly(0), "x") == 0.0
    assert nearest_of(Interval(-1, 1, 2**3000), "x") is None
    assert nearest_of(Interval(-1, 0, 2**3000), "x") is None
    assert nearest_of(Interval(0, 1, 2**3000), "x") is None
    for sign in (1, -1):
        far = sorted((sign * 2**3000, sign * 2**3001))
        with pytest.raises(OutOfRangeError, match="x overflows"):
            nearest_of(Interval(*far), "x")
        with pytest.raises(OutOfRangeError, match="x underflows"):
            nearest_of(Interval(*sorted((sign, 2 * sign)), 2**3000), "x")


@PROPERTY
@given(WHOLE, WHOLE, POSITIVE, WHOLE, WHOLE, POSITIVE)
def test_sums_and_negatives_have_the_ends_of_their_terms(a, b, p, c, d, q):
    one, other = between(a, b, p), between(c, d, q)
    (low, high), (least, most) = ends(one), ends(other)
    assert ends(one + other) == (low + least, high + most)
    assert ends(-one) == (-high, -low)


@PROPERTY
@given(NATURAL, NATURAL, POSITIVE, WHOLE, st.integers(10, 200))
def test_roots_are_held_to_the_bits_asked_for(a, b, over, x, bits):
    square = between(a, b, over)
    low, high = ends(square.root(bits))
    least, most = ends(square)
    assert low**2 <= least
    assert high**2 >= most
    # Each end is off by at most one unit of its last place, 2**-bits of the root of the lower end that is not 0.
    slack = 1 + Fraction(3, 2**bits)
    assert least <= (low * slack) ** 2
    if least:
        assert high**2 <= most * slack**2
    for sign in (1, -1):
        found = ends(offset_by_root(exactly(x), exactly(Fraction(a, over) ** 2), sign, bits))
        assert found == (x + sign * Fraction(a, over),) * 2
        low, high = ends(offset_by_root(exactly(x), exactly(Fraction(2 * a * a + 1, over)), sign, bits))
        least, most = sorted((abs(low - x), abs(high - x)))
        assert least**2 <= Fraction(2 * a * a + 1, over) <= most**2
        assert min(sign * (low - x), sign * (high - x)) >= 0
