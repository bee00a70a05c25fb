"""Logarithms, exponentials and roots to 256 bits, against mpmath at several times the bits, and against squares."""

import threading
from fractions import Fraction

import flint
import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.conformance.rational import exact
from stabilitylab.data.correct_rounding import BITS, exponentials, logarithms, square_root, to_bits

SETTINGS = settings(max_examples=100)
MP = mpmath.MPContext()
MP.prec = 1200
WIDER = mpmath.MPContext()
WIDER.prec = 2400

POSITIVE = st.one_of(
    st.fractions(max_denominator=10**9).map(lambda v: abs(v) + Fraction(1, 10**9)),
    st.builds(lambda p, q, e: Fraction(p, q) * Fraction(2) ** e, *[st.integers(1, 2**300)] * 2, st.integers(-400, 400)),
    st.integers(2, 500).map(lambda k: 1 + Fraction(1, 2**k)),  # logarithms of few leading bits
)
SMALL = st.one_of(
    st.fractions(-100, 100, max_denominator=10**9),
    st.builds(
        lambda p, e: Fraction(p, 2**300) * Fraction(2) ** e, st.integers(-(2**300), 2**300), st.integers(-500, 9)
    ),
)


def gap(value):
    """The distance of the numbers of 256 bits around a number of 256 bits that is no power of two."""
    exponent = abs(value.numerator).bit_length() - value.denominator.bit_length()
    unit = Fraction(2) ** exponent
    return (unit if unit <= abs(value) else unit / 2) / 2 ** (BITS - 1)


def has_256_bits(value):
    return abs(value.numerator).bit_length() - (value.numerator & -value.numerator).bit_length() < BITS


def is_nearest(rounded, number):
    """Whether a number of 256 bits is nearest to an mpmath number."""
    here = abs(rounded - exact(number))
    return has_256_bits(rounded) and all(here <= abs(rounded + s * gap(rounded) - exact(number)) for s in (-1, 1))


def at_many_bits(function, value):
    return function(MP.mpf(value.numerator) / value.denominator)


@SETTINGS
@given(POSITIVE)
def test_a_logarithm_is_the_nearest_number_of_256_bits(value):
    assert is_nearest(logarithms([value])[0], at_many_bits(MP.log, value)) or value == 1


@SETTINGS
@given(SMALL)
def test_an_exponential_is_the_nearest_number_of_256_bits(value):
    assert is_nearest(exponentials([value])[0], at_many_bits(MP.exp, value))


@SETTINGS
@given(POSITIVE)
def test_a_square_root_is_the_nearest_number_of_256_bits(value):
    assert is_nearest(square_root(value), at_many_bits(MP.sqrt, value))


def test_a_wrong_rounding_would_be_seen():
    values = [Fraction(k, 7) for k in range(2, 40)]
    cut = 0
    for value, right in zip(values, logarithms(values), strict=True):
        number = at_many_bits(MP.log, value)
        assert is_nearest(right, number)
        assert not is_nearest(right + gap(right), number)
        assert not is_nearest(right - gap(right), number)
        cut += not is_nearest(right - gap(right) if right > exact(number) else right, number)
    # Rounding towards 0 is wrong for about half of them.
    assert 10 < cut < 28
    # And a datum of 53 bits, which is what a float would be, is not nearest either.
    assert not is_nearest(to_bits(logarithms([Fraction(2)])[0], 53), MP.log(2))


def test_what_is_rational_is_exact():
    assert logarithms([Fraction(1), Fraction(2), Fraction(1)])[::2] == [0, 0]
    assert exponentials([Fraction(0)]) == [1]
    for root in (Fraction(0), Fraction(3, 4), Fraction(2**255 + 1), Fraction(2**256 - 1, 2**700), Fraction(7) * 2**90):
        assert square_root(root**2) == root
    # 1/3 has no finite number of bits: its square's root is rounded.
    assert square_root(Fraction(1, 9)) == to_bits(Fraction(1, 3)) != Fraction(1, 3)


@SETTINGS
@given(st.integers(2**255, 2**256 - 2), st.integers(-300, 300))
def test_a_root_halfway_between_two_numbers_goes_to_the_even_one_and_one_beside_it_to_its_side(c, exponent):
    unit = Fraction(2) ** exponent
    middle, above, a_little = (c + Fraction(1, 2)) * unit, (c + 1) * unit, Fraction(1, 2**1000)
    assert square_root(middle**2) == (c + c % 2) * unit
    assert square_root(middle**2 * (1 + a_little)) == above
    assert square_root(middle**2 * (1 - a_little)) == c * unit


@SETTINGS
@given(st.integers(2**255, 2**256 - 2), st.sampled_from([-1, 1]))
def test_a_logarithm_nearly_halfway_needs_more_bits_and_gets_them(c, side):
    # The logarithm of v is the middle but for 2**-1200 or 2**-700 of it, on a side that 320 bits cannot see.
    v = exact(MP.exp(MP.mpf(2 * c + 1) / 2**257)) * (1 if side > 0 else 1 - Fraction(1, 2**700))
    assert is_nearest(logarithms([v])[0], WIDER.log(WIDER.mpf(v.numerator) / v.denominator))


@SETTINGS
@given(st.fractions(), st.integers(1, 300))
def test_rounding_to_bits_is_to_the_nearest_with_ties_to_even(value, bits):
    rounded = to_bits(value, bits)
    if value == 0:
        assert rounded == 0
        return
    # In units of the last place the number lies in [2**(bits-1), 2**bits], where Python's round is the oracle.
    exponent = 0
    while abs(value) * Fraction(2) ** exponent >= 2**bits:
        exponent -= 1
    while abs(value) * Fraction(2) ** exponent < 2 ** (bits - 1):
        exponent += 1
    assert rounded == round(value * Fraction(2) ** exponent) / Fraction(2) ** exponent


def test_the_precision_of_flint_is_left_as_it_was_in_every_thread():
    before, found = flint.ctx.prec, []
    values = [1 + Fraction(1, 2**k) for k in range(2, 600, 40)]
    threads = [threading.Thread(target=lambda: found.append(logarithms(values))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert flint.ctx.prec == before
    assert found == [logarithms(values)] * 4


@pytest.mark.parametrize("value", [Fraction(46_000), Fraction(-46_000), Fraction(1, 2**3000)])
def test_exponentials_reach_far_beyond_every_format(value):
    assert has_256_bits(exponentials([value])[0])
