"""Frames and arrays: floats bit for bit, integers and decimals exact, categories as labels, what is missing counted."""

import importlib
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    InputError,
    MissingLibraryError,
    NotFiniteError,
    NotNumericError,
    ShapeError,
    UnknownNameError,
)
from stabilitylab.data.labels import Labels
from stabilitylab.data.table import table_of

BIG = 2**60 + 1  # which float64 rounds


def values(column):
    """A column as Fractions, or as the texts of labels."""
    if isinstance(column, Labels):
        return list(column.values)
    return [Fraction(*column[i].as_integer_ratio()) for i in range(len(column))]


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        (4, 2),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_floats_keep_their_bits_and_their_format(array):
    read = table_of(array)
    assert list(read.columns) == ["a0", "a1"]
    for j, column in enumerate(read.columns.values()):
        assert column.dtype == array.dtype
        assert column.tobytes() == array[:, j].tobytes()
        assert not column.flags.writeable


@given(hnp.arrays(st.sampled_from([np.int8, np.uint32, np.int64, np.uint64]), (3, 2)))
def test_integers_are_exact(array):
    read = table_of(array)
    assert [values(column) for column in read.columns.values()] == array.T.tolist()


def test_named_fields_and_texts_of_numpy():
    array = np.array(
        [(1, 2.5, "a", b"u"), (2, 3.5, "b", b"v")], dtype=[("i", "i8"), ("f", "f4"), ("s", "U3"), ("t", "S3")]
    )
    read = table_of(array)
    assert values(read.columns["i"]) == [1, 2]
    assert read.columns["f"].dtype == np.float32
    assert values(read.columns["s"]) == ["a", "b"]
    assert values(read.columns["t"]) == ["u", "v"]


def test_a_dict_of_lists_is_exact_number_by_number():
    read = table_of(
        {
            "i": [1, BIG],
            "mixed": [BIG, 2.5],
            "decimal": (Decimal("1.10"), 2),
            "fraction": [Fraction(1, 3), 1],
            "text": ["1.50", "2.25"],
            "label": ["a", " b"],
            "flag": [True, False],
            "float32": np.array([0.1, 2], np.float32),
        },
        name="mine",
    )
    assert read.name == "mine"
    assert values(read.columns["i"]) == [1, BIG]
    assert values(read.columns["mixed"]) == [BIG, Fraction(5, 2)]
    assert read.columns["decimal"] == Decimals((110, 200), -2)
    assert values(read.columns["fraction"]) == [Fraction(1, 3), 1]
    assert read.columns["text"] == Decimals((150, 225), -2)
    assert read.columns["label"] == Labels(("a", " b"))
    assert values(read.columns["flag"]) == [1, 0]
    assert read.columns["float32"].dtype == np.float32
    assert "column 'text' holds texts, read as the decimals that they are" in read.notes


def test_integers_among_floats_are_floats_where_these_hold_them():
    column = table_of({"x": [3, 0.1, None], "y": [1, 2, 3]}, missing="drop").columns["x"]
    assert (column.dtype, column.tolist()) == (np.float64, [3, 0.1])


def test_rows_of_a_list_are_not_rounded_to_one_type():
    assert values(table_of([[BIG, 1], [2.5, 2]]).columns["a0"]) == [BIG, Fraction(5, 2)]


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.dok_array])
def test_a_sparse_array_is_written_out(form):
    dense = np.array([[0, 0.1], [2, 0]])
    read = table_of(form(dense))
    assert np.array_equal(np.column_stack(list(read.columns.values())), dense)


def test_objects_of_python_that_are_moments():
    when = [datetime(2024, 1, 1, 12), datetime(2024, 1, 3)]
    read = table_of({"a": when, "b": [date(2024, 1, 3), date(2024, 1, 1)], "c": [time(1), time(2, 30)]}, unit="hours")
    assert values(read.columns["a"]) == [0, 36]
    assert values(read.columns["b"]) == [48, 0]
    assert values(read.columns["c"]) == [0, Fraction(3, 2)]


ABSENT = [None, float("nan"), Decimal("NaN"), np.float64("nan"), np.datetime64("NaT")]


