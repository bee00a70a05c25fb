"""Numerals of tables: what is a number in which notation, and what is none."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_tabular import NUMERALS

from stabilitylab.data.tabular.numerals import BadField, Notation, Numerals


@given(st.lists(NUMERALS, min_size=1, max_size=8))
def test_numerals_are_exactly_the_numbers_as_written(fields):
    numerals = Numerals.read(fields, Notation())
    truth = [Fraction(Decimal(field)) for field in fields]
    assert numerals.values.tolist() == [float(field) for field in fields]
    assert all((t * Fraction(10) ** int(k)).denominator == 1 for t, k in zip(truth, numerals.places, strict=True))
    places = max(0, int(numerals.places.max()))
    for more in (places, places + 3):
        assert [int(v) for v in numerals.integers(more)] == [t * 10**more for t in truth]


@given(st.integers(-(2**50), 2**50), st.integers(0, 22))
def test_the_way_through_float64_loses_no_unit(integer, places):
    text = f"{Decimal(integer).scaleb(-places):f}"
    assert int(Numerals.read([text], Notation()).integers(places)[0]) == integer


def test_short_numbers_become_floats_and_long_ones_python_ints():
    assert Numerals.read(["1.25", "-3"], Notation()).integers(2).dtype == np.float64
    long = Numerals.read(["0.12345678901234567", "1"], Notation()).integers(17)
    assert long.dtype == object
    assert long.tolist() == [12345678901234567, 10**17]
    border = Numerals.read([str(2**50), "1"], Notation()).integers(0)
    assert (border.dtype, border.tolist()) == (object, [2**50, 1])


def test_five_thousand_digits_are_read():
    text = "0." + "0" * 100 + "1" * 5000
    assert int(Numerals.read([text], Notation()).integers(5100)[0]) == (10**5000 - 1) // 9


@given(st.text(alphabet="0123456789+-.eE_ ,xX\n\tnainf١−", max_size=6))
def test_a_field_is_a_number_just_where_the_grammar_says_so(text):
    body = text.strip()
    digits = set("0123456789+-.eE")
    try:
        expected = float(body) if set(body) <= digits else None
    except ValueError:
        expected = None
    row = 1
    try:
        got = Numerals.read(["1", text, "2"], Notation()).values[1]
    except BadField as bad:
        got, row = None, bad.row
    if expected is not None and (
        abs(expected) == np.inf or (expected == 0 and body.lower().split("e")[0].strip("+-0."))
    ):
        expected = None
    assert (got, row) == (expected, 1)
