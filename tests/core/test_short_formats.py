"""Every operation of the short formats against exact arithmetic: all pairs of 8-bit numbers, borders of the others."""

from fractions import Fraction
from math import isqrt

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact_formats import TABLES, WIDTHS
from stabilitylab.core.arithmetic.formats import BFLOAT16, FORMATS, NATIVE, TENSORFLOAT32, format_named, format_of
from stabilitylab.core.arithmetic.fused import fma, sum_of_three
from stabilitylab.core.arithmetic.rounding import Rounding
from stabilitylab.core.errors import InputError

SHORT = [known.name for known in FORMATS if known.precision <= 24]
CARRIED = [known.name for known in FORMATS if known.carried]
EIGHT = list(TABLES)


def bits(array, name):
    """The stored byte of each number."""
    return format_named(name).stored(array).view(np.uint8)


def all_numbers(name):
    """Every finite number of an 8-bit format, negative ones too, with its integer in units of the smallest."""
    table = TABLES[name]
    places = np.arange(table.codes)
    codes = np.concatenate([places, places | 0x80]).astype(np.uint8)
    numbers = format_named(name).rounded(codes.view(getattr(ml_dtypes, format_named(name).storage)))
    integers = table.integers[:-1]
    return numbers, np.concatenate([integers, -integers])


def expected(sign, places, table, overflow):
    """The byte with that sign and place; of what overflows, that of infinity or NaN."""
    return np.where(places == table.codes, overflow, places) | np.where(sign, 0x80, 0)


def wrong(name, operation, computed=None):
    """How many pairs (or numbers, for a square root) an operation on arrays gets wrong; signs of zeros count.

    computed: what stands in for the operation.
    """
    computed = computed or operation
    table, (x, n) = TABLES[name], all_numbers(name)
    overflow = 0x7F if name == "float8_e4m3" else 0x7C
    middles, sizes, negative = table.middles, np.abs(n), np.signbit(np.asarray(x))
    if operation is np.sqrt:
        half = table.codes
        # sqrt(n 2**-s) lies above the middle m 2**-(s+1) when n 2**(s+2) > m**2.
        places = table.places(sizes[:half] << (table.shift + 2), middles**2)
        found = bits(computed(x[:half]), name)
        return int((found != expected(False, places, table, overflow)).sum())
    found = bits(computed(x[:, None], x), name)
    count = 0
    for i in range(len(x)):
        if operation in (np.add, np.subtract):
            other = n if operation is np.add else -n
            exact = n[i] + other
            # A sum of zero is +0, but of two zeros of the sign -.
            minus = negative if operation is np.add else ~negative
            sign = (exact < 0) | ((exact == 0) & (n == 0) & negative[i] & minus)
            places = table.places(2 * np.abs(exact), middles)
        elif operation is np.multiply:
            # n_i n 2**-2s against m 2**-(s+1).
            places, sign = table.places(2 * sizes[i] * sizes, middles << table.shift), negative[i] ^ negative
        else:  # x / x_i, for every x: n / n_i against m 2**-(s+1)
            if n[i] == 0:
                continue
            places, sign = table.places(sizes << (table.shift + 1), middles * sizes[i]), negative[i] ^ negative
        got = found[:, i] if operation is np.divide else found[i]
        wanted = expected(sign, places, table, overflow)
        if overflow == 0x7F:  # a NaN has no sign that means anything
            got, wanted = (np.where(v & 0x7F == 0x7F, 0x7F, v) for v in (got, wanted))
        count += int((got != wanted).sum())
    return count


