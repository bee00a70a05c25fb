"""A data file is fitted as its table would be in memory, bit for bit, at any size of block; bad use is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from data_files import table, written
from stabilitylab.core.errors import InputError, NotFiniteError, OutOfRangeError, RankDeficientError, UnknownNameError
from stabilitylab.data import tabular


def same(one, other):
    assert one.x.tolist() == other.x.tolist()
    assert one.standard_errors.tolist() == other.standard_errors.tolist()
    assert (one.residual_norm, one.r_squared) == (other.residual_norm, other.r_squared)


DIGITS = st.integers(1, 20)


@given(st.integers(0, 10**6), st.integers(5, 40), st.integers(1, 3), DIGITS, st.integers(1, 50), st.booleans())
def test_a_file_is_lstsq_in_memory_bit_for_bit(tmp_path_factory, seed, m, n, digits, rows, intercept):
    path = tmp_path_factory.mktemp("stream") / "data.csv"
    lines = table(m, n, seed, digits)
    written(path, [*(f"c{j}" for j in range(n)), "y"], lines)
    whole = np.array([[float(v) for v in line] for line in lines])
    same(
        sl.fit_file(path, "y", truth="matrix", rows=rows, intercept=intercept),
        sl.lstsq(whole[:, :n], whole[:, n], intercept=intercept),
    )
    exact = np.array([[Fraction(v) for v in line] for line in lines], dtype=object)
    same(
        sl.fit_file(path, "y", rows=rows, intercept=intercept),
        sl.lstsq(exact[:, :n], exact[:, n], intercept=intercept),
    )


@pytest.mark.parametrize("truth", ["decimal", "matrix"])
def test_weights_come_from_a_column(tmp_path, truth):
    lines = [[*line, f"{j % 4}.25"] for j, line in enumerate(table())]
    path = written(tmp_path / "data.csv", ["a", "b", "c", "y", "w"], lines)
    number = float if truth == "matrix" else Fraction
    whole = np.array([[number(v) for v in line] for line in lines], dtype=float if truth == "matrix" else object)
    expected = sl.lstsq(whole[:, :3], whole[:, 3], weights=whole[:, 4], intercept=True)
    fit = sl.fit_file(path, "y", weights="w", truth=truth, rows=7)
    same(fit, expected)
    assert fit.names == ("intercept", "a", "b", "c")


def test_columns_of_an_array_are_named_by_number_or_name_in_the_order_asked_for(tmp_path):
    array = np.array([[float(v) for v in line] for line in table()])
    np.save(tmp_path / "data.npy", array)
    fit = sl.fit_file(tmp_path / "data.npy", 3, columns=[2, "a0"], rows=7)
    same(fit, sl.lstsq(array[:, [2, 0]], array[:, 3], intercept=True))
    assert fit.names == ("intercept", "a2", "a0")


def test_text_is_decimal_by_itself_and_binary_numbers_are_as_stored(tmp_path):
    path = written(tmp_path / "data.csv", ["x", "y"], [["1.1", "1"], ["1.2", "2"], ["1.3", "3"]])
    assert sl.fit_file(path, "y").x.tolist() == [-10, 10]
    np.save(tmp_path / "data.npy", np.array([[1.1, 1], [1.2, 2], [1.3, 3]]))
    stored = sl.fit_file(tmp_path / "data.npy", 1).x.tolist()
    assert stored == sl.fit_file(path, "y", truth="matrix").x.tolist() != [-10, 10]


def test_marks_and_progress_are_passed_on(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x;y\n1,5;1.000\n2,5;2.000\n3,5;3.000\n")
    seen = []
    fit = sl.fit_file(
        path, "y", separator=";", decimal=",", thousands=".", rows=2, progress=lambda *so_far: seen.append(so_far)
    )
    assert fit.x.tolist() == [-500, 1000]
    assert seen[-1][0] == seen[-1][1] == 2 * path.stat().st_size


def test_rows_with_a_missing_number_are_left_out_of_the_columns_that_are_used(tmp_path):
    rows = [[str(j), "" if j == 2 else "1", "NA" if j in (1, 4) else str(j * j % 7)] for j in range(9)]
    path = written(tmp_path / "data.csv", ["a", "b", "y"], rows)
    with pytest.raises(NotFiniteError, match=r"line 3, column 'y': 'NA' .*leave such rows out, missing='drop'"):
        sl.fit_file(path, "y", columns=["a"])
    fit = sl.fit_file(path, "y", columns=["a"], missing="drop", rows=2)
    kept = np.array([[j, j * j % 7] for j in range(9) if j not in (1, 4)], dtype=float)
    same(fit, sl.lstsq(kept[:, :1], kept[:, 1], intercept=True))
    assert (fit.rows, fit.rows_left_out) == (7, 2)
    assert sl.fit_file(path, "b", columns=["a"], intercept=False, missing="drop").rows_left_out == 1


def test_a_file_in_another_encoding_is_read_when_it_is_named(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes("größe;y\n1;2\n2;4\n3;7\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"line 1: expected text in UTF-8: .*encoding='cp1252'"):
        sl.fit_file(path, "y", separator=";")
    assert sl.fit_file(path, "y", separator=";", encoding="cp1252").names == ("intercept", "größe")


@pytest.mark.parametrize("place", ["data.csv, line 3, column 'w': -1", "data.npy, row 1 .*, column 'a2'"])
def test_a_negative_weight_is_placed_as_the_file_counts(tmp_path, place):
    name = place.partition(",")[0]
    rows = [["1", "2", "1"], ["2", "4", "-1"], ["3", "7", "1"]]
    written(tmp_path / "data.csv", ["x", "y", "w"], rows)
    np.save(tmp_path / "data.npy", np.array(rows, dtype=float))
    target, weights = ("y", "w") if name == "data.csv" else (1, 2)
    with pytest.raises(OutOfRangeError, match=f"{place} is a negative weight"):
        sl.fit_file(tmp_path / name, target, weights=weights)


BAD_USE = {
    "columns as one text": ({"columns": "a,b"}, InputError, r"columns must be a list of names; got 'a,b': write"),
    "a truth of arrays in memory": ({"truth": "data"}, InputError, "truth must be one of decimal, matrix; got 'data'"),
    "a policy that is none": ({"policy": "basic"}, InputError, "policy must be one of full-rank, minimum-norm"),
    "another way with missing numbers": ({"missing": "mean"}, InputError, "missing must be one of refuse, drop"),
    "no rows at a time": ({"rows": 0}, InputError, "rows must be a whole number, at least 1; got 0"),
    "a column twice": ({"columns": ["a", "a"]}, InputError, "column 'a' is named twice"),
    "the target among them": (
        {"columns": ["a", "y"]},
        InputError,
        "column 'y' is the target, and among the columns too",
    ),
    "nothing left": ({"columns": [], "intercept": False}, InputError, "no column is left to fit 'y' with"),
    "an unknown column": ({"columns": ["bb"]}, UnknownNameError, "no column is named 'bb': did you mean 'b'"),
    "columns that are none": ({"columns": 5}, InputError, r"columns must be a list of names; got 5: write columns="),
    "an intercept in words": ({"intercept": "no"}, InputError, "intercept must be True or False; got 'no'"),
    "no separator": ({"separator": None}, InputError, "the separator must be one character .*; got None"),
    "a list for a separator": (
        {"separator": [","]},
        InputError,
        r"the separator must be one .*; got \[','\]",
    ),
    "no encoding": ({"encoding": None}, InputError, "encoding must be a name, such as 'utf-8'; got None"),
    "no function": ({"progress": 1}, InputError, r"progress must be a function of \(done, total\); got 1"),
    "dependent columns": ({"columns": ["a", "twice"]}, RankDeficientError, "twice.*policy='minimum-norm'"),
}


@pytest.mark.parametrize("how", BAD_USE)
def test_bad_use_is_refused_with_the_way_out(tmp_path, how):
    options, kind, says = BAD_USE[how]
    rows = [[str(j), str(j * j % 7), str(2 * j), str(j % 3)] for j in range(9)]
    path = written(tmp_path / "data.csv", ["a", "b", "twice", "y"], rows)
    with pytest.raises(kind, match=says):
        sl.fit_file(path, "y", **options)


@pytest.mark.parametrize("target", [None, 1.5])
def test_a_target_that_names_nothing_is_refused(tmp_path, target):
    path = written(tmp_path / "data.csv", ["a", "y"], [["1", "2"]])
    with pytest.raises(InputError, match=rf"target must name a column, or several; got {target}: one of 'a', 'y'"):
        sl.fit_file(path, target)


@pytest.mark.parametrize("path", [None, 3, ["data.csv"], np.ones((2, 2))])
def test_what_is_no_path_is_refused_and_data_go_elsewhere(path):
    with pytest.raises(InputError, match=rf"named by its path, a text; got {type(path).__name__}: .*lstsq\(A, b\) for"):
        sl.fit_file(path, "y")


def test_a_path_is_a_text_an_object_or_bytes(tmp_path):
    path = written(tmp_path / "data.csv", ["a", "y"], [["1", "2"], ["2", "5"], ["4", "9"]])
    expected = sl.fit_file(path, "y").x.tolist()
    assert sl.fit_file(str(path), "y").x.tolist() == sl.fit_file(str(path).encode(), "y").x.tolist() == expected
    with pytest.raises(InputError, match="an empty text names no file"):
        sl.fit_file("", "y")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nope\.csv cannot be read: No such file"):
        sl.fit_file(tmp_path / "nope.csv", "y")


def test_arguments_are_checked_before_anything_is_read(tmp_path, monkeypatch):
    path = written(tmp_path / "data.csv", ["a", "y"], [["1", "2"]])
    monkeypatch.setattr(tabular.TextTable, "read", None)
    with pytest.raises(InputError, match="policy must be one of"):
        sl.fit_file(path, "y", policy="basic")
