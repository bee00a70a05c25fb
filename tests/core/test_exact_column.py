"""Columns of exact rationals against lists of fractions."""

from fractions import Fraction
from math import gcd

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import NATIVE
from stabilitylab.core.errors import OutOfRangeError

SETTINGS = settings(max_examples=80)
SCALES = st.fractions(max_denominator=10**6).filter(lambda s: s > 0)


def column_of(m):
    return st.builds(ExactColumn, st.tuples(*[st.integers(-(10**20), 10**20)] * m), SCALES)


COLUMNS = st.integers(1, 6).flatmap(column_of)


def numbers(column):
    return [n * column.scale for n in column.integers]


@SETTINGS
@given(COLUMNS, st.fractions().filter(bool))
def test_operations_are_those_of_the_fractions(column, divisor):
    x = numbers(column)
    mean = sum(x) / len(x)
    assert [column[row] for row in range(len(column))] == x
    assert numbers(column.minus_first()) == [v - x[0] for v in x]
    assert numbers(column.minus_mean()) == [v - mean for v in x]
    assert numbers(column.over(divisor)) == [v / divisor for v in x]
    assert column.sum_of_squares() == sum(v * v for v in x)
    assert numbers(ExactColumn.of_fractions(x)) == x


@SETTINGS
@given(st.integers(1, 6).flatmap(lambda m: st.tuples(column_of(m), column_of(m))))
def test_products_are_formed_row_by_row(pair):
    a, b = pair
    assert numbers(a.times(b)) == [v * w for v, w in zip(numbers(a), numbers(b), strict=True)]


@SETTINGS
@given(COLUMNS)
def test_coprime_integers_are_the_same_numbers(column):
    coprime = column.coprime()
    assert numbers(coprime) == numbers(column)
    assert gcd(*coprime.integers) == 1 or (not any(column.integers) and coprime.scale == 1)


@pytest.mark.parametrize("format", NATIVE, ids=str)
def test_floats_come_back_bit_for_bit(format):
    values = (np.arange(-5, 6, dtype=format.dtype) / format.dtype.type(7)).astype(format.dtype)
    column = ExactColumn.of_floats(values)
    assert all(type(n) is int for n in column.integers)
    assert numbers(column) == [Fraction(*v.as_integer_ratio()) for v in values]
    assert column.rounded(format).dtype == format.dtype
    assert (column.rounded(format) == values).all()


def test_each_number_is_rounded_once():
    # 1 + u + 2**-80 lies above the middle of 1 and the next float32; by way of float64 it would be the middle.
    column = ExactColumn((2**80 + 2**56 + 1, 0), Fraction(1, 2**80))
    above = np.nextafter(np.float32(1), np.float32(2))
    assert column.rounded("float32").tolist() == [above, 0.0]
    assert column.rounded("float64").astype(np.float32)[0] != above


def test_what_does_not_fit_is_refused_with_its_place():
    with pytest.raises(OutOfRangeError, match=r"entry 1, near 2\*\*-200, underflows to 0 in float32: rescale"):
        ExactColumn((2**200, 1), Fraction(1, 2**200)).rounded("float32")
    with pytest.raises(OutOfRangeError, match="overflows float32"):
        ExactColumn((2**200,)).rounded("float32")


@SETTINGS
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=5), st.integers(-30, 30))
def test_decimals_are_an_exact_column_with_a_power_of_ten_as_scale(integers, exponent):
    column = Decimals(tuple(integers), exponent)
    assert isinstance(column, ExactColumn)
    assert column.scale == Fraction(10) ** exponent
    assert numbers(column) == [n * Fraction(10) ** exponent for n in integers]
    assert (column == Decimals(tuple(integers), exponent + 1)) is False
    assert column.rounded("float64").tolist() == [float(v) for v in numbers(column)]