@pytest.mark.parametrize("operation", [np.add, np.subtract, np.multiply, np.divide, np.sqrt], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", EIGHT)
def test_every_pair_of_8_bit_numbers_gives_the_nearest_number(name, operation):
    with np.errstate(all="ignore"):
        assert wrong(name, operation) == 0


def rounded_twice(operation, name):
    """The planted fault: the result is rounded to one bit more than the format has, and then to the format."""
    format = format_named(name)
    low = format.minimum_exponent - 1
    between = Rounding(format.precision + 1, low, format.maximum_exponent + 1, np.inf, np.inf)

    def planted(*operands):
        return format.rounded(between.of(operation(*map(np.asarray, operands))))

    return planted


@pytest.mark.parametrize("operation", [np.add, np.subtract, np.multiply, np.divide, np.sqrt], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", EIGHT)
def test_an_operation_that_rounds_twice_is_noticed(name, operation):
    with np.errstate(all="ignore"):
        assert wrong(name, operation, rounded_twice(operation, name)) > 0


def test_what_is_divided_by_zero_or_not_finite_is_infinite_or_nan_as_the_format_has_it():
    with np.errstate(all="ignore"):
        one, zero = (format_named("float8_e5m2").rounded(np.array([v])) for v in (1.0, 0.0))
        assert (one / zero)[0] == np.inf
        assert (one / -zero)[0] == -np.inf
        assert np.isnan((zero / zero)[0])
        one, zero = (format_named("float8_e4m3").rounded(np.array([v])) for v in (1.0, 0.0))
        assert np.isnan((one / zero)[0])
        assert np.isnan((one * 448 + 448)[0])
        assert (one * 448 + 16)[0] == 448


# --- the longer formats, by cases that lie at the borders


def numbers(name):
    """A number of the format as a Fraction: all sizes, and often at the ends of the range and of a significand."""
    widths = WIDTHS[name]
    p, low = widths.precision, widths.least - widths.precision + 1
    high = widths.largest.numerator.bit_length() - p
    exponents = st.one_of(st.integers(low, low + p + 2), st.integers(-p, 2), st.integers(high - 2, high))
    near_ends = st.sampled_from([0, 1, 2, 3, 2**p - 1, 2**p - 2, 2 ** (p - 1), 2 ** (p - 1) + 1])
    significands = st.one_of(st.integers(0, 2**p - 1), near_ends)

    def number(sign, significand, exponent):
        value = sign * significand * Fraction(2) ** exponent
        return value if abs(value) <= widths.largest else sign * widths.largest

    return st.builds(number, st.sampled_from([-1, 1]), significands, exponents)


MODERATE = st.builds(
    lambda c, e: c * Fraction(2) ** e,
    st.integers(-(2**53), 2**53),
    st.one_of(st.integers(-60, 5), st.integers(-400, 300)),
)
"""float64 numbers whose products lose nothing at the ends of the range."""


def is_right(found, exact, name):
    nearest = WIDTHS[name].nearest(exact)
    if nearest is None:
        return np.isinf(found) if format_named(name).has_infinity else np.isnan(found)
    return np.isfinite(found) and Fraction(float(found)) == nearest


def arrays(name, *columns):
    """Columns of fractions that are numbers of the format, as arrays of it."""
    return [format_named(name).rounded(np.array([float(v) for v in column])) for column in columns]


def is_root(found, exact, name):
    """Whether found is the number of the format nearest to the square root of a fraction: no middle lies between."""
    scaled = exact * 4**400
    low = Fraction(isqrt(scaled.numerator // scaled.denominator), 2**400)
    # The root of a number of p bits is no middle of p + 1 bits, so that its first 400 places decide.
    root = low if low**2 == exact else low + Fraction(1, 2**401)
    return is_right(found, root, name)


@pytest.mark.parametrize("name", SHORT)
def test_operations_of_one_format_are_rounded_once(name):
    @settings(max_examples=60)
    @given(st.lists(st.tuples(*[numbers(name)] * 3), min_size=1, max_size=8))
    def check(cases):
        a, b, c = arrays(name, *zip(*cases, strict=True))
        with np.errstate(all="ignore"):
            results = [a + b, a - b, a * b, a / b, np.sqrt(np.abs(a)), fma(a, b, c), sum_of_three(a, b, c)]
        assert all(format_of(result) == format_named(name) for result in results)
        for i, (x, y, z) in enumerate(cases):
            exact = [x + y, x - y, x * y, x / y if y else None, None, x * y + z, x + y + z]
            for result, value in zip(results, exact, strict=True):
                assert value is None or is_right(result[i], value, name)
            assert is_root(results[4][i], abs(x), name)

    check()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(*[numbers("float64").filter(lambda v: not v or 2.0**-400 < abs(v) < 2.0**400)] * 3), min_size=1)
)
def test_float64_is_rounded_once_by_fma_and_sum_of_three(cases):
    a, b, c = arrays("float64", *zip(*cases, strict=True))
    near = -a * b  # what is left is the rounding error of the product
    for found, third in ((fma(a, b, c), c), (fma(a, b, near), near)):
        for i, (x, y, _) in enumerate(cases):
            assert is_right(found[i], x * y + Fraction(third[i]), "float64")
    for found, third in ((sum_of_three(a, b, c), c), (sum_of_three(a, b, -(a + b)), -(a + b))):
        for i, (x, y, _) in enumerate(cases):
            assert is_right(found[i], x + y + Fraction(third[i]), "float64")


WIDE = ["longdouble", "double_double", "mpmath_70"]


@pytest.mark.parametrize("name", WIDE)
def test_fma_and_sum_of_three_round_once_in_wide_formats_too(name):
    format = format_named(name)
    third, big = format.nearest(Fraction(1, 3)), format.nearest(Fraction(3) ** 30)
    a, b, c = (np.array([v, v * 3], dtype=format.dtype) for v in (third, big, -third * big))
    exact = [[format.exact(v) for v in column] for column in (a, b, c)]
    for i, (x, y, z) in enumerate(zip(*exact, strict=True)):
        assert format.exact(fma(a, b, c)[i]) == format.exact(format.nearest(x * y + z))
        assert format.exact(sum_of_three(a, b, c)[i]) == format.exact(format.nearest(x + y + z))
    assert format.exact(fma(a, b, c)[0]) != format.exact((a * b + c)[0])


@pytest.mark.parametrize("name", [*SHORT, "float64", *WIDE])
def test_fma_and_sum_of_three_of_what_is_not_finite_are_what_the_formula_gives(name):
    format = format_named(name)
    a, b, c = (format.rounded(np.array(v)) for v in ([np.inf, 1.0, np.inf, 2.0], [2.0, 1, -1, 3], [1.0, np.inf, 1, 1]))
    with np.errstate(all="ignore"):
        fused, total = (np.array([float(v) for v in found]) for found in (fma(a, b, c), sum_of_three(a, b, c)))
    if not format.has_infinity:
        assert np.isnan(fused[:3]).all()
        return
    assert fused.tolist() == [np.inf, np.inf, -np.inf, 7]
    assert total.tolist() == [np.inf, np.inf, np.inf, 6]


@pytest.mark.parametrize("operation", [fma, sum_of_three])
def test_the_operands_of_a_fused_operation_have_one_format(operation):
    one, other = BFLOAT16.rounded([1.0]), TENSORFLOAT32.rounded([1.0])
    for operands in ((one, one, other), (one, other, one), (other, one, one)):
        with pytest.raises(InputError, match="meet in one operation: round one first"):
            operation(*operands)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="longdouble is double here")
def test_a_fused_operation_overflows_to_infinity():
    most = np.array([np.finfo(np.longdouble).max])
    assert fma(most, most, most)[0] == np.inf
    assert fma(most, -most, most)[0] == -np.inf
    assert sum_of_three(most, most, most)[0] == np.inf


@pytest.mark.parametrize("name", SHORT)
def test_a_product_that_is_rounded_before_it_is_added_to_is_noticed(name):
    u = format_named(name).unit_roundoff
    (x,) = arrays(name, [1 + Fraction(2 * u)])
    with np.errstate(all="ignore"):
        exact = (1 + Fraction(2 * u)) ** 2 - 1 - 4 * Fraction(u)
        minus = arrays(name, [-1 - 4 * Fraction(u)])[0]
        assert is_right(fma(x, x, minus)[0], exact, name)
        assert not is_right((x * x + minus)[0], exact, name)


def significands(format):
    return np.arange(2 ** (format.precision - 1), 2**format.precision, dtype=np.float64)


def by_float32(product, format):
    """A product as an emulation in float32 has it: rounded to float32, and then to the format."""
    return np.asarray(format.rounded(product.astype(np.float32)))


def test_tensorfloat32_computed_in_float32_rounds_twice_below_the_smallest_normal_number():
    c = significands(TENSORFLOAT32)
    for exponent, differs in ((-60, False), (-150, True)):
        products = np.multiply.outer(c, c) * 2.0**exponent
        once = np.asarray(TENSORFLOAT32.rounded(products))
        assert (by_float32(products, TENSORFLOAT32) != once).any() == differs


def test_bfloat16_computed_in_float32_rounds_once_even_there():
    c = significands(BFLOAT16)
    for exponent in range(-152, -137):
        products = np.multiply.outer(c, c) * 2.0**exponent
        assert np.array_equal(by_float32(products, BFLOAT16), np.asarray(BFLOAT16.rounded(products)))
    for exponent in range(-136, -126):
        quotients = np.divide.outer(c, c) * 2.0**exponent
        # The quotient of float64 is near enough to the exact one: that is what the exhaustive test of 8 bits is for.
        assert np.array_equal(by_float32(quotients, BFLOAT16), np.asarray(BFLOAT16.rounded(quotients)))


# --- conversion


def hard_cases(format):
    """float64 numbers at, and one last place beside, the numbers of a format and the points between two of them."""
    p = format.precision
    c = np.unique([1, 2, 3, 2 ** (p - 1), 2 ** (p - 1) + 1, 2**p - 2, 2**p - 1])
    # Exponents below those of the format give halves and quarters of its smallest number.
    low, high = format.minimum_exponent - p - 1, format.maximum_exponent - p + 1
    exponents = np.unique([*range(low, low + p + 3), *range(high - 3, high + 2), -p, 0])
    middles = np.ldexp(np.add.outer(c, [0.0, 0.25, 0.5, 0.75]).ravel()[:, None], exponents).ravel()
    special = [0.0, np.inf, np.nan, *np.ldexp(1.75, np.arange(900, 1024))]
    cases = np.concatenate([np.nextafter(middles, 0), middles, np.nextafter(middles, np.inf), special])
    return np.concatenate([cases, -cases])


@pytest.mark.parametrize("name", CARRIED)
def test_float64_is_rounded_into_the_format_exactly(name):
    format = format_named(name)
    x = hard_cases(format)
    found = np.asarray(format.rounded(x))
    for value, result in zip(x, found, strict=True):
        if np.isfinite(value):
            assert is_right(result, Fraction(value), name)
            assert np.signbit(result) == np.signbit(value) or np.isnan(result)
        assert np.array_equal(format.rounding.scalar(float(value)), result, equal_nan=True)
        # By itself too: what else is in a block must not decide whether a number overflows.
        assert np.array_equal(format.rounding.of(np.array([value])), [result], equal_nan=True)
    assert np.array_equal(
        found[~np.isfinite(x)], np.where(format.has_infinity, x, np.nan)[~np.isfinite(x)], equal_nan=True
    )


@pytest.mark.parametrize("name", ["float8_e4m3", "float8_e5m2", "bfloat16"])
def test_ml_dtypes_rounds_the_same_and_stores_without_loss(name):
    format = format_named(name)
    kind, x = getattr(ml_dtypes, format.storage), hard_cases(format)
    with np.errstate(all="ignore"):
        theirs = x.astype(np.float32).astype(kind)  # float32 first, as their conversion of float64 does
        once = x == x.astype(np.float32)
    ours = format.stored(x)
    assert ours.dtype == np.dtype(kind)
    assert np.array_equal(ours[once].astype(float), theirs[once].astype(float), equal_nan=True)
    assert np.array_equal(np.asarray(format.rounded(ours)), np.asarray(format.rounded(x)), equal_nan=True)
    assert format_of(ours) is format_named(np.dtype(kind)) is format


@pytest.mark.parametrize("name", CARRIED)
def test_numbers_wider_than_float64_are_rounded_once(name):
    format = format_named(name)
    tie = 1 + Fraction(format.unit_roundoff)
    above = tie + Fraction(1, 2**60)
    up = 1 + 2 * Fraction(format.unit_roundoff)
    scale = 2**62
    assert format.rounded(np.array([tie, above], dtype=object)).tolist() == [1, up]
    whole = format.rounded(np.array([int(tie * scale), int(above * scale), -int(above * scale)]))
    if format.maximum_exponent > 62:
        assert whole.tolist() == [scale, up * scale, -up * scale]
    if np.finfo(np.longdouble).nmant >= 60:
        wide = np.array([1, 1], dtype=np.longdouble) + np.array([0, 2.0**-60]) + format.unit_roundoff
        assert format.rounded(wide).tolist() == [1, up]


@pytest.mark.parametrize("name", [*CARRIED, *map(str, NATIVE)])
def test_the_next_numbers_leave_no_number_out(name):
    format = format_named(name)
    special = [0.0, 1.0, format.smallest_subnormal, format.smallest_normal, format.largest]
    x = format.rounded(np.array([*special, *[-v for v in special]], dtype=format.dtype))
    with np.errstate(all="ignore"):
        up, down = format.next_up(x), format.next_down(x)
        for value, above, below in zip(x, up, down, strict=True):
            if np.isfinite(above):
                # Nothing lies between two neighbours: the point halfway rounds to one of them.
                exact = [format.exact(v) for v in (value, above)]
                assert exact[0] < exact[1]
                assert format.exact(format.nearest(sum(exact) / 2)) in exact
                assert format.next_down(above) == value or format.exact(value) == 0
            else:
                assert value == format.largest
                assert np.isnan(above) != format.has_infinity
            assert np.array_equal(below, -format.next_up(-value), equal_nan=True)
        if format.has_infinity:
            assert format.next_up(format.rounded(-np.inf)) == -format.largest
