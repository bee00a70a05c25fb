"""Columns of decimals, read all at once: every notation has the value that Python's Decimal has, or is refused."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sums import numbers
from stabilitylab import lstsq
from stabilitylab.core.errors import NotFiniteError, NotNumericError, OutOfRangeError
from stabilitylab.exact.gram import numbers as module
from stabilitylab.exact.gram.inputs import exact_input
from wild import FEWER, PROPERTY

PLACES = st.integers(0, 8) | st.integers(0, 60)
WHOLE = st.integers(-999, 999) | st.integers(-(10**16), 10**16) | st.integers(-(10**45), 10**45)


@st.composite
def numerals(draw):
    """A number in one of the notations of Decimal."""
    digits = str(draw(WHOLE))
    sign, digits = ("-", digits[1:]) if digits[0] == "-" else (draw(st.sampled_from(["", "+"])), digits)
    places = draw(PLACES)
    digits = digits.rjust(places + draw(st.integers(0, 1)), "0") or "0"
    text = sign + digits[: len(digits) - places] + ("." + digits[len(digits) - places :] if places else "")
    return text + draw(st.sampled_from(["", "", "", ".", "e3", "E-7", "e+0"])) if "." not in text else text


def forms(texts):
    """The same column as text, as objects and in a list."""
    yield np.array(texts)[:, None]
    for kind in (str, Decimal):
        column = np.empty((len(texts), 1), dtype=object)
        column[:, 0] = [kind(t) for t in texts]
        yield column
        yield column.tolist()


@PROPERTY
@given(st.lists(numerals(), min_size=1, max_size=6))
def test_every_notation_has_its_value_and_the_last_place_written_is_the_unit(texts):
    expected = [Fraction(Decimal(t)) for t in texts]
    unit = Fraction(10) ** min(Decimal(t).as_tuple().exponent for t in texts)
    for form in forms(texts):
        data = exact_input(form, np.ones(len(texts)), wide=True)
        assert [row[0] for row in numbers(data)] == expected
        if data.floats:
            assert (data.scales or (1,))[0] == unit


@PROPERTY
@given(st.lists(st.text("0123456789+-.eE _\n\x00١", max_size=6), min_size=1, max_size=3))
def test_what_is_no_number_for_Decimal_is_refused_and_nothing_else(texts):
    column = np.empty((len(texts), 1), dtype=object)
    column[:, 0] = texts
    for form in (column, column.tolist()):
        try:
            expected = [Fraction(Decimal(t)) for t in texts]
        except InvalidOperation:
            with pytest.raises(NotNumericError):
                exact_input(form, np.ones(len(texts)), wide=True)
        except OverflowError:
            raise
        else:
            if max(abs(Decimal(t).adjusted()) for t in texts) < 1000:
                data = exact_input(form, np.ones(len(texts)), wide=True)
                assert [row[0] for row in numbers(data)] == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("1.2.3", NotNumericError),
        ("1-2", NotNumericError),
        ("--1", NotNumericError),
        (".", NotNumericError),
        ("-", NotNumericError),
        ("1\n2", NotNumericError),
        ("NaN", NotFiniteError),
        ("-inf", NotFiniteError),
        ("1e999999", OutOfRangeError),
        ("1e-999999", OutOfRangeError),
    ],
)
def test_one_entry_that_is_no_number_is_named(text, error):
    with pytest.raises(error, match="row 1 is "):
        exact_input(np.array([["1.5"], [text]]), [1.0, 2.0])


@FEWER
@given(st.lists(st.integers(-(2**50), 2**50), min_size=1, max_size=9), st.integers(0, 22))
def test_doubles_times_a_power_of_ten_give_back_the_integers(integers, places):
    texts = [f"{Decimal(v).scaleb(-places):f}" for v in integers]
    data = exact_input(np.array(texts)[:, None], np.ones(len(texts)), wide=True)
    assert [row[0] for row in numbers(data)] == [Fraction(v, 10**places) for v in integers]


@pytest.mark.parametrize("texts", [["0.12345678901234567", "0.5"], ["12345678901234.", "0.12345"]])
def test_integers_beyond_2_to_the_53_taken_for_doubles_would_be_noticed(texts, monkeypatch):
    def value():
        return numbers(exact_input(np.array(texts)[:, None], [1.0, 2.0]))[0][0]

    assert value() == Fraction(Decimal(texts[0]))
    monkeypatch.setattr(module, "FEW_CHARACTERS", 99)
    assert value() == Fraction(Decimal(texts[0]))
    monkeypatch.setattr(module, "EXACT", 2.0**99)
    assert value() != Fraction(Decimal(texts[0]))


def test_the_regression_is_that_of_the_decimals():
    A = [["0.1", "1"], ["0.2", "1"], ["0.3", "1"], ["1e-1", "2"]]
    fit = lstsq(A, ["1", "2", "3", "1"])
    assert fit.x.tolist() == [10.0, 0.0]
    assert fit.residuals.tolist() == [0.0] * 4
