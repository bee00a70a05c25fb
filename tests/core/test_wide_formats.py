"""double-double and mpmath's numbers as formats: error bounds of single operations, exact values, names, refusals."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.arithmetic import sums
from stabilitylab.core.arithmetic.double_double import DoubleDouble
from stabilitylab.core.arithmetic.formats import FLOAT64, as_floats, as_integers, format_named, format_of, is_finite
from stabilitylab.core.arithmetic.wide_formats import DOUBLE_DOUBLE, mpmath_format
from stabilitylab.core.errors import InputError, NotNumericError, OutOfRangeError

U2 = Fraction(1, 2**106)


def value(number):
    return Fraction(number.high) + Fraction(number.low)


@st.composite
def double_doubles(draw):
    """Halves at all distances: the second at most half a last place of the first, often zero or at its ends."""
    high = draw(st.builds(lambda c, e: c * 2.0**e, st.integers(-(2**53), 2**53), st.integers(-90, 40)))
    parts = st.one_of(st.sampled_from([0.0, 0.5, -0.5, 0.49999999999999994]), st.floats(-0.5, 0.5))
    low = math.ulp(high) * draw(parts) * 2.0 ** -draw(st.sampled_from([0, 0, 1, 30, 200]))
    total = high + low
    return DoubleDouble(total, low - (total - high))


@settings(max_examples=100)
@given(double_doubles(), double_doubles())
def test_each_operation_of_double_doubles_keeps_its_bound(x, y):
    pairs = [(x, y), (x, DoubleDouble(-x.high, y.low if abs(y.low) <= math.ulp(x.high) / 2 else 0.0))]
    for a, b in pairs:
        exact_a, exact_b = value(a), value(b)
        cases = [(a + b, exact_a + exact_b, 3.01), (a - b, exact_a - exact_b, 3.01), (a * b, exact_a * exact_b, 5)]
        if exact_b:
            cases.append((a / b, exact_a / exact_b, 15.01))
        for found, exact, bound in cases:
            assert abs(value(found) - exact) <= Fraction(bound) * U2 * abs(exact)
            assert found.high == found.high + found.low  # halves again
        root = abs(a).sqrt()
        # |r - sqrt(a)| = |r**2 - a| / (r + sqrt(a))
        assert abs(value(root) ** 2 - abs(exact_a)) <= 2 * Fraction(26, 8) * U2 * abs(exact_a)
        assert (a < b, a <= b, a > b, a >= b) == (
            exact_a < exact_b,
            exact_a <= exact_b,
            exact_a > exact_b,
            exact_a >= exact_b,
        )
        assert (a == b) == (exact_a == exact_b)
        assert Fraction(*a.as_integer_ratio()) == exact_a


@pytest.mark.parametrize(("value", "truth"), [(0.0, False), (-0.0, False), (-1.0, True), (1e-300, True)])
def test_a_double_double_is_true_unless_it_is_zero(value, truth):
    assert bool(DoubleDouble(value)) == truth


def test_the_second_half_counts():
    third = DOUBLE_DOUBLE.nearest(Fraction(1, 3))
    assert abs(value(third * 3 - 1)) < Fraction(1, 2**100)
    assert value(third * 3 - 1) != value(DoubleDouble(third.high) * 3 - 1)
    assert Fraction(FLOAT64.unit_roundoff) > 2**40 * Fraction(DOUBLE_DOUBLE.unit_roundoff)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda one, zero, huge: one / zero, math.inf),
        (lambda one, zero, huge: -one / zero, -math.inf),
        (lambda one, zero, huge: zero / zero, math.nan),
        (lambda one, zero, huge: huge * huge, math.inf),
        (lambda one, zero, huge: huge + huge, math.inf),
        (lambda one, zero, huge: huge * huge - huge * huge, math.nan),
        (lambda one, zero, huge: (-one).sqrt(), math.nan),
        (lambda one, zero, huge: zero.sqrt(), 0.0),
        (lambda one, zero, huge: (huge * huge).sqrt(), math.inf),
        (lambda one, zero, huge: one / (huge * huge), 0.0),
        (lambda one, zero, huge: 2 - one, 1.0),
        (lambda one, zero, huge: 1 / (one + 1), 0.5),
    ],
)
def test_double_doubles_over_and_underflow_as_float64_does(made, expected):
    found = made(*(DOUBLE_DOUBLE.nearest(Fraction(v)) for v in (1, 0, 1.7e308)))
    assert float(found) == expected or (math.isnan(expected) and math.isnan(float(found)))
    assert not (found > 0) if math.isnan(expected) else True
    assert bool(is_finite(np.array([found], dtype=object))[0]) == math.isfinite(expected)


@pytest.mark.parametrize("other", ["a", None, [1], 1j])
def test_a_double_double_meets_real_numbers_only(other):
    for operation in (lambda x: x + other, lambda x: x * other, lambda x: x / other, lambda x: x < other):
        with pytest.raises(TypeError):
            operation(DoubleDouble(1.0))
    assert DoubleDouble(1.0) != other


@pytest.mark.parametrize("bits", [2, 11, 53, 200, 3000])
def test_numbers_of_mpmath_are_rounded_once_to_their_bits(bits):
    format = mpmath_format(bits)
    tie = 1 + Fraction(1, 2**bits)
    above = tie + Fraction(1, 2 ** (bits + 100))
    assert [format.exact(v) for v in format.rounded(np.array([tie, above, -above], dtype=object))] == [
        1,
        1 + Fraction(2, 2**bits),
        -1 - Fraction(2, 2**bits),
    ]
    x = format.rounded(np.array([1.0, 3.0]))
    third = (x[:1] / x[1:])[0]
    assert abs(format.exact(third) - Fraction(1, 3)) <= Fraction(1, 3 * 2**bits)
    assert format_of(x) == format == format_named(f"mpmath_{bits}")
    assert format.context is not mpmath.mp
    wide = mpmath_format(bits + 200)
    assert [wide.exact(v) for v in wide.rounded(x)] == [1, 3]
    assert format.exact(format.rounded(wide.rounded(np.array([above], dtype=object)))[0]) == 1 + Fraction(2, 2**bits)


@pytest.mark.parametrize("name", ["double_double", "mpmath_200"])
def test_special_numbers_and_exact_integers_of_objects(name):
    format = format_named(name)
    x = format.rounded(np.array([0.1, np.inf, -np.inf, np.nan]))
    assert is_finite(x).tolist() == [True, False, False, False]
    assert as_floats(x).tolist()[:3] == [0.1, np.inf, -np.inf]
    integers, scale = as_integers(x[:1])
    assert integers[0] * scale == Fraction(0.1)
    with pytest.raises((OverflowError, ValueError)):
        as_integers(x[1:2])
    assert format_of(np.array([0, x[0]], dtype=object)) == format
    assert format_named(name) == format

    def wide():
        return sums.dot(x, x, "wide")

    for refused in (lambda: format.next_up(x), lambda: format.stored(x), lambda: format.rounding, wide):
        with pytest.raises(InputError, match=r"gaps vary|no bytes of their own|no wider accumulator|not rounded to"):
            refused()
    with pytest.raises(NotNumericError, match="cannot be rounded to"):
        format.rounded(["a"])


def test_the_range_of_double_double_is_that_of_float64():
    assert value(DOUBLE_DOUBLE.largest) > Fraction(np.finfo(float).max)
    assert float(DOUBLE_DOUBLE.rounded(np.array([10**400], dtype=object))[0]) == np.inf
    with pytest.raises(OutOfRangeError, match="overflows double_double"):
        DOUBLE_DOUBLE.nearest(Fraction(10) ** 400)
    assert float(mpmath_format(53).rounded(np.array([10**400], dtype=object))[0] / 10**399) == 10


@pytest.mark.parametrize("name", ["mpmath_", "mpmath_1", "mpmath_x", "mpmath_9999999", "double_double_2", "mpmath_-5"])
def test_a_wide_format_that_is_none_is_refused(name):
    with pytest.raises(InputError, match="mpmath_200"):
        format_named(name)


@pytest.mark.parametrize("order", ["pairwise", "sequential"])
def test_sums_of_objects_are_formed_in_the_order_stated(order):
    for name in ("double_double", "mpmath_11"):
        format = format_named(name)
        x = format.rounded(np.array([2048.0, 1.0, 1.0, 1.0]))
        one = format.rounded(np.ones(4))
        wanted = {"double_double": 2051, "mpmath_11": 2048 if order == "sequential" else 2050}[name]
        assert float(sums.dot(x, one, order)) == wanted
