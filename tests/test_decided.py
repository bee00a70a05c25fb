"""When the rounding of high + low within a radius is decided: never wrongly, and whenever it is clear."""

from fractions import Fraction
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from wild import PROPERTY, double, doubles

from stabilitylab.exact.by_residual import _decided

FLOATS = st.floats(-1e300, 1e300, allow_subnormal=True)
POWERS = st.builds(lambda k, s: s * 2.0**k, st.integers(-1022, 1000), st.sampled_from([1, -1]))
HIGHS = FLOATS | POWERS | st.integers(-9, 9).map(lambda k: k * 5e-324)
PARTS = st.floats(-0.6, 0.6) | st.sampled_from([0.0, 0.25, -0.25, 0.5, -0.5, nextafter(0.5, 0), -nextafter(0.25, 1)])


def decided(high, low, radius):
    return _decided(np.array([high]), np.array([low]), np.array([radius]))


@PROPERTY
@given(HIGHS, PARTS, st.floats(0, 1) | st.sampled_from([2.0**-53, 2.0**-60, 0.25]))
@example(1.0, -0.25, 0.0)
@example(-1.0, 0.25, 0.0)
@example(5e-324, 0.0, 0.0)
def test_a_decided_rounding_is_right_at_both_ends(high, low, part):
    """low in units of the spacing above high, the radius as a share of what is left to half of it."""
    unit = np.spacing(abs(high))
    low, radius = low * unit, part * abs(0.5 - abs(low)) * unit
    assume(np.isfinite(low))
    ends = [Fraction(high) + Fraction(low) + Fraction(sign * radius) for sign in (-1, 1)]
    if decided(high, low, radius):
        assert doubles(ends) == [high, high]


@PROPERTY
@given(HIGHS, st.floats(-0.12, 0.12), st.floats(0, 0.12))
def test_what_is_clear_is_decided(high, low, radius):
    unit = np.spacing(abs(high))
    assume(high != 0 and unit > 1e-300)
    assert decided(high, low * unit, radius * unit)


@pytest.mark.parametrize("high", [1.0, -1.0, 2.0**-300, 3.0, -nextafter(4, 0), nextafter(2, 3)])
def test_the_exact_ends_of_a_rounding_interval(high):
    """Half the spacing on either side, of which the lower is half as wide at a power of two."""
    for to in (inf, -inf):
        half = (Fraction(nextafter(high, to)) - Fraction(high)) / 2
        end = double(half)
        assert Fraction(end) == half
        inside = end * (1 - 2.0**-49)
        assert decided(high, inside, 0.0)
        assert not decided(high, end * (1 + 2.0**-52), 0.0)
        assert not decided(high, inside, abs(end) * 2.0**-48)
        assert decided(high, end / 2, abs(end) / 4)


@pytest.mark.parametrize(
    "values", [(0.0, 0.0, 0.0), (1.0, nan, 0.0), (1.0, 0.0, nan), (inf, nan, 1.0), (1.0, 0.0, inf)]
)
def test_a_zero_and_what_is_no_number_are_not_decided(values):
    assert not decided(*values)


def test_a_radius_that_reaches_just_beyond_is_seen():
    half, low = 2.0**-53, 2.0**-55
    assert decided(1.0, low, (half - low) * (1 - 2.0**-45))
    assert not decided(1.0, low, (half - low) * (1 + 2.0**-45))


@pytest.mark.parametrize("high", [1.0, -1.0, 2.0**90])
def test_an_end_that_float64_rounds_to_a_tie_is_seen(high):
    """Just beyond half the spacing outside an even high, where low + radius in float64 is that half."""
    half = abs(high) * 2.0**-53
    low = half * 2.0**-70
    assert low + half == half
    assert abs(high) + half == abs(high)
    assert not decided(high, np.copysign(low, high), half)