@pytest.mark.parametrize("absent", ABSENT, ids=repr)
def test_what_says_that_there_is_none_is_missing(absent):
    other = np.datetime64("2024-01-01") if isinstance(absent, np.datetime64) else 3
    with pytest.raises(NotFiniteError, match=r"1 cell is missing, in column 'x' \(row 1\).*missing='drop'"):
        table_of({"x": [other, absent], "y": [1, 2]})
    read = table_of({"x": [other, absent], "y": [1, 2]}, missing="drop")
    assert (values(read.columns["y"]), read.places, read.rows_left_out) == ([1], (0,), 1)


def test_masked_entries_are_missing():
    array = np.ma.array([[1.5, 2], [3, 4]], mask=[[False, True], [False, False]])
    with pytest.raises(NotFiniteError, match=r"in column 'a1' \(row 0\)"):
        table_of(array)
    assert values(table_of(array, missing="drop").columns["a1"]) == [4]


class Odd:
    """No number."""


REFUSED = {
    "complex": (np.array([[1j]]), ComplexError, "data are complex"),
    "one axis": (np.ones(3), ShapeError, r"shape \(m, n\); got \(3,\): pass data\.reshape\(-1, 1\)"),
    "three axes": (np.ones((2, 2, 2)), ShapeError, r"got \(2, 2, 2\)"),
    "a number": (5, ShapeError, r"got \(\)"),
    "nothing": (None, NotNumericError, "data must be a table; got a NoneType: pass a file"),
    "bytes": (b"a.csv", NotNumericError, "must hold numbers"),
    "a set": ({1, 2}, NotNumericError, "a set, which has no order: pass a list"),
    "a generator": ((i for i in [1]), NotNumericError, r"read only once: pass list\(data\)"),
    "ragged rows": ([[1, 2], [3]], ShapeError, "data is ragged"),
    "a list of dicts": ([{"x": 1}], NotNumericError, "list of dicts: pass a dict of columns"),
    "no columns": ({}, EmptyError, "there are no columns"),
    "no rows": ({"x": []}, EmptyError, "no rows: give the data"),
    "two lengths": ({"x": [1, 2], "y": [1]}, ShapeError, "column 'y' has 1 values, and column 'x' 2"),
    "a column of rows": ({"x": np.eye(2)}, ShapeError, r"column 'x' has the shape \(2, 2\)"),
    "a column that is one": ({"x": 5}, ShapeError, "column 'x' is of the type int: give it one value for each row"),
    "a column that is a text": ({"x": "abc"}, ShapeError, "column 'x' is of the type str"),
    "objects": ({"x": [Odd(), Odd()]}, NotNumericError, r"column 'x', row 0 .* is a Odd, no number, text or date"),
    "two types": ({"x": [1, "a"]}, NotNumericError, r"column 'x', row 1 .*'a' is a text, and 1 of 2 cells are numbers"),
    "a total below": ({"x": [1.5, 2, 3.5, "Total"]}, NotNumericError, r"row 3 .*'Total' is a text, and 3 of 4 cells"),
    "a date among numbers": ({"x": [datetime(2024, 1, 1), 1, 2.5]}, NotNumericError, r"row 0 .* is a date, and 2 of 3"),
    "decimal commas": (
        {"x": ["1,25", "-0,5"]},
        NotNumericError,
        r"row 0 .*'1,25' is .*here the decimal mark is a point",
    ),
    "thousands beside others": (
        {"x": ["1,250.5", "900"]},
        NotNumericError,
        r"row 0 .*'1,250.5' .*str\.replace\(',', ''\)",
    ),
    "thousands": ({"x": ["1,250.5", "1,900.5"]}, NotNumericError, r"'1,250.5' .*str\.replace\(',', ''\)"),
    "lists in cells": ({"x": [[1], [2]]}, NotNumericError, r"column 'x', row 0 .* is a list"),
    "infinity": ({"x": [1.0, float("inf")]}, NotFiniteError, r"column 'x', row 1 \(row 0 is the first\): inf is no"),
    "infinity among integers": ({"x": [1, float("inf")]}, NotFiniteError, r"row 1 .*inf is no finite number"),
    "an infinite Decimal": ({"x": [Decimal(1), Decimal("inf")]}, NotFiniteError, r"column 'x', row 1"),
    "a Decimal beyond bounds": ({"x": [Decimal("1e99999")]}, InputError, r"column 'x', row 0 .*rescale the column"),
    "complex cells": ({"x": [1j, 2j]}, ComplexError, r"column 'x', row 0"),
    "a zone here and there": (
        {"x": [datetime(2024, 1, 1), datetime.fromisoformat("2024-01-01T00:00Z")]},
        NotNumericError,
        "row 1 .*has a time zone, unlike the cells above: give all one, or none",
    ),
    "months as durations": ({"x": np.array([1, 2], "m8[M]")}, NotNumericError, "of no one length: pass them in days"),
    "bytes that are no text": ({"x": np.array([b"\xff"])}, NotNumericError, "no text in UTF-8: decode it first"),
    "raw memory": (np.zeros((2, 2), dtype="V4"), NotNumericError, "expected numbers; the type is .V4"),
    "an entry stored twice": (
        sparse.coo_array(([1.0, 2.0], ([0, 0], [0, 0])), shape=(2, 2)),
        NotNumericError,
        r"stored twice, whose sum is rounded: call data\.sum_duplicates\(\)",
    ),
    "a large sparse array": (sparse.coo_array((10**6, 10**6)), InputError, r"too large.*sl\.lstsq\(A, b\)"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_table_is_refused_with_the_way_out(kind):
    data, error, message = REFUSED[kind]
    with pytest.raises(error, match=message):
        table_of(data)


def test_options_of_text_are_for_text():
    with pytest.raises(InputError, match="separator is for text, and not for a table in memory: leave it out"):
        table_of(np.eye(2), separator=";")


def test_columns_of_pandas_keep_their_types():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "i": [BIG, 2, 3],
            "f": np.array([0.1, 2, 3], np.float32),
            "label": ["b", "a", "b"],
            "category": pandas.Categorical(["2", "10", "2"]),
            "number": pandas.Categorical([2, 10, 2]),
            "when": pandas.to_datetime(["2024-01-01T00:00:00.000000001", "2024-01-02", "2024-01-03"], format="ISO8601"),
            "zone": pandas.date_range("2024-01-01", periods=3, tz="Europe/Berlin"),
            "lasts": pandas.to_timedelta(["1h", "2h", "3h"]),
            "flag": pandas.array([True, False, True], dtype="boolean"),
            "nullable": pandas.array([BIG, 2, 3], dtype="Int64"),
            "sparse": pandas.arrays.SparseArray([0, 0, 1.5]),
        },
        index=["p", "q", "r"],
    )
    columns = table_of(frame).columns
    assert values(columns["i"]) == values(columns["nullable"]) == [BIG, 2, 3]
    assert (columns["f"].dtype, columns["sparse"].tolist()) == (np.float32, [0, 0, 1.5])
    assert columns["category"] == Labels(("2", "10", "2"))
    assert columns["number"].sorted_levels == ("2", "10")
    assert values(columns["when"])[1] == Fraction(86_400 * 10**9 - 1, 86_400 * 10**9)
    assert values(columns["zone"]) == [0, 1, 2]
    assert values(columns["lasts"]) == [Fraction(k, 24) for k in (1, 2, 3)]
    assert values(columns["flag"]) == [1, 0, 1]
    frame.loc["q", ["nullable", "flag", "label", "category", "when"]] = None
    with pytest.raises(NotFiniteError, match=r"5 cells are missing, 1 in column 'label' \(row 1\).*\(1 of 3\)"):
        table_of(frame)
    dropped = table_of(frame, missing="drop")
    assert (values(dropped.columns["nullable"]), dropped.places) == ([BIG, 3], (0, 2))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda p: p.DataFrame([[1, 2]], columns=["a", "a"]), "columns 1 and 2 are both named 'a'"),
        (
            lambda p: p.DataFrame({"x": [1.0, np.inf]}, index=["p", "q"]),
            r"row 1 \(row 0 is the first; its index is 'q'\)",
        ),
        (lambda p: p.DataFrame({"x": p.period_range("2024-01", periods=2, freq="M")}), r"pass their beginnings"),
        (lambda p: p.Series([1, 2]), r"got one column: pass a table, as \.to_frame\(\) gives"),
        (
            lambda p: {"x": p.Series([1, 2]), "y": p.Series([1, 2], index=[1, 0])},
            "the rows of column 'y' are not those",
        ),
    ],
)
def test_what_pandas_may_hold_beside_is_refused(made, message):
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match=message):
        table_of(made(pandas))


