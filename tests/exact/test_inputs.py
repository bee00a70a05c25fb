"""What `lstsq` is given: every kind of number is taken exactly, and everything else is refused with the way out."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from exact_fit import flint_solution
from exact_sums import numbers
from stabilitylab import lstsq, problems
from stabilitylab.core import errors
from stabilitylab.exact.gram.inputs import exact_input as taken
from stabilitylab.exact.gram.inputs import exact_weights, from_integers
from wild import FEWER, doubles, matrices

F = Fraction
A = np.array([[1.0, 0.1], [1.0, 0.7], [1.0, -2.5], [1.0, 3.3]])
B = np.array([0.1, 2.0, 0.3, -7.0])


def objects(rows):
    out = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        out[i] = row
    return out


def column(values):
    return objects([[v] for v in values])


# --- numbers

NUMBERS = {
    "text": (["0.1", "-2.50", "1e3", " 7 ", "+4.", ".5"], [F(1, 10), F(-5, 2), 1000, 7, 4, F(1, 2)]),
    "Decimal": ([Decimal("0.1"), Decimal("1e-30"), Decimal(3)], [F(1, 10), F(1, 10**30), 3]),
    "Fraction": ([F(1, 3), F(-2, 7), F(5)], [F(1, 3), F(-2, 7), 5]),
    "integers beyond 2**53": ([2**53 + 1, -(10**40), 3], [2**53 + 1, -(10**40), 3]),
    "bool": ([True, False, True], [1, 0, 1]),
    "mixed": (["0.1", 0.1, Decimal("0.1"), F(1, 10), 3, np.float32(0.1)], None),
}
MIXED = [F(1, 10), F(0.1), F(1, 10), F(1, 10), F(3), F(float(np.float32(0.1)))]


@pytest.mark.parametrize("name", NUMBERS)
def test_exact_numbers_in_object_arrays_are_taken_as_they_are(name):
    entries, expected = NUMBERS[name]
    expected = MIXED if expected is None else expected
    b = np.arange(1, len(entries) + 1)
    for array in (column(entries), np.hstack([column(entries), column(b)])[:, :1]):
        data = taken(array, b)
        assert [row[0] for row in numbers(data)] == expected
        assert [row[1] for row in numbers(data)] == list(range(1, len(entries) + 1))
    right = taken(np.ones((len(entries), 1)), np.array([*entries, None], dtype=object)[:-1])
    assert [row[1] for row in numbers(right)] == expected


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f8", "<f4"])
def test_floats_of_every_format_are_taken_bit_for_bit(dtype):
    values = (np.arange(12, dtype=np.longdouble).reshape(6, 2) / 7).astype(dtype)
    expected = [[F(*v.as_integer_ratio()) for v in row] for row in values]
    for left in (values, np.asfortranarray(values), values[::-1][::-1]):
        found = numbers(taken(left, values[:, 0]))
        assert [row[:2] for row in found] == expected
    assert lstsq(values, values[:, 1]).x.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, bool])
def test_integers_of_every_format_are_exact(dtype):
    top = 1 if dtype is bool else np.iinfo(dtype).max
    values = np.array([[top], [0], [top - 1], [1]], dtype=dtype)
    assert [row[0] for row in numbers(taken(values, [1, 2, 3, 4]))] == [int(v) for v in values.ravel()]


@pytest.mark.parametrize("make", [list, tuple, np.array, lambda v: np.ma.masked_array(v, mask=False), memoryview])
def test_lists_tuples_and_arrays_are_the_same_problem(make):
    right = make([float(v) for v in B]) if make is not memoryview else memoryview(B)
    left = make([row.tolist() for row in A]) if make is not memoryview else memoryview(A)
    assert lstsq(left, right).x.tobytes() == lstsq(A, B).x.tobytes()


def test_text_decimals_and_fractions_give_the_solution_of_the_decimals_and_floats_that_of_the_floats():
    texts = [[str(v) for v in row] for row in A.tolist()]
    right = [str(v) for v in B.tolist()]
    decimal = doubles(flint_solution([[F(v) for v in row] for row in texts], [F(v) for v in right]))
    for kind in (str, Decimal, F):
        assert lstsq([[kind(v) for v in row] for row in texts], [kind(v) for v in right]).x.tolist() == decimal
    stored = doubles(flint_solution(A, B))
    assert lstsq(A, B).x.tolist() == stored != decimal


@FEWER
@given(matrices(rows=(1, 4)), st.lists(st.integers(-(10**18), 10**18), min_size=4, max_size=4))
def test_columns_that_mix_floats_of_any_size_and_integers_are_exact(problem, integers):
    left, right = problem
    W = np.hstack([left.astype(object), column(integers[: len(right)])])
    found = numbers(taken(W, right, wide=True))
    expected = [[*map(F, row), F(k), F(v)] for row, k, v in zip(left.tolist(), integers, right.tolist(), strict=False)]
    assert found == expected


SIZES = st.integers(0, 230).flatmap(lambda bits: st.integers(-(2**bits), 2**bits))


@FEWER
@given(st.lists(SIZES, min_size=1, max_size=6), st.lists(SIZES, min_size=6, max_size=6))
def test_integers_of_any_size_are_sums_of_float64_parts_or_stay_integers(left, right):
    columns = [(left, F(1)), (right[: len(left)], F(1, 3))]
    data = from_integers(columns)
    assert numbers(data) == [[F(a), F(b, 3)] for a, b in zip(*(integers for integers, _ in columns), strict=True)]
    bits = max(abs(v) for integers, _ in columns for v in integers).bit_length()
    assert data.floats or bits > 4 * 53
    assert not data.floats or bits <= 4 * 53 + 1
    assert (data.rest is None) or bits > 53


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_machine_integers_at_the_ends_of_their_range_are_exact(dtype):
    info = np.iinfo(dtype)
    values = [info.max, info.max - 1, info.max - 1024, info.min, info.min + 1, 2**53 + 1, 2**62 - 1, 5]
    data = taken(np.array([values], dtype=dtype).T, np.ones(8))
    assert [row[0] for row in numbers(data)] == values
    assert data.floats


def test_a_wide_integer_column_is_constant_only_if_all_of_its_parts_are():
    wide = np.array([2**62 + 1, 2**62 + 1, 2**62 + 1, 2**62 + 1])
    right = [1.0, 2.0, 4.0, 8.0]
    assert lstsq(wide[:, None], right).constant == 0
    assert lstsq((wide - [0, 0, 0, 1])[:, None], right).constant is None
    assert lstsq(wide[:, None], right).r_squared == 0.0


def test_a_problem_is_taken_in_each_of_its_truths():
    problem = problems.get("nist.longley")()
    decimal, matrix = lstsq(problem, truth="decimal"), lstsq(problem)
    assert decimal.x.tolist() != matrix.x.tolist()
    assert matrix.x.tolist() == doubles(flint_solution(problem.A, problem.b))
    assert decimal.names == matrix.names == problem.feature_names
    with pytest.raises(errors.InputError, match="truth must be one of decimal"):
        lstsq(problem, truth="nonsense")
    with pytest.raises(errors.InputError, match="brings its own b"):
        lstsq(problem, problem.b)


def test_the_input_is_not_touched():
    for left in (A.copy(), A.astype(object), A.astype(np.float32)):
        before, right = left.copy(), B.copy()
        lstsq(left, right, intercept=False, weights=np.ones(4))
        assert (left == before).all()
        assert (right == B).all()


@pytest.mark.parametrize(
    "left",
    [
        [[2**53 + 1], [0.5]],
        [[2**53 + 1], [True], [0.25]],
        [[10**30 + 1], [-1]],
        [[2**63 + 1], [-1]],
        [[2**63 + 1], [1]],
    ],
)
def test_integers_in_a_list_are_not_rounded_whatever_stands_beside_them(left):
    found = numbers(taken(left, [1.0] * len(left)))
    assert [row[0] for row in found] == [F(row[0]) for row in left]
    found = numbers(taken([[1.0]] * len(left), [row[0] for row in left]))
    assert [row[1] for row in found] == [F(row[0]) for row in left]


def test_floats_beside_text_in_a_list_stay_the_floats_they_are():
    found = numbers(taken([["0.1"], [0.1]], [1, 2]))
    assert [row[0] for row in found] == [F(1, 10), F(0.1)]


def test_numpy_integers_beside_floats_in_an_object_array_are_numbers():
    assert [row[0] for row in numbers(taken(column([np.int64(3), 0.5, np.True_]), [1, 2, 3]))] == [3, F(1, 2), 1]


# --- refused

WRONG = {
    "A is 1-D": (B, B, errors.ShapeError, r"shape \(m, n\).*reshape\(-1, 1\)"),
    "A is 3-D": (np.ones((2, 2, 2)), [1, 2], errors.ShapeError, r"\(m, n\); got \(2, 2, 2\)"),
    "A is a number": (1.0, [1.0], errors.ShapeError, r"\(m, n\)"),
    "b is too long": (A, np.ones(5), errors.ShapeError, r"shape \(4,\).*got \(5,\)"),
    "b is a row": (A, B[None], errors.ShapeError, r"pass np\.ravel\(b\)"),
    "b has a row for each target": (A, np.ones((2, 4)), errors.ShapeError, r"pass np\.transpose\(b\)"),
    "no rows": (np.ones((0, 2)), [], errors.EmptyError, "give the data"),
    "no columns": (np.ones((3, 0)), np.ones(3), errors.EmptyError, "give the data"),
    "wide": (np.ones((1, 2)), [1.0], errors.UnderdeterminedError, "1 row for 2 columns.*at least 2 rows"),
    "complex A": (A * 1j, B, errors.ComplexError, "A is complex; stack"),
    "complex b": (A, B * 1j, errors.ComplexError, "b is complex; stack"),
    "ragged": ([[1, 2], [3]], [1, 2], errors.ShapeError, "A is ragged"),
    "ragged b": (A[:2], [[1, 2], [3]], errors.ShapeError, "b is ragged"),
    "words": ([["1"], ["two"]], [1, 2], errors.NotNumericError, "'two'"),
    "empty text": ([["1"], [""]], [1, 2], errors.NotNumericError, "''"),
    "None": ([[1.0], [None]], [1, 2], errors.NotNumericError, "column 0 of A, row 1 is None"),
    "objects": ([[1.0], [object()]], [1, 2], errors.NotNumericError, "no number"),
    "bytes": (np.array([[b"1"], [b"2"]]), [1, 2], errors.NotNumericError, r"dtype is \|S1"),
    "no date": (np.array([["NaT"]], dtype="M8[D]"), [1], errors.NotFiniteError, r"A\[0, 0\] is NaT"),
    "text NaN": ([["1"], ["nan"]], [1, 2], errors.NotFiniteError, "'nan'.*remove the row"),
    "Decimal infinity": ([[Decimal("Infinity")], [1]], [1, 2], errors.NotFiniteError, "remove the row"),
    "float NaN among objects": ([[F(1, 3)], [float("nan")]], [1, 2], errors.NotFiniteError, "row 1 is nan"),
    "NaN in float16": (np.array([[1], [np.nan]], dtype=np.float16), [1.0, 2], errors.NotFiniteError, "remove that row"),
    "infinite longdouble": (
        np.array([[1], [np.inf]], dtype=np.longdouble),
        [1.0, 2],
        errors.NotFiniteError,
        r"A\[1, 0\] is inf",
    ),
    "NaN in A": (np.where(A == 0.7, np.nan, A), B, errors.NotFiniteError, r"A\[1, 1\] is nan: remove that row"),
    "infinity in b": (A, np.where(B == 2, -np.inf, B), errors.NotFiniteError, r"b\[1\] is -inf: remove that row"),
    "masked": (np.ma.masked_equal(A, 0.7), B, errors.NotFiniteError, r"A\[1, 1\] is masked: remove"),
    "sparse b": (
        A,
        csr_array(A),
        errors.NotNumericError,
        r"b is sparse \(scipy.sparse.csr_array\): pass b.toarray\(\)",
    ),
    "masked b": (A, np.ma.masked_equal(B, 2.0), errors.NotFiniteError, r"b\[1\] is masked: remove"),
    "1e999999": ([["1e999999"], ["1"]], [1, 2], errors.OutOfRangeError, "rescale the column"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_regression_is_refused_with_the_way_out(name):
    left, right, error, says = WRONG[name]
    with pytest.raises(error, match=says) as caught:
        lstsq(left, right)
    assert type(caught.value) is error


def test_complex_numbers_in_an_object_array_are_refused_as_complex():
    with pytest.raises(errors.ComplexError, match="stack real and imaginary"):
        lstsq(column([1j, 2.0]), [1, 2])


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"policy": "least"}, errors.InputError, "policy must be one of full-rank, minimum-norm; got 'least'"),
        ({"truth": "decimal"}, errors.InputError, "truth is a question about a Problem, .*; got 'decimal'"),
        ({"truth": "data"}, errors.InputError, "truth is a question about a Problem, .*; got 'data'"),
        ({"names": "south"}, errors.InputError, r"names must be a list of names; got .south.: write names="),
        ({"names": ["a"]}, errors.InputError, "one entry for each of 2 columns; got 1"),
        ({"names": ["a", "b", "c"], "intercept": True}, errors.InputError, "each of 2 columns; got 3"),
        ({"weights": [1, 1, 1]}, errors.ShapeError, r"shape \(4,\).*got \(3,\)"),
        ({"weights": np.ones((4, 1))}, errors.ShapeError, r"shape \(4,\)"),
        ({"weights": 2.0}, errors.ShapeError, r"shape \(4,\)"),
        ({"weights": [1, 1, -1e-9, 1]}, errors.OutOfRangeError, r"weights\[2\] is negative"),
        ({"weights": [1, np.nan, 1, 1]}, errors.NotFiniteError, "weights, row 1 is nan"),
        ({"weights": ["1", "x", "1", "1"]}, errors.NotNumericError, "'x'"),
        ({"weights": [1, None, 1, 1]}, errors.NotNumericError, "None"),
        ({"weights": np.ones(4, dtype="m8[s]")}, errors.NotNumericError, "weights are times"),
        ({"weights": [1j, 1, 1, 1]}, errors.ComplexError, "complex"),
        ({"weights": [0, 0, 0, 0]}, errors.InputError, "every weight is 0"),
        ({"weights": [1, 0, 0, 0]}, errors.RankDeficientError, "rank is 1 of 2"),
    ],
)
def test_wrong_options_are_refused_with_the_way_out(options, error, says):
    with pytest.raises(error, match=says):
        lstsq(A * [2.0, 1.0], B, **options)


def test_a_missing_b_is_named():
    for left in (A, None):
        with pytest.raises(errors.InputError, match=r"b is missing: call lstsq\(A, b\)"):
            lstsq(left)


def test_every_refusal_is_a_value_error_of_this_package():
    assert all(issubclass(error, errors.InputError | ValueError) for _, _, error, _ in WRONG.values())


def test_weights_are_exact_fractions():
    for weights, exact in (
        (["0.1", "2"], [F(1, 10), F(2)]),
        ([0.1, 2.0], [F(0.1), F(2)]),
        (np.array([F(1, 3), 1], dtype=object), [F(1, 3), F(1)]),
    ):
        found = exact_weights(weights, 2)
        assert [w * found.unit for w in found.fractions] == exact
        assert all(w.denominator & (w.denominator - 1) == 0 for w in found.fractions)


@pytest.mark.parametrize("kind", [str, Decimal, F])
def test_weights_in_decimals_weigh_exactly(kind):
    tenths = [kind("0.1"), kind("0.2"), kind("0.3"), kind("0.7")]
    assert lstsq(A, B, weights=tenths).x.tolist() == lstsq(A, B, weights=[1, 2, 3, 7]).x.tolist()
