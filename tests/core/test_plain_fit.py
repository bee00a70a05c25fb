"""What a route returns becomes plain data, or an error that says which report is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from stabilitylab.core.errors import InputError
from stabilitylab.core.plain_fit import plain_array, plain_fit
from stabilitylab.core.types import Fit

X = np.array([1.0, 2.0])


class Hostile(np.ndarray):
    """An array that cannot be viewed as itself, nor converted by its own method."""

    def __array_finalize__(self, other):
        if other is not None and type(other) is Hostile:
            raise RuntimeError("not to be copied")

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not to be converted")


class Refusing:
    """No array, with a method that says it is one."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not to be converted")


@pytest.mark.parametrize(
    ("x", "plain"),
    [
        (X.view(Hostile), X),
        (X.view(np.matrix), X[None, :]),
        (np.ma.array(X, mask=[False, True]), np.array([1.0, np.nan])),
        (np.ma.array(X), X),
        (X.astype(">f8"), X),
        (np.float32([1, 2]), np.float32([1, 2])),
        ([1.0, 2.0], X),
        (np.lib.stride_tricks.as_strided(np.ones(1), (3,), (0,)), np.ones(3)),
    ],
    ids=["hostile", "matrix", "masked", "mask of nothing", "big endian", "short", "list", "one number thrice"],
)
def test_coefficients_become_a_base_class_array_of_their_own_memory(x, plain):
    for returned in (x, Fit(x)):
        found = plain_fit(returned).x
        assert type(found) is np.ndarray
        assert found.dtype == plain.dtype
        assert found.dtype.isnative
        assert found.flags.writeable
        assert np.array_equal(found, plain, equal_nan=True)
        assert not np.shares_memory(found, np.asarray(x, dtype=None) if type(x) is not Hostile else X)


def test_what_cannot_be_converted_is_the_error_of_its_conversion():
    with pytest.raises(RuntimeError, match="not to be converted"):
        plain_fit(Refusing())


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        ({"dropped": (99,)}, "reported coefficient 99 as dropped, of 2: their positions are 0 to 1"),
        ({"dropped": (-1,)}, "reported coefficient -1 as dropped"),
        ({"dropped": (0, 0)}, "reported a coefficient twice as dropped"),
        ({"dropped": ("x",)}, "reported dropped of type tuple: expected positions of coefficients"),
        ({"dropped": 1}, "reported dropped of type int"),
        ({"rank": 3}, "reported rank 3 of 2 coefficients: a rank lies between 0 and 2"),
        ({"rank": -1}, "reported rank -1"),
        ({"rank": 1.5}, "reported rank of type float: expected a whole number"),
        ({"rank": "full"}, "reported rank of type str"),
        ({"iterations": "many"}, "reported iterations of type str"),
        ({"standard_errors": ["a", "b"]}, "reported standard_errors of type list: expected real numbers"),
        ({"standard_errors": [[1.0], [1.0, 2.0]]}, "reported standard_errors of type list"),
        ({"r_squared": "good"}, "reported r_squared of type str: expected a real number"),
        ({"r_squared": [0.5, 0.6]}, "reported r_squared of type list"),
        ({"r_squared": 1j}, "reported r_squared of type complex"),
        ({"note": 7}, "reported note of type int: expected a text"),
        ({"Q": np.array(["a"])}, "reported Q of type ndarray"),
    ],
)
def test_a_report_that_is_none_is_an_error_that_says_which(reports, says):
    with pytest.raises(InputError) as raised:
        plain_fit(Fit(X, **reports))
    assert str(raised.value).startswith(says)


def test_reports_of_other_types_that_hold_the_right_numbers_are_taken():
    fit = plain_fit(
        Fit(
            X,
            rank=np.int64(2),
            iterations=np.uint8(7),
            r_squared=np.array([0.5]),
            growth=np.longdouble(2),
            dropped=np.array([1]),
            standard_errors=X.view(np.matrix),
        )
    )
    assert (fit.rank, fit.iterations, fit.r_squared, fit.growth, fit.dropped) == (2, 7, 0.5, 2.0, (1,))
    assert all(type(value) in (int, float) for value in (fit.rank, fit.iterations, fit.r_squared, fit.growth))
    assert type(fit.standard_errors) is np.ndarray


@given(arrays.arrays(st.sampled_from([np.float32, np.float64, np.int64, np.complex128]), st.integers(0, 9)))
def test_plain_arrays_keep_every_bit(x):
    assert plain_array(x).tobytes() == x.tobytes()
    assert plain_array(x[::-1]).tobytes() == x[::-1].tobytes()
    assert plain_array(x).dtype == x.dtype
