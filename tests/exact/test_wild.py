"""The judges of correct rounding that other tests rely on, against the processor's and Python's own rounding."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wild import PROPERTY, double, doubles, is_root

WHOLE = st.integers(-(10**40), 10**40)
POSITIVE = st.floats(1e-300, 1e300)


@PROPERTY
@given(WHOLE, st.integers(1, 10**40), st.integers(-1200, 1000))
def test_a_fraction_is_rounded_as_python_divides_integers(p, q, e):
    value = Fraction(p, q) * Fraction(2) ** e
    try:
        expected = value.numerator / value.denominator
    except OverflowError:
        expected = math.copysign(math.inf, p)
    assert double(value) == expected


@PROPERTY
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_itself_and_what_lies_in_the_middle_goes_to_even(x):
    assert double(Fraction(x)) == x
    up = math.nextafter(x, math.inf)
    if math.isfinite(up):
        tie = (Fraction(x) + Fraction(up)) / 2
        nearest = double(tie)
        assert nearest in (x, up)
        assert int(Fraction(nearest) / (Fraction(up) - Fraction(x))) % 2 == 0


def test_ties_and_ends_by_hand():
    cases = {
        Fraction(2**53 + 1): 2.0**53,
        Fraction(2**53 + 3): 2.0**53 + 4,
        Fraction(1, 2**1075): 0.0,
        Fraction(3, 2**1075): 2 * 5e-324,
        Fraction(2**1024 - 2**970): math.inf,
        Fraction(2**1024 - 2**970 - 1): 1.7976931348623157e308,
        Fraction(-1, 3): -1 / 3,
    }
    assert doubles(cases) == list(cases.values())


@PROPERTY
@given(POSITIVE)
def test_the_root_is_the_processors_and_no_neighbour_of_it(x):
    root = math.sqrt(x)
    assert is_root(root, Fraction(x))
    assert not is_root(math.nextafter(root, 0), Fraction(x))
    assert not is_root(math.nextafter(root, math.inf), Fraction(x))
    assert not is_root(-root, Fraction(x))


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -0.5, 0.0])
def test_nothing_else_is_a_root(wrong):
    assert not is_root(wrong, Fraction(1, 4))
    assert is_root(0.0, Fraction(0))
