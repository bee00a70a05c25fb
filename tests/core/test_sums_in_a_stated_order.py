"""Sums and products in a stated order, against the same order in exact fractions that are rounded at each step."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact_formats import WIDTHS
from stabilitylab.core.arithmetic import sums
from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT32, FORMATS, NATIVE, format_named, format_of
from stabilitylab.core.errors import InputError, ShapeError

NAMES = [known.name for known in FORMATS if known.precision <= 53]


def vectors(name, scale):
    """Two vectors of the format, of which products stay in its range."""
    p = WIDTHS[name].precision
    number = st.builds(lambda c, e: c * 2.0**e, st.integers(-(2**p) + 1, 2**p - 1), st.integers(-p - scale, -p + scale))
    return st.integers(1, 9).flatmap(lambda m: st.lists(st.tuples(number, number), min_size=m, max_size=m))


def in_pairs(terms, rounded):
    while len(terms) > 1:
        half = (len(terms) + 1) // 2
        terms = [rounded(a + b) for a, b in zip(terms, terms[half:], strict=False)] + terms[len(terms) - half : half]
    return terms[0]


def exactly(x, y, order, name):
    """x'y with the roundings that the order says."""
    rounded, wide = WIDTHS[name].nearest, WIDTHS["float32" if WIDTHS[name].precision < 24 else "float64"].nearest
    products = [Fraction(a) * Fraction(b) for a, b in zip(x, y, strict=True)]
    if order == "pairwise":
        return in_pairs([rounded(p) for p in products], rounded)
    total = Fraction(0)
    for p in products:
        total = rounded(total + rounded(p)) if order == "sequential" else wide(total + p)
    return rounded(total)


CASES = [(name, order) for name in NAMES for order in sums.ORDERS]
CASES.remove(("float64", "wide"))  # compensated: held against exact sums below


@pytest.mark.parametrize(("name", "order"), CASES)
def test_a_dot_product_rounds_in_the_order_that_it_states(name, order):
    @settings(max_examples=25)
    @given(vectors(name, 1))
    def check(pairs):
        format = format_named(name)
        x, y = (format.rounded(np.array(v)) for v in zip(*pairs, strict=True))
        found, wanted = sums.dot(x, y, order), exactly(x.tolist(), y.tolist(), order, name)
        assert format_of(found) == format
        assert Fraction(float(found)) == wanted
        # As one row of a product, one column of a transposed one, and beside others.
        for A in (np.stack([x, x]), np.stack([x])):
            assert [Fraction(float(v)) for v in sums.product(A, y, order)] == [wanted] * len(A)
            assert [Fraction(float(v)) for v in sums.transposed_product(A.T, y, order)] == [wanted] * len(A)

    check()


def test_three_orders_give_three_answers():
    x = BFLOAT16.rounded(np.array([256.0] + [1.0] * 511))
    one = BFLOAT16.rounded(np.ones(512))
    found = {order: float(sums.dot(x, one, order)) for order in sums.ORDERS}
    assert found == {"pairwise": 768.0, "sequential": 256.0, "wide": 768.0}
    x[1:] = 0.5
    assert float(sums.dot(x, one, "sequential")) == 256
    assert float(sums.dot(x, one, "wide")) == 512


@pytest.mark.parametrize("format", NATIVE, ids=str)
def test_a_running_sum_of_ones_stops_in_a_native_format_too(format):
    if format.precision > 11:
        return
    ones = np.ones(3000, dtype=format.dtype)
    assert sums.running_sums(ones) == 2048
    assert sums.column_sums(ones) == 3000


def test_products_outside_the_range_of_the_accumulator_stay_exact_until_they_are_added():
    large, small = BFLOAT16.largest, BFLOAT16.smallest_subnormal
    x, y = BFLOAT16.rounded(np.array([small, 2.0**-100])), BFLOAT16.rounded(np.array([0.5, 2.0**-50]))
    assert float(sums.dot(x, y, "wide")) == 0  # 2**-134 is half of the smallest number of bfloat16
    x, y = BFLOAT16.rounded(np.array([small, 1.5 * 2.0**-100])), BFLOAT16.rounded(np.array([0.5, 2.0**-49]))
    assert float(sums.dot(x, y, "wide")) == small  # float32 holds 2**-134 + 1.5 2**-149 as 2**-134 + 2**-148
    twice = BFLOAT16.rounded(np.array([large, 1.0]))
    assert float(sums.dot(twice, twice, "wide")) == np.inf


@settings(max_examples=40)
@given(vectors("float64", 30))
def test_the_wide_sum_of_float64_has_the_error_of_twice_its_precision(pairs):
    x, y = (np.array(v) for v in zip(*pairs, strict=True))
    products = [Fraction(a) * Fraction(b) for a, b in pairs]
    exact, u = sum(products), Fraction(1, 2**53)
    size = sum(map(abs, products))
    # Ogita, Rump and Oishi (2005), proposition 5.5; what underflows is below m 2**-1074.
    bound = u * abs(exact) + (len(x) * u) ** 2 * size + len(x) * Fraction(1, 2**1070)
    assert abs(Fraction(float(sums.dot(x, y, "wide"))) - exact) <= bound


def test_it_beats_the_plain_sum_where_that_loses_everything():
    x, y = np.array([1e16, 1.0, -1e16]), np.ones(3)
    assert (sums.dot(x, y, "wide"), sums.dot(x, y, "sequential")) == (1.0, 0.0)


@pytest.mark.parametrize("order", sums.ORDERS)
@pytest.mark.parametrize("format", [f for f in FORMATS if f.precision <= 53], ids=str)
def test_a_sum_of_nothing_is_zero_of_the_format(format, order):
    A, r = format.rounded(np.empty((0, 3))), format.rounded(np.empty(0))
    found = sums.transposed_product(A, r, order)
    assert (found.tolist(), format_of(found)) == ([0, 0, 0], format)
    assert (float(sums.dot(r, r, order)), format_of(sums.dot(r, r, order))) == (0, format)


def test_shapes_and_formats_that_do_not_fit_are_refused():
    A, x = np.ones((3, 2)), np.ones(2)
    for call in (lambda: sums.dot(A, A), lambda: sums.product(A, np.ones(3)), lambda: sums.transposed_product(A, x)):
        with pytest.raises(ShapeError, match="got shapes"):
            call()
    with pytest.raises(InputError, match="order must be one of"):
        sums.dot(x, x, "fast")
    with pytest.raises(InputError, match="meet in one product"):
        sums.dot(x.astype(np.float32), x, "wide")
    with pytest.raises(InputError, match="no wider accumulator for longdouble"):
        sums.dot(x.astype(np.longdouble), x.astype(np.longdouble), "wide")
    assert FLOAT32.unit_roundoff == 2.0**-24
