"""Every kind of bad input has its error, and a message with what was expected, what came and the way out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix

from stabilitylab import reference
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
    StabilityLabError,
    UnderdeterminedError,
)
from stabilitylab.data.validation import checked

A, b = np.arange(12.0).reshape(6, 2), np.ones(6)


def spoiled(values, place, value):
    out = np.array(values)
    out[place] = value
    return out


BAD = {
    "a row for b": (A, b[None], ShapeError, r"b must have shape \(6,\) to match A .*; got \(1, 6\): pass np\.rav"),
    "two columns for b": (A, np.ones((6, 2)), ShapeError, r"got \(6, 2\): pass one column at a time"),
    "two rows for b": (A, np.ones((2, 6)), ShapeError, r"got \(2, 6\): pass np\.transpose\(b\)"),
    "b too short": (A, b[:5], ShapeError, r"b must have shape \(6,\) to match A \(6, 2\); got \(5,\)$"),
    "b too long": (A, np.ones(7), ShapeError, r"b must have shape \(6,\).*got \(7,\)$"),
    "a number for b": (A, 3.0, ShapeError, r"b must have shape \(6,\).*got \(\)"),
    "one-dimensional A": (b, b, ShapeError, r"A must have shape \(m, n\); got \(6,\): pass A.reshape\(-1, 1\)"),
    "three-dimensional A": (A[None], b, ShapeError, r"A must have shape \(m, n\); got \(1, 6, 2\)$"),
    "a number for A": (3.0, b, ShapeError, r"A must have shape \(m, n\); got \(\)$"),
    "ragged rows": ([[1.0, 2.0], [3.0]], [1.0, 2.0], ShapeError, "row 0 has 2 entries and row 1 has 1 entry: give"),
    "fewer rows than columns": (A.T, b[:2], UnderdeterminedError, "A has 2 rows for 6 columns.*give at least 6 rows"),
    "one row": (A[:1], b[:1], UnderdeterminedError, "A has 1 row for 2 columns"),
    "no rows": (A[:0], b[:0], EmptyError, r"at least one row and one column; got \(0, 2\): give the data"),
    "no columns": (A[:, :0], b, EmptyError, r"got \(6, 0\)"),
    "an empty list": ([], [], EmptyError, r"got \(0,\)"),
    "a NaN in A": (spoiled(A, (3, 1), np.nan), b, NotFiniteError, r"A\[3, 1\] is nan: remove that row or give"),
    "an infinity in A": (spoiled(A, (0, 0), -np.inf), b, NotFiniteError, r"A\[0, 0\] is -inf"),
    "a NaN in b": (A, spoiled(b, 4, np.nan), NotFiniteError, r"b\[4\] is nan: remove that row"),
    "a masked entry": (np.ma.masked_equal(A, 5.0), b, NotFiniteError, r"A\[2, 1\] is masked: remove that row"),
    "complex A": (A + 0j, b, ComplexError, "A is complex; stack real and imaginary parts"),
    "complex b": (A, b * 1j, ComplexError, "b is complex"),
    "strings": (A.astype(str), b, NotNumericError, "A must hold real numbers; its dtype is <U32: pass an array"),
    "objects": (A, b.astype(object), NotNumericError, "b must hold real numbers; its dtype is object"),
    "dates": (A.astype("datetime64[D]"), b, NotNumericError, "its dtype is datetime64"),
    "sparse": (csr_matrix(A), b, NotNumericError, r"A is sparse \(scipy.sparse.csr_matrix\): pass A.toarray\(\)"),
    "nothing": (None, b, NotNumericError, "A must hold real numbers"),
    "long integers": (A.astype(int) + 2**53, b, OutOfRangeError, r"A holds integers beyond 2\*\*53.*subtract an"),
    "unsigned integers": (A, np.full(6, 2**64 - 1, np.uint64), OutOfRangeError, r"b holds integers beyond 2\*\*53"),
}  # fmt: skip
EXACT = {"strings", "objects", "dates", "long integers", "unsigned integers"}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_what_was_expected_what_came_and_the_way_out(name):
    matrix, right, error, says = BAD[name]
    # References take exact numbers of any kind, and integers of any size.
    for validate in (checked,) if name in EXACT else (checked, reference):
        with pytest.raises(error, match=says) as caught:
            validate(matrix, right)
        assert type(caught.value) is error
        assert isinstance(caught.value, StabilityLabError)
        assert isinstance(caught.value, ValueError)


def test_every_input_error_is_met_here_but_that_of_a_dependent_column():
    met = {error for _, _, error, _ in BAD.values()}
    assert {e.__name__ for e in InputError.__subclasses__()} - {e.__name__ for e in met} == {"RankDeficientError"}


@st.composite
def good(draw):
    """A and b of one or two formats, in any memory order."""
    m = draw(st.integers(1, 6))
    n = draw(st.integers(1, m))
    dtype, other = draw(st.sampled_from("efdg")), draw(st.sampled_from("efdg"))
    finite = st.floats(width=16, allow_nan=False, allow_infinity=False)
    matrix = draw(hnp.arrays(dtype, (m, n), elements=finite))
    if draw(st.booleans()):
        matrix = np.asfortranarray(matrix)
    return matrix, draw(hnp.arrays(other, (m,), elements=finite))


@settings(max_examples=100)
@given(good())
def test_good_input_passes_unchanged_and_read_only(pair):
    before = [v.copy() for v in pair]
    out = checked(*pair)
    dtype = np.result_type(*pair)
    for given_array, passed, kept in zip(pair, out, before, strict=True):
        assert passed.dtype == dtype
        assert np.array_equal(passed, kept)
        assert np.array_equal(np.signbit(passed), np.signbit(kept))
        assert np.array_equal(given_array, kept)
        assert given_array.flags.writeable
        assert not np.shares_memory(given_array, passed)
        with pytest.raises(ValueError, match="read-only"):
            passed[0] = 1


def test_lists_and_integers_and_truth_values_become_doubles():
    for values in ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], dtype=np.int8), ((1.0, 2), (3, 4))):
        matrix, right = checked(values, [True, False])
        assert matrix.dtype == right.dtype == np.float64
        assert (matrix.tolist(), right.tolist()) == ([[1, 2], [3, 4]], [1, 0])


def test_a_column_is_a_right_hand_side():
    assert checked(A, np.arange(6.0)[:, None])[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert reference(A, b[:, None]).x == reference(A, b).x


def test_long_integers_that_double_holds_pass():
    matrix, _ = checked(np.array([[2**53], [2**60]]), [1, 2])
    assert matrix.ravel().tolist() == [2.0**53, 2.0**60]


def test_a_masked_array_without_a_masked_entry_passes():
    assert np.array_equal(checked(np.ma.array(A), b)[0], A)