def columns_of_a_kind(module):
    """A frame of polars or pyarrow with a column of every kind, without and with a gap."""
    data = {
        "i": [BIG, 2],
        "f": [0.1, 2.5],
        "label": ["a", "b"],
        "flag": [True, False],
        "decimal": [Decimal("1.10"), Decimal("2.25")],
        "day": [date(2024, 1, 3), date(2024, 1, 1)],
        "when": [datetime(2024, 1, 1, 12), datetime(2024, 1, 3)],
        "lasts": [timedelta(hours=6), timedelta(days=2)],
        "clock": [time(12), time(0)],
    }
    make = module.DataFrame if module.__name__ == "polars" else module.table
    return make(data), make({name: [*column, None] for name, column in data.items()})


@pytest.mark.parametrize("name", ["polars", "pyarrow"])
def test_columns_of_polars_and_pyarrow_keep_their_types(name):
    whole, with_gaps = columns_of_a_kind(pytest.importorskip(name))
    for read in (table_of(whole), table_of(with_gaps, missing="drop")):
        columns = read.columns
        assert values(columns["i"]) == [BIG, 2]
        assert columns["f"].tolist() == [0.1, 2.5]
        assert columns["label"] == Labels(("a", "b"))
        assert values(columns["flag"]) == [1, 0]
        assert columns["decimal"] == Decimals((110, 225), -2)
        assert values(columns["day"]) == [2, 0]
        assert values(columns["when"]) == [0, Fraction(3, 2)]
        assert values(columns["lasts"]) == [Fraction(1, 4), 2]
        assert values(columns["clock"]) == [Fraction(1, 2), 0]
    with pytest.raises(NotFiniteError, match=r"9 cells are missing, 1 in column 'i' \(row 2\)"):
        table_of(with_gaps)


