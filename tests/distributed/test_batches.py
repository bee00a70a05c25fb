"""Columns by name from files and tables that give rows in batches."""

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.core.errors import InputError, NotFiniteError, NotNumericError, UnknownNameError
from stabilitylab.distributed import batches

arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet")

RNG = np.random.default_rng(9)
M = 300
A = np.column_stack([RNG.standard_normal(M), 1e7 + np.arange(M)])
B = A @ [2.0, 3.0] + RNG.standard_normal(M)
TABLE = arrow.table({"age": A[:, 0], "time": A[:, 1].astype(np.int64), "price": B})
FIT = sl.lstsq(A, B, intercept=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    for k, (i, j) in enumerate([(0, 100), (100, 101), (101, M)]):
        parquet.write_table(TABLE.slice(i, j - i), folder / f"{k}.parquet", row_group_size=64)
    return folder / "*.parquet"


def sources(path):
    """Every kind of source of the same rows, by its name."""
    yield "a pattern", path
    yield "paths", sorted(map(str, path.parent.iterdir()))
    yield "a table", TABLE
    yield "a dataset", pytest.importorskip("pyarrow.dataset").dataset(str(path.parent))
    yield "a reader", TABLE.to_reader(70)
    polars = pytest.importorskip("polars")
    yield "a polars frame", polars.from_arrow(TABLE)
    yield "a lazy frame", polars.scan_parquet(path).filter(polars.col("time") > 0)
    yield "pandas", TABLE.to_pandas()
    duckdb = pytest.importorskip("duckdb")
    yield "a relation", duckdb.sql(f"select * from '{path}'")


def test_every_source_gives_the_bits_of_all_rows_at_once(path):
    for kind, source in sources(path):
        fit = batches.lstsq(source, "price", columns=["age", "time"], rows=37)
        assert fit.x.tobytes() == FIT.x.tobytes(), kind
        assert fit.names == ("intercept", "age", "time"), kind
        assert fit.rows == M, kind


def test_columns_are_all_others_and_targets_and_weights_are_named(path):
    assert batches.lstsq(path, "price").x.tobytes() == FIT.x.tobytes()
    two = batches.lstsq(path, ["price", "age"], columns=["time"], intercept=False)
    assert two["age"].x.tobytes() == sl.lstsq(A[:, 1:], A[:, 0]).x.tobytes()
    weighed = TABLE.append_column("w", arrow.array(np.arange(M) % 3))
    fit = batches.lstsq(weighed, "price", weights="w", rows=100)
    assert fit.x.tobytes() == sl.lstsq(A, B, intercept=True, weights=np.arange(M) % 3).x.tobytes()
    assert batches.lstsq(path, "price", columns=["time"]).names == ("intercept", "time")


def test_numbers_stay_in_their_types():
    big = arrow.table({"x": [2**60 + 1, 2**60 + 3, 2**60 + 8], "y": [1.0, 3.0, 8.0]})
    assert batches.lstsq(big, "y").x.tolist() == [-float(2**60), 1.0]
    short = arrow.table({"x": arrow.array(A[:, 0], arrow.float32()), "y": arrow.array(B, arrow.float32())})
    digits = batches.lstsq(short, "y").supported_digits
    assert (digits < 8).all()
    few = arrow.table({"x": [True, False, True], "y": [1, 2, 3]})
    assert batches.lstsq(few, "y").x.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ([1.0, None, 2.0], NotFiniteError, "column 'x' has no value in row 1: leave such rows out, or give the number"),
        ([1.0, 2.0, np.nan], NotFiniteError, "column 'x' is nan in row 2: leave such rows out"),
        (["1", "2", "3"], NotNumericError, "column 'x' holds (large_)?string, not numbers: cast it, or leave it out"),
    ],
)
def test_what_is_no_number_is_refused_by_column_and_row(values, error, says):
    with pytest.raises(error, match=says):
        batches.lstsq(arrow.table({"x": values, "y": [1.0, 2.0, 3.0]}), "y", rows=2)


def test_what_is_no_source_or_lacks_a_column_is_refused(path, tmp_path):
    with pytest.raises(UnknownNameError, match="'cost' is no column: there are 'age', 'time', 'price'"):
        batches.lstsq(TABLE, "cost")
    with pytest.raises(UnknownNameError, match="'cost' is no column: there are 'age', 'price'"):
        batches.lstsq(path, "price", columns=["age", "cost"])
    with pytest.raises(
        InputError, match="a source must be a path, a Polars LazyFrame, or give an Arrow stream; got int"
    ):
        batches.lstsq(7, "price")
    for wrong in (tmp_path / "none.parquet", __file__):
        with pytest.raises(InputError, match="cannot be read as Parquet"):
            batches.lstsq(wrong, "price")
    with pytest.raises(InputError, match="the source gives no rows: check its path or its filter"):
        batches.lstsq(tmp_path / "*.parquet", "price")


def test_what_has_been_read_does_not_stay_in_memory(tmp_path, monkeypatch):
    m = 60_000
    parquet.write_table(arrow.table({f"x{j}": RNG.standard_normal(m) for j in range(10)}), tmp_path / "a.parquet", 4000)
    held, honest = [], batches._column

    def watched(*given):
        held.append(arrow.total_allocated_bytes())
        return honest(*given)

    monkeypatch.setattr(batches, "_column", watched)
    before = arrow.total_allocated_bytes()
    batches.accumulate(tmp_path / "a.parquet", "x0", rows=2000)
    assert len(held) == 300
    assert max(held) - before < m * 10 * 8 / 2  # of all row groups at once it is more than all


def test_a_column_has_one_part_and_batches_have_rows():
    source = arrow.table({"x": [1.0, 2.0, 4.0], "y": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="column 'y' is a target or the weights, and named once more"):
        batches.lstsq(source, "y", columns=["x", "y"])
    with pytest.raises(InputError, match="column 'y' is a target"):
        batches.lstsq(source, ["y", "y"])
    with pytest.raises(InputError, match="rows must be a whole number"):
        batches.lstsq(source, "y", rows=0)
