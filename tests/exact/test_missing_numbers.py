"""missing="drop": the fit is that of the rows without a missing number, whatever holds them; else the way is told."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import stabilitylab as sl
from stabilitylab.core.errors import EmptyError, InputError, NotFiniteError, NotNumericError, ShapeError
from stabilitylab.data.missing import missing_rows
from wild import FEWER

pytestmark = pytest.mark.filterwarnings("ignore::stabilitylab.core.errors.UndeterminedWarning")

NAN = float("nan")
ROWS = [[1.0, 2.0], [2.0, NAN], [3.0, 5.5], [4.0, 1.0], [NAN, 3.0], [6.0, 2.0], [7.0, 9.0]]
RIGHT = [1.0, 2.0, 3.0, NAN, 5.0, 6.0, 9.5]
KEPT = [0, 2, 5, 6]
FULL = sl.lstsq(np.array(ROWS)[KEPT], np.array(RIGHT)[KEPT], intercept=True)


def none(values):
    return [none(v) if isinstance(v, list) else None if v != v else v for v in values]


def texts(values):
    return [texts(v) if isinstance(v, list) else "NA" if v != v else repr(v) for v in values]


def columns(rows=ROWS):
    return dict(zip("uv", map(list, zip(*rows, strict=True)), strict=True))


def records(rows):
    return np.array([tuple(row) for row in rows], dtype=[("u", float), ("v", float)])


def of_pandas(make):
    def made():
        pandas = pytest.importorskip("pandas")
        index = list("abcdefg")
        return make(pandas.DataFrame(columns(), index=index)), make(pandas.Series(RIGHT, index=index))

    return made


def of_polars(make):
    def made():
        polars = pytest.importorskip("polars")
        return polars.DataFrame(make(columns())), polars.Series(make({"y": RIGHT})["y"])

    return made


def of_pyarrow(chunks):
    def made():
        arrow = pytest.importorskip("pyarrow")
        right = arrow.array(none(RIGHT))
        return arrow.table(columns(none(ROWS))), arrow.chunked_array([right[:2], right[2:]]) if chunks else right

    return made


class Tensor:
    """What converts to an array, and is none."""

    def __init__(self, values):
        self.values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


KINDS = {
    "arrays": lambda: (np.array(ROWS), np.array(RIGHT)),
    "a column": lambda: (np.array(ROWS), np.array(RIGHT)[:, None]),
    "objects": lambda: (np.array(none(ROWS), dtype=object), np.array(none(RIGHT), dtype=object)),
    "masked arrays": lambda: (np.ma.masked_invalid(ROWS), np.ma.masked_invalid(RIGHT)),
    "lists": lambda: (none(ROWS), none(RIGHT)),
    "lists of texts": lambda: (texts(ROWS), texts(RIGHT)),
    "an array of texts": lambda: (np.array(texts(ROWS)), np.array(texts(RIGHT))),
    "decimals": lambda: ([[Decimal(v) for v in row] for row in ROWS], none(RIGHT)),
    "a dict": lambda: (columns(none(ROWS)), none(RIGHT)),
    "a structured array": lambda: (records(ROWS), np.array(RIGHT)),
    "sparse": lambda: (sparse.csc_matrix(np.array(ROWS)), np.array(RIGHT)),
    "pandas": of_pandas(lambda table: table),
    "pandas, nullable": of_pandas(lambda table: table.convert_dtypes()),
    "pandas, objects": of_pandas(lambda table: table.astype(object)),
    "pandas, texts": of_pandas(lambda table: table.astype(str)),
    "polars": of_polars(lambda table: table),
    "polars, nulls": of_polars(lambda table: {key: none(values) for key, values in table.items()}),
    "polars, texts": of_polars(lambda table: {key: texts(values) for key, values in table.items()}),
    "pyarrow": of_pyarrow(chunks=False),
    "pyarrow, chunks": of_pyarrow(chunks=True),
    "other arrays": lambda: (Tensor(ROWS), Tensor(RIGHT)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_with_a_missing_number_are_left_out_and_counted(kind):
    A, b = KINDS[kind]()
    fit = sl.lstsq(A, b, intercept=True, missing="drop")
    assert fit.x.tolist() == FULL.x.tolist()
    assert fit.residuals.tolist() == FULL.residuals.tolist()
    assert (fit.rows, fit.rows_left_out) == (4, 3)
    assert "4, and 3 left out, in which a number is missing" in str(fit.summary())
    with pytest.raises((NotFiniteError, NotNumericError), match=r"; missing='drop' leaves out each row in which a"):
        sl.lstsq(A, b, intercept=True)


@FEWER
@given(st.lists(st.tuples(*[st.sampled_from([1.0, 2.5, -3.0, NAN])] * 4), min_size=1, max_size=12))
def test_what_is_left_out_is_what_has_a_missing_number(rows):
    table = np.array(rows)
    A, b, weights = table[:, :2], table[:, 2], np.abs(table[:, 3])
    kept = [i for i, row in enumerate(rows) if all(v == v for v in row)]
    assert missing_rows(A, b, weights).tolist() == [i not in kept for i in range(len(rows))]
    if kept:
        found = sl.lstsq(A, b, weights=weights, policy="minimum-norm", missing="drop")
        other = sl.lstsq(A[kept], b[kept], weights=weights[kept], policy="minimum-norm")
        assert found.x.tolist() == other.x.tolist()
        assert found.rows_left_out == len(rows) - len(kept)


def test_several_targets_a_penalty_and_a_float64_factor():
    both = np.column_stack([RIGHT, np.arange(7.0)])
    fits = sl.lstsq(ROWS, both, intercept=True, missing="drop")
    assert [fit.rows_left_out for fit in fits] == [3, 3]
    assert (fits.rows, fits.rows_left_out) == (4, 3)
    assert fits[0].x.tolist() == FULL.x.tolist()
    pandas = pytest.importorskip("pandas")
    listed = [pandas.Series(column) for column in both.T]
    assert sl.lstsq(ROWS, listed, intercept=True, missing="drop").x.tolist() == fits.x.tolist()
    for penalty in (1.0, 0.0):
        fit = sl.lstsq(ROWS, RIGHT, ridge=penalty, missing="drop")
        assert fit.x.tolist() == sl.lstsq(np.array(ROWS)[KEPT], np.array(RIGHT)[KEPT], ridge=penalty).x.tolist()
        assert fit.rows_left_out == 3
    rng = np.random.default_rng(1)
    A, b = rng.standard_normal((90, 33)), rng.standard_normal(90)
    A[7, 3] = NAN
    fit = sl.lstsq(A, b, missing="drop")
    assert fit.system is None
    assert fit.rows_left_out == 1
    assert fit.x.tolist() == sl.lstsq(np.delete(A, 7, axis=0), np.delete(b, 7)).x.tolist()


def test_a_list_of_columns_as_long_as_the_table_is_its_rows():
    pandas = pytest.importorskip("pandas")
    listed = [pandas.Series(row) for row in ([1.0, 2.0], [3.0, NAN], [5.0, 7.0])]
    fits = sl.lstsq([[1.0], [2.0], [4.0]], listed, missing="drop")
    assert fits.x.tolist() == sl.lstsq([[1.0], [4.0]], [[1.0, 2.0], [5.0, 7.0]]).x.tolist()


def test_nothing_is_computed_to_see_whether_a_lazy_table_has_missing_numbers():
    class Lazy:
        def compute(self):
            raise AssertionError("computed")

        def __len__(self):
            return 3

    for options in ({}, {"missing": "drop"}):
        with pytest.raises(NotNumericError, match=r"holds no numbers yet \(dask\): pass A.compute\(\)$"):
            sl.lstsq(Lazy(), [1.0, 2.0, NAN], **options)


def test_a_table_keeps_its_index_and_moments_may_be_missing():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(
        {"t": pandas.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-05"])}, index=list("pqrs")
    )
    fit = sl.lstsq(X, [1, 2, 3, 4], missing="drop")
    assert fit.rows_left_out == 1
    assert fit.x.tolist() == sl.lstsq(X.dropna(), [1, 3, 4]).x.tolist()
    y = pandas.Series([1.0, 2, 3, 4], index=list("qprs"))
    with pytest.raises(InputError, match="the rows of b are not those of A, by their index"):
        sl.lstsq(X, y, missing="drop")
    holed = pandas.DataFrame({"u": [1.0, NAN, np.inf, 3.0]})
    with pytest.raises(
        NotFiniteError, match=r"'u', row 1 is inf .*its index is 2.*; rows are counted without the 1 in which a number"
    ):
        sl.lstsq(holed, [1.0, 2, 3, 4], missing="drop")


def test_infinities_and_what_is_no_table_are_refused_as_before():
    with pytest.raises(NotFiniteError, match=r"remove that row or give the number$"):
        sl.lstsq([[1.0], [np.inf], [2.0]], [1.0, 2.0, 3.0])
    with pytest.raises(NotFiniteError, match=r"remove that row or give the number$"):
        sl.lstsq([[1.0], [np.inf], [2.0]], [1.0, 2.0, 3.0], missing="drop")
    with pytest.raises(EmptyError, match="in each of the 2 rows a number is missing"):
        sl.lstsq([[None], [1.0]], [1.0, None], missing="drop")
    with pytest.raises(ShapeError, match=r"b must have shape \(7,\)"):
        sl.lstsq(ROWS, RIGHT[:3], missing="drop")
    with pytest.raises(InputError, match="missing must be one of refuse, drop; got 'mean'"):
        sl.lstsq(ROWS, RIGHT, missing="mean")
    with pytest.raises(InputError, match="b is missing"):
        sl.lstsq(ROWS, missing="drop")
    assert sl.lstsq(sl.problems.get("nist.norris")(), missing="drop").rows_left_out == 0


def test_data_without_a_missing_number_are_not_copied():
    A, b = np.arange(12.0).reshape(6, 2) ** 2, np.arange(6.0)
    fit = sl.lstsq(A, b, missing="drop")
    assert np.shares_memory(fit.data.data.A, A)
    A[0, 0] += 1
    with pytest.raises(InputError, match="have changed since the fit"):
        _ = fit.residuals