def test_categories_and_zones_of_polars_and_pyarrow():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    when = [datetime(2024, 3, 30, 12), datetime(2024, 3, 31, 12)]  # between which a clock in Berlin leaps by an hour
    of_polars = polars.DataFrame(
        {
            "c": polars.Series(["2", "10"], dtype=polars.Categorical),
            "when": polars.Series(when).dt.replace_time_zone("Europe/Berlin"),
            "large": polars.Series([2**100, 1], dtype=polars.Int128),
        }
    )
    of_pyarrow = of_polars.drop("large").to_arrow()
    for frame in (of_polars, of_pyarrow):
        read = table_of(frame, unit="hours")
        assert read.columns["c"] == Labels(("2", "10"))
        assert values(read.columns["when"]) == [0, 23]
        assert any("in UTC" in note for note in read.notes)
    assert values(table_of(of_polars).columns["large"]) == [2**100, 1]
    assert pyarrow.types.is_dictionary(of_pyarrow.schema.field("c").type)
    with pytest.raises(NotNumericError, match=r"holds no numbers yet \(polars\): pass data\.collect\(\)"):
        table_of(of_polars.lazy())


@pytest.mark.parametrize("library", ["pyarrow", "polars", "pandas"])
def test_a_parquet_file_is_read_by_the_library_that_is_there(tmp_path, monkeypatch, library):
    polars = pytest.importorskip("polars")
    path = tmp_path / "data.parquet"
    polars.DataFrame({"i": [BIG, 2], "f": [0.1, 2.5], "s": ["a", "a"]}).write_parquet(path)
    for other in ["pyarrow.parquet", "polars", "pandas"][: ["pyarrow", "polars", "pandas"].index(library)]:
        if library != "pandas" or other == "polars":
            monkeypatch.setitem(sys.modules, other, None)
    pytest.importorskip(library)
    read = table_of(path)
    assert values(read.columns["i"]) == [BIG, 2]
    assert read.columns["f"].tolist() == [0.1, 2.5]
    assert read.code == f"pandas.read_parquet({str(path)!r})"


def test_parquet_without_a_library_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "data.parquet"
    path.write_bytes(b"PAR1 and so on")
    for module in ("pyarrow.parquet", "polars", "pandas"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        MissingLibraryError, match="takes pyarrow to read: pip install pyarrow, or write the table as CSV"
    ):
        table_of(path)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    if not any(importlib.util.find_spec(name) for name in ("pyarrow", "polars")):
        pytest.skip("no library for Parquet is installed")
    path = tmp_path / "data.parquet"
    path.write_bytes(b"PAR1 and so on")
    with pytest.raises(InputError, match=r"data\.parquet cannot be read as Parquet: .*: write it again"):
        table_of(path)


