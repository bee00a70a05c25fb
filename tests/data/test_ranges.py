"""Columns over their range and over their largest magnitude, against fractions formed here."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import NATIVE
from stabilitylab.core.errors import InputError
from stabilitylab.data.design import Columns
from stabilitylab.data.ranges import OverLargest, Ranged

NUMBERS = st.lists(st.decimals(-50, 50, places=2), min_size=2, max_size=6, unique=True).map(lambda v: list(map(str, v)))


@pytest.mark.parametrize("format", NATIVE, ids=str)
@settings(max_examples=30)
@given(numbers=NUMBERS)
def test_ranges_are_exact_and_rounded_operation_by_operation(format, numbers):
    x, v = Decimals.parse(numbers), list(map(Fraction, numbers))
    exact = Columns(len(v), {"x": x}, {})
    (ranged,), (over,) = Ranged("x").exact(exact), OverLargest("x").exact(exact)
    assert [ranged[i] for i in range(len(v))] == [(a - min(v)) / (max(v) - min(v)) for a in v]
    assert [over[i] for i in range(len(v))] == [a / max(map(abs, v)) for a in v]
    u = x.rounded(format)
    floats = Columns(len(v), {"x": u}, {})
    if u.max() > u.min():
        assert Ranged("x").rounded(floats, format)[:, 0].tolist() == ((u - u.min()) / (u.max() - u.min())).tolist()
    assert OverLargest("x").rounded(floats, format)[:, 0].tolist() == (u / abs(u).max()).tolist()


@pytest.mark.parametrize(("term", "numbers"), [(Ranged, ["2", "2"]), (OverLargest, ["0", "0"])])
def test_a_column_without_range_or_size_is_refused(term, numbers):
    with pytest.raises(InputError, match=r"of x is 0, and nothing can be divided by it"):
        term("x").exact(Columns(2, {"x": Decimals.parse(numbers)}, {}))
    with pytest.raises(InputError, match=r"of x is 0, and nothing can be divided by it"):
        term("x").rounded(Columns(2, {"x": np.array(numbers, dtype=float)}, {}), NATIVE[1])
