"""Rounding into formats, and exact integers out of them, against neighbours in exact fractions."""

from fractions import Fraction
from math import gcd

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stabilitylab.core.arithmetic.formats import (
    BFLOAT16,
    FLOAT32,
    FLOAT64,
    LONGDOUBLE,
    as_integers,
    format_named,
    nearest,
    rounded_quotient,
    unit_roundoff,
)
from stabilitylab.core.arithmetic.norms import column_norms, unit_exponent
from stabilitylab.core.errors import InputError, OutOfRangeError

FORMATS = ("float16", "float32", "float64", "longdouble")
SETTINGS = settings(max_examples=150)


def value_of(number):
    return Fraction(*number.as_integer_ratio())


def is_nearest(rounded, value, dtype):
    """Neither neighbour of rounded is nearer to value, and a tie went to the even significand."""
    assert rounded.dtype == np.dtype(dtype)
    error = abs(value_of(rounded) - value)
    for toward in (-np.inf, np.inf):
        neighbour = np.nextafter(rounded, rounded.dtype.type(toward))
        if not np.isfinite(neighbour):
            continue
        distance = abs(value_of(neighbour) - value)
        if distance < error or (distance == error and not even(rounded)):
            return False
    return True


def even(number):
    """Whether the last bit of the significand is 0."""
    info = np.finfo(number.dtype)
    exponent = max(int(np.frexp(number)[1]) - 1, int(info.minexp)) - int(info.nmant)
    return (value_of(number) / Fraction(2) ** exponent).numerator % 2 == 0


@st.composite
def values(draw, dtype):
    """A fraction in the range of the format: near a number of it, halfway between two, subnormal, or anything."""
    info = np.finfo(dtype)
    p, low, high = int(info.nmant) + 1, int(info.minexp) - int(info.nmant), int(info.maxexp) - int(info.nmant) - 2
    exponent = draw(st.one_of(st.integers(low, low + p), st.integers(-p, min(p, high)), st.integers(low, high)))
    # 2p + 2 bits: the integer part is a significand, the rest says on which side of the middle the value lies.
    whole, sign = draw(st.integers(0, 2**p - 1)), draw(st.sampled_from([-1, 1]))
    rest = draw(
        st.one_of(
            st.just(Fraction(1, 2)),
            st.just(Fraction(0)),
            st.integers(1, 400).map(lambda k: Fraction(1, 2) + Fraction(1, 2**k)),
            st.integers(1, 400).map(lambda k: Fraction(1, 2) - Fraction(1, 2 ** (k + 1))),
            st.fractions(0, 1, max_denominator=10**9),
        )
    )
    return sign * (whole + rest) * Fraction(2) ** exponent


@pytest.mark.parametrize("dtype", FORMATS)
def test_rounding_gives_the_nearest_number_with_ties_to_even(dtype):
    @SETTINGS
    @given(values(dtype))
    def check(value):
        assert is_nearest(nearest(value, dtype), value, dtype)

    check()


@SETTINGS
@given(st.fractions())
@example(Fraction(1, 10))
@example(Fraction(5, 2**1075))
def test_rounding_to_double_is_that_of_python(value):
    assert nearest(value, "float64") == float(value)


def test_the_numbers_of_float16_and_the_middles_between_two_round_as_they_must():
    numbers = np.arange(0x7C00, dtype=np.uint16).view(np.float16)
    # Every fifth of the 31743 gaps: all exponents, the subnormals, and all significands at one exponent or another.
    for i in range(0, len(numbers) - 1, 5):
        low, high = value_of(numbers[i]), value_of(numbers[i + 1])
        middle, a_little = (low + high) / 2, Fraction(1, 2**60)
        rounded = [nearest(v, "float16") for v in (low, middle - a_little, middle, middle + a_little)]
        expected = [numbers[i], numbers[i], numbers[i + i % 2], numbers[i + 1]]
        assert rounded == expected