def workbook(path, rows, *more):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "first"
    for row in rows:
        book.active.append(row)
    for name in more:
        book.create_sheet(name)
    book.save(path)
    return path


def test_a_sheet_of_a_workbook_is_read_as_it_is_stored(tmp_path):
    rows = [
        ["", None],
        ["x", "when", "label", None],
        [0.1, datetime(2024, 1, 1), "a"],
        [3, datetime(2024, 1, 2, 12), "a", ""],
        [],
    ]
    read = table_of(workbook(tmp_path / "data.xlsx", rows))
    assert values(read.columns["x"]) == [Fraction(0.1), 3]
    assert values(read.columns["when"]) == [0, Fraction(3, 2)]
    assert values(read.columns["label"]) == ["a", "a"]
    assert (read.place, read.places) == ("sheet row", (3, 4))


def test_one_of_several_sheets_is_named(tmp_path):
    path = workbook(tmp_path / "data.xlsx", [["x", "y"], [1, 2], [None, 3]], "second")
    with pytest.raises(InputError, match=r"has 2 sheets, 'first', 'second': say which, sheet='first'"):
        table_of(path)
    with pytest.raises(UnknownNameError, match=r"no sheet is named 'frist': did you mean 'first'"):
        table_of(path, sheet="frist")
    with pytest.raises(EmptyError, match="sheet 'second' is empty"):
        table_of(path, sheet="second")
    with pytest.raises(NotFiniteError, match=r"in column 'x' \(sheet row 3\)"):
        table_of(path, sheet="first")
    assert values(table_of(path, sheet="first", missing="drop").columns["y"]) == [2]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 2], [3, 4]], "row 1: expected the names of the columns; got numbers"),
        ([["x", "y"]], "column names and no rows"),
        ([["x", "y"], [1, "#DIV/0!"]], r"sheet row 2, column 'y': the cell is the error #DIV/0!: mend its formula"),
        ([["x", "y"], [1, "=A2*2"]], r"sheet row 2, column 'y': a formula whose value is not stored: open"),
        ([["x", "y"], [1, "a"], [2, 3]], r"column 'y'"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        table_of(workbook(tmp_path / "data.xlsx", rows))


@pytest.mark.parametrize("above", [["My report"], [None, "Group"]])
def test_a_row_above_the_names_is_found(tmp_path, above):
    path = workbook(tmp_path / "data.xlsx", [above, ["x", "y"], [1, 2], [3, 4]])
    with pytest.raises(InputError, match=f"row 1: expected the names of the columns; got '{above[-1]}' alone, above"):
        table_of(path)
    one = table_of(workbook(tmp_path / "one.xlsx", [["x"], [1], [3]]))
    assert list(one.columns) == ["x"]


def test_a_total_below_the_numbers_of_a_sheet_is_what_is_wrong(tmp_path):
    path = workbook(tmp_path / "data.xlsx", [["x", "y"], [1.5, 2], [2, 4], [3.5, 5], ["Total", 11]])
    with pytest.raises(NotNumericError, match="sheet row 5, column 'x': 'Total' is a text, and 3 of 4 cells"):
        table_of(path)


def test_columns_of_one_name_in_parquet_are_to_be_renamed(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    values = pa.array([1.0, 2.0])
    parquet.write_table(pa.table([values, values, values], names=["x", "x", "y"]), tmp_path / "data.parquet")
    with pytest.raises(InputError, match="rename one"):
        table_of(tmp_path / "data.parquet")


def test_a_workbook_without_a_library_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "data.xlsx"
    path.write_bytes(b"PK\x03\x04 and so on")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        MissingLibraryError, match="takes openpyxl to read: pip install openpyxl, or save the sheet as CSV"
    ):
        table_of(path)


def test_an_array_in_a_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "data.npy"
    np.save(path, np.array([[0.1, 2], [3, 4]], np.float32))
    read = table_of(path)
    assert (read.columns["a0"].dtype, read.code) == (np.float32, f"numpy.load({str(path)!r})")
    assert read.columns["a0"].tolist() == [float(np.float32(0.1)), 3]
