"""A sparse A has the bits of the same A dense, in every format, and is never made dense as a whole."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import stabilitylab as sl
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    RankDeficientError,
    ShapeError,
    UndeterminedWarning,
)
from stabilitylab.exact.gram import exact_input
from wild import FEWER

FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]


def data(m=60, n=4, seed=7, dtype=np.float64):
    rng = np.random.default_rng(seed)
    S = sparse.random_array((m, n), density=0.4, rng=rng, format="csr", data_sampler=rng.standard_normal)
    return S.astype(dtype), rng.standard_normal(m)


def require_same(one, other):
    for figure in ("x", "standard_errors", "r_squared", "rss", "constant", "names"):
        assert np.array_equal(getattr(one, figure), getattr(other, figure)), figure
    for rows in ("fitted_values", "residuals"):
        first, second = (v() if callable(v) else v for v in (getattr(one, rows), getattr(other, rows)))
        assert first.tobytes() == second.tobytes(), rows
    assert np.allclose(one.supported_digits, other.supported_digits, atol=0.3)
    assert one.known.resolutions.relative.tolist() == other.known.resolutions.relative.tolist()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("make", ["array", "matrix"])
def test_every_format_has_the_bits_of_the_dense_matrix(kind, make):
    S, b = data()
    given_matrix = getattr(sparse, f"{kind}_{make}")(S.asformat(kind))
    before = given_matrix.toarray()
    fit = sl.lstsq(given_matrix, b, weights=np.arange(60.0), intercept=True)
    require_same(fit, sl.lstsq(S.toarray(), b, weights=np.arange(60.0), intercept=True))
    assert np.array_equal(given_matrix.toarray(), before)
    assert sl.check(sl.lstsq(given_matrix, b).certificate, S.toarray(), b)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint64, bool])
def test_every_type_has_the_bits_of_the_dense_matrix(dtype):
    S, b = data()
    A = (S * 5).astype(np.int64).astype(dtype) if dtype is not np.uint64 else abs(S * 2**61).astype(dtype)
    require_same(sl.lstsq(A, b), sl.lstsq(A.toarray(), b))


def test_integers_beyond_2_to_the_53_are_exact():
    S = sparse.csr_array(np.array([[2**62 + 1, 0], [0, 1], [2**62 + 2, 1], [5, 0]]))
    for options in ({}, {"intercept": True}, {"weights": [1, 2, 3, 4]}):
        require_same(sl.lstsq(S, [1, 2, 4, 9], **options), sl.lstsq(S.toarray(), [1, 2, 4, 9], **options))
    assert sl.lstsq(S, S.toarray()).x.tolist() == [[1, 0], [0, 1]]
    # Where the lower part of a number is 0, no entry of another is lost, and none of what was passed in.
    some = np.array([[2**60, 3, 0], [0, 2**62, 2**60 + 1], [1, 0, 7], [2**61 + 5, 2**40, 1], [2**58, 1, 2**59]])
    S = sparse.csr_array(some)
    require_same(sl.lstsq(S, [1, 2, 4, 9, 3]), sl.lstsq(some, [1, 2, 4, 9, 3]))
    assert np.array_equal(S.toarray(), some)
    # The slope of 1, 2, 4 over three successive integers is 3/2; in float64 they are one number.
    ids = sparse.csr_array(np.array([[2**60 + 1, 1], [2**60 + 2, 1], [2**60 + 3, 1]]))
    assert sl.lstsq(ids, [1, 2, 4]).x[0] == 1.5
    with pytest.raises(RankDeficientError):
        sl.lstsq(ids.astype(np.float64), [1, 2, 4])


@FEWER
@given(st.data())
@pytest.mark.filterwarnings("ignore::stabilitylab.core.errors.UndeterminedWarning")
def test_wild_sparse_numbers_have_the_bits_of_the_dense_matrix(drawn):
    n = drawn.draw(st.integers(1, 3))
    entries = st.one_of(st.just(0.0), st.floats(allow_nan=False, allow_infinity=False))
    rows = drawn.draw(st.lists(st.lists(entries, min_size=n, max_size=n), min_size=n, max_size=7))
    b = drawn.draw(st.lists(st.integers(-(2**70), 2**70), min_size=len(rows), max_size=len(rows)))
    A = np.array(rows)
    try:
        dense = sl.lstsq(A, b, policy="minimum-norm")
    except OutOfRangeError:
        with pytest.raises(OutOfRangeError):
            sl.lstsq(sparse.csr_array(A), b, policy="minimum-norm")
        return
    assert sl.lstsq(sparse.csr_array(A), b, policy="minimum-norm").x.tobytes() == dense.x.tobytes()


@pytest.mark.parametrize("b", [["0.1", "2", "-3.25", "7"], [2**60 + 1, 3, 5, 9], np.longdouble([1, 2, 4, 9]) / 3])
def test_a_response_of_any_exact_numbers_stands_beside_a_sparse_matrix(b):
    A = np.array([[1.5, 0], [0, 2], [1, 1], [0, 0]])
    require_same(sl.lstsq(sparse.csr_array(A), b), sl.lstsq(A, b))


def test_several_targets_and_blocks_change_no_bit(monkeypatch):
    S, b = data()
    B = np.column_stack([b, b**2, b - 3])
    monkeypatch.setattr(exact_input, "BLOCK", 48)
    fits = sl.lstsq(S, B)
    for k, fit in enumerate(fits):
        require_same(fit, sl.lstsq(S.toarray(), B[:, k]))


def test_the_matrix_is_never_dense_as_a_whole(monkeypatch):
    m, n = 30_000, 40
    monkeypatch.setattr(exact_input, "BLOCK", 1 << 16)
    rng = np.random.default_rng(1)
    S = sparse.csr_array((rng.standard_normal(m), rng.integers(0, n, m), np.arange(m + 1)), shape=(m, n))
    b = rng.standard_normal(m)
    assert sl.lstsq(S[:400], b[:400]).residuals.shape == (400,)  # what is imported late counts as memory, too
    tracemalloc.start()
    fit = sl.lstsq(S, b)
    residuals = fit.residuals
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.75 * 8 * m * n
    assert abs(S.T @ residuals).max() < 1e-9
    assert np.shares_memory(fit.data.data.A.data, S.data)


def test_columns_that_cannot_be_told_apart_are_found_as_in_the_dense_matrix():
    rng = np.random.default_rng(5)
    A = rng.standard_normal((80, 2)) * (rng.random((80, 2)) < 0.6)
    A, b = np.column_stack([A, A[:, 0] - 0.5 * A[:, 1]]), rng.standard_normal(80)
    with pytest.warns(UndeterminedWarning, match="cannot tell a0, a1 and a2 apart"):
        kept = sl.lstsq(sparse.csr_array(A), b)
    with pytest.warns(UndeterminedWarning):
        dense = sl.lstsq(A, b)
    assert kept.undetermined == dense.undetermined
    assert kept.supported_digits.tolist() == dense.supported_digits.tolist() == [0, 0, 0]


def test_a_constant_column_and_a_lower_rank_are_seen():
    S, b = data()
    ones = sparse.hstack([S, np.full((60, 1), 2.0)], format="csr")
    assert sl.lstsq(ones, b).constant == sl.lstsq(ones.toarray(), b).constant == 4
    assert sl.lstsq(S, b).constant is None
    weights = np.arange(60) < 10
    few = sparse.csr_array(np.column_stack([S.toarray(), np.where(weights, 3.0, 0.0)]))
    assert sl.lstsq(few, b, weights=weights).constant == 4
    with pytest.raises(RankDeficientError, match="a4 = 2 a0"):
        sl.lstsq(sparse.hstack([S, 2 * S[:, [0]]]), b)


def test_a_change_of_an_entry_is_noticed():
    S, b = data()
    fit = sl.lstsq(S, b)
    S.data[7] *= -1
    with pytest.raises(InputError, match="have changed since"):
        fit.residuals() if callable(fit.residuals) else fit.residuals


def test_sparse_columns_of_pandas_keep_their_names():
    pandas = pytest.importorskip("pandas")
    S, b = data()
    frame = pandas.DataFrame.sparse.from_spmatrix(S, columns=["n", "e", "s", "w"])
    fit = sl.lstsq(frame, b)
    assert fit.names == ("n", "e", "s", "w")
    assert fit.data.data.is_sparse
    assert fit.x.tobytes() == sl.lstsq(S.toarray(), b).x.tobytes()
    mixed = frame.assign(one=np.arange(60.0))
    assert sl.lstsq(mixed, b).x.tobytes() == sl.lstsq(mixed.to_numpy(), b).x.tobytes()
    big = pandas.DataFrame(
        {name: pandas.arrays.SparseArray([2**60 + k, 0, k], fill_value=0) for k, name in ((1, "a"), (2, "b"))}
    )
    assert sl.lstsq(big, [2**60 + 1, 0, 1]).x.tolist() == [1, 0]


TWICE = sparse.coo_array(([0.1, 0.2, 1.0], ([0, 0, 1], [0, 0, 0])), shape=(3, 1))
REFUSED = {
    "complex": (lambda S: S * 1j, ComplexError, "stack real and imaginary"),
    "longdouble": (lambda S: S.astype(np.longdouble), NotNumericError, r"float128.*: pass A\.toarray\(\)"),
    "an entry stored twice": (lambda _: TWICE, NotNumericError, r"stored twice, .* call A\.sum_duplicates\(\) first"),
    "an entry stored twice in rows": (
        lambda _: sparse.csr_array(([0.1, 0.2, 1.0], [0, 0, 0], [0, 2, 3, 3]), shape=(3, 1)),
        NotNumericError,
        "stored twice",
    ),
    "NaN": (lambda S: sparse.csc_array(S / (S.toarray() != S.data[-1])), NotFiniteError, r"A\[59, \d\] is -?inf"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_not_served_is_refused_with_the_way_out(name):
    make, error, says = REFUSED[name]
    S, b = data()
    matrix = make(S)
    with pytest.raises(error, match=says):
        sl.lstsq(matrix, b[: matrix.shape[0]])


def test_an_entry_that_was_added_up_is_taken():
    once = TWICE.copy()
    once.sum_duplicates()
    assert sl.lstsq(once, [1.0, 2.0, 3.0]).x.tolist() == sl.lstsq(TWICE.toarray(), [1.0, 2.0, 3.0]).x.tolist()


def test_columns_out_of_order_in_a_row_are_taken():
    S = sparse.csr_array(([1.0, 2.0, 3.0], [1, 0, 1], [0, 2, 3, 3]), shape=(3, 2))
    assert sl.lstsq(S, [1.0, 2.0, 3.0]).x.tolist() == sl.lstsq(S.toarray(), [1.0, 2.0, 3.0]).x.tolist()


def test_numbers_too_long_for_sums_are_refused_beside_a_sparse_matrix():
    with pytest.raises(OutOfRangeError, match=r"pass A\.toarray\(\)"):
        sl.lstsq(sparse.csr_array(np.eye(2)), [10**90 + 1, 1])


@pytest.mark.parametrize("intercept", [False, True])
def test_predictions_for_a_sparse_matrix_are_those_for_the_dense_one_in_blocks(intercept, monkeypatch):
    S, b = data()
    fit, new = sl.lstsq(S, b, intercept=intercept), S[:23].tocoo()
    dense = fit.predict(new.toarray(), interval="prediction")
    monkeypatch.setattr(exact_input, "BLOCK", 24)
    found = fit.predict(new, interval="prediction")
    assert found.values.tobytes() == fit.predict(new).tobytes() == dense.values.tobytes()
    assert (found.lower.tobytes(), found.upper.tobytes()) == (dense.lower.tobytes(), dense.upper.tobytes())
    whole = sparse.csr_array(np.array([[2**60 + 1, *[0] * (S.shape[1] - 1)]]))
    assert fit.predict(whole).tolist() == fit.predict(whole.toarray()).tolist()


def test_sparse_rows_that_cannot_be_predicted_for_are_refused():
    S, b = data()
    fit = sl.lstsq(S, b)
    holed = S.copy()
    holed.data[0] = np.nan
    with pytest.raises(NotFiniteError, match=r"A_new\[0, \d\] is nan"):
        fit.predict(holed)
    with pytest.raises(ShapeError, match=r"A_new must have 4 columns .*; got 3: give the columns"):
        fit.predict(S[:, :3])
    with pytest.raises(ShapeError, match=r"pass A_new\.reshape\(1, -1\) for one row"):
        fit.predict(sparse.coo_array(np.ones(4)))
    with pytest.raises(NotNumericError, match=r"A_new is sparse with an entry .*call A_new\.sum_duplicates\(\) first"):
        sl.lstsq(np.ones((3, 1)), [1.0, 2.0, 4.0]).predict(TWICE)


@pytest.mark.parametrize("function", [sl.enclose, sl.reference])
def test_other_functions_refuse_a_sparse_matrix_with_the_way_out(function):
    with pytest.raises(NotNumericError, match=r"A is sparse \(scipy\.sparse\.csr_array\): pass A\.toarray\(\)"):
        function(*data())


def test_an_accumulator_takes_sparse_blocks():
    S, b = data()
    n = S.shape[1]
    assert sl.GramAccumulator(n).add(S, b) == sl.GramAccumulator(n).add(S.toarray(), b)


def test_the_checker_refuses_a_sparse_matrix_with_the_way_out():
    S, b = data()
    with pytest.raises(NotNumericError, match=r"A is sparse.*pass A\.toarray\(\)"):
        sl.check(sl.lstsq(S, b).certificate, S, b)


def test_what_a_matrix_remembers_of_its_order_is_not_taken_on_trust():
    S = sparse.csr_array(([0.1, 0.2, 1.0], [0, 1, 0], [0, 2, 3, 3]), shape=(3, 2))
    assert S.has_canonical_format
    S.indices[1] = 0
    with pytest.raises(NotNumericError, match="stored twice"):
        sl.lstsq(S, [1.0, 2.0, 3.0])