def twice_rounded(value, dtype):
    """The planted fault: to double first, then to the format."""
    return np.dtype(dtype).type(float(value))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_rounding_twice_would_be_seen(dtype):
    u = Fraction(unit_roundoff(dtype))
    value = 1 + u + Fraction(1, 2**80)
    assert is_nearest(nearest(value, dtype), value, dtype)
    assert not is_nearest(twice_rounded(value, dtype), value, dtype)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="longdouble is double here")
def test_longdouble_is_not_rounded_by_way_of_double():
    value = 1 + Fraction(1, 2**60)
    assert value_of(nearest(value, "longdouble")) == value
    assert not is_nearest(twice_rounded(value, "longdouble"), value, "longdouble")


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_largest_number_is_reached_and_half_a_gap_beyond_it_overflows(dtype):
    largest = np.finfo(dtype).max
    gap = value_of(largest) - value_of(np.nextafter(largest, np.dtype(dtype).type(0)))
    beyond = value_of(largest) + gap / 2
    assert nearest(beyond - Fraction(1, 2**20), dtype) == largest
    for value in (beyond, -beyond, 2 * beyond):
        with pytest.raises(OutOfRangeError, match=r"overflows \w+: scale its column"):
            nearest(value, dtype)


@pytest.mark.parametrize("dtype", FORMATS)
def test_half_the_smallest_number_rounds_to_zero_and_a_little_more_does_not(dtype):
    smallest = value_of(np.finfo(dtype).smallest_subnormal)
    assert nearest(smallest / 2, dtype) == 0
    assert value_of(nearest(smallest * Fraction(513, 1024), dtype)) == smallest
    assert nearest(Fraction(0), dtype) == 0


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_unit_roundoff_is_where_one_plus_something_stops_being_one(dtype):
    u, one = Fraction(unit_roundoff(dtype)), np.dtype(dtype).type(1)
    assert nearest(1 + u, dtype) == one
    assert nearest(1 + u * Fraction(1001, 1000), dtype) > one


@pytest.mark.parametrize("dtype", FORMATS)
def test_integers_and_their_scale_are_the_numbers_exactly_and_share_no_factor_of_two(dtype):
    info = np.finfo(dtype)
    finite = st.floats(width=16, allow_nan=False, allow_infinity=False)

    @SETTINGS
    @given(st.lists(st.tuples(finite, st.integers(int(info.minexp) - 20, int(info.maxexp) - 17)), max_size=8))
    def check(parts):
        floats = np.array([np.ldexp(np.dtype(dtype).type(f), e) for f, e in parts], dtype=dtype)
        integers, scale = as_integers(floats)
        assert [n * scale for n in integers] == [value_of(v) for v in floats]
        assert all(type(n) is int for n in integers)
        common = gcd(*integers)
        assert common == 0 or common % 2 == 1
        assert max(scale.numerator, scale.denominator).bit_count() == 1
        assert [format_named(dtype).exact(v) for v in floats] == [value_of(v) for v in floats]

    check()


def test_integers_keep_the_shape_of_a_matrix():
    integers, scale = as_integers(np.array([[0.5, -3.0], [0.0, 6.0]]))
    assert integers.tolist() == [[1, -6], [0, 12]]
    assert scale == Fraction(1, 2)


@SETTINGS
@given(st.lists(st.floats(0.5, 2.0), min_size=1, max_size=5), st.integers(-1000, 1000))
def test_column_norms_do_not_over_or_underflow(column, exponent):
    column = np.array(column)
    plain = np.linalg.norm(column)
    (norm,) = column_norms(np.ldexp(column, exponent)[:, None])
    assert norm == pytest.approx(np.ldexp(plain, exponent), rel=1e-14)
    assert np.ldexp(1.0, unit_exponent(column)) > column.max() >= np.ldexp(0.5, unit_exponent(column))


def test_a_column_of_zeros_can_be_divided_by_its_norm():
    assert column_norms(np.array([[0.0, 3.0], [0.0, 4.0]])).tolist() == [1.0, 5.0]


# --- formats as objects


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_format_knows_the_range_and_precision_that_numpy_states(dtype):
    format, info = format_named(dtype), np.finfo(dtype)
    assert format.unit_roundoff == unit_roundoff(dtype) == float(info.eps) / 2
    for number, stated in (
        (format.largest, info.max),
        (format.smallest_normal, info.smallest_normal),
        (format.nearest(value_of(info.smallest_subnormal)), info.smallest_subnormal),
    ):
        assert type(number) is type(stated)
        assert number == stated
    assert format.exact(format.largest) == value_of(info.max)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("float32", FLOAT32),
        (np.float32, FLOAT32),
        ("<f4", FLOAT32),
        (">f8", FLOAT64),
        (float, FLOAT64),
        (np.dtype("float64"), FLOAT64),
        ("longdouble", LONGDOUBLE),
        (np.longdouble, LONGDOUBLE),
        (np.dtype(np.longdouble).name, LONGDOUBLE),
        (FLOAT32, FLOAT32),
    ],
)
def test_a_format_is_found_by_name_or_type(name, format):
    assert format_named(name) is format


@pytest.mark.parametrize("name", ["float31", "int64", "", None, np.complex128, object, ["float32"]])
def test_an_unknown_format_is_refused_with_the_choices(name):
    with pytest.raises(
        InputError,
        match=r"format must be one of float8_e4m3, .*, longdouble, double_double, or mpmath_200 for 200 bits; got",
    ):
        format_named(name)


@SETTINGS
@given(st.lists(st.floats(allow_nan=False), max_size=5))
def test_an_array_is_rounded_into_the_format_entry_by_entry(values):
    array = np.array(values, dtype=np.float64)
    for rounded, value in zip(FLOAT32.rounded(array), array, strict=True):
        if not np.isfinite(rounded):
            assert abs(value) >= value_of(FLOAT32.largest)
        else:
            with np.errstate(over="ignore"):  # the neighbour of the largest is infinite
                assert is_nearest(rounded, value_of(value), "float32")
    assert FLOAT64.rounded(array) is array


def test_a_format_that_numpy_lacks_is_carried_in_float64():
    assert BFLOAT16.unit_roundoff == 2.0**-8
    assert type(BFLOAT16.nearest(Fraction(1, 3))) is np.float64
    # 1/3 is 1.0101010|10... in binary: up, to 171/512. Halfway between 1 and 1 + 2**-7 lies 1 + 2**-8: to even, 1.
    assert BFLOAT16.exact(BFLOAT16.nearest(Fraction(1, 3))) == Fraction(171, 512)
    assert BFLOAT16.nearest(1 + Fraction(1, 2**8)) == 1
    assert BFLOAT16.largest == 2.0**128 * (1 - 2.0**-8)
    # The smallest positive number is 2**-133: half of it goes to even, 0, and anything above to it.
    assert BFLOAT16.smallest_subnormal == 2.0**-133
    assert BFLOAT16.nearest(Fraction(1, 2**134)) == 0
    assert BFLOAT16.nearest(Fraction(3, 2**135)) == 2.0**-133
    with pytest.raises(OutOfRangeError, match="overflows bfloat16"):
        BFLOAT16.nearest(Fraction(2) ** 128)


@given(st.integers(0, 10**6), st.integers(1, 1000))
def test_a_quotient_is_rounded_to_the_nearest_integer_with_ties_to_even(p, q):
    assert rounded_quotient(p, q) == round(Fraction(p, q))


def test_formats_of_ml_dtypes_are_found_by_their_names_and_long_formats_have_no_formula():
    assert format_named("float8_e4m3fn").name == "float8_e4m3"
    assert format_named("float32") is FLOAT32  # which also stores tensorfloat32
    with pytest.raises(InputError, match="up to 51 bits by formula; got float64"):
        FLOAT64.rounding  # noqa: B018
