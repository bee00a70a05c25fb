"""Files and arguments that are refused: each error has the place, what was expected and the way out."""

import gzip
import io
import pickle
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import (
    Argument,
    InputError,
    NotFiniteError,
    NotNumericError,
    StabilityLabError,
    UnknownNameError,
)
from stabilitylab.core.near_files import no_such_file
from stabilitylab.data.table import assembled, table_of


def archive(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, "content")
    return out.getvalue()


def saved(array, **options):
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


class Evil:
    """An object whose pickle runs a program when it is loaded."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was loaded')",))


LINE = r"data\.csv, line {}, column '{}'.*"
MALFORMED = {
    "an empty file": (b"", r"data\.csv is empty: expected a line of column names"),
    "empty lines": (b"\n\n \n", r"data\.csv.*expected|data\.csv has column names and no rows"),
    "names alone": (b"x,y\n", r"data\.csv has column names and no rows: give the data"),
    "names and marks": (b"x,y\n,\n,\n", r"data\.csv: there are column names and no rows: give the data"),
    "no names": (b"1,2\n3,4\n", r"line 1: expected the names of the columns; got the numbers 1, 2: put a line"),
    "a comment first": (b"# made today\nx,y\n1,2\n", r"line 1 is a comment: take it out"),
    "a row too long": (b"x,y\n1,2\n1,2,3\n4,5\n", r"line 3: expected 2 fields.*got 3: quote fields that hold ','"),
    "a row too short": (b"x,y\n1,2\n1\n4,5\n", r"line 3: expected 2 fields.*got 1.*give the missing ones"),
    "an open quote": (b'x,y\n"1,2\n3,4\n', r"line 3: .*see to the double quotes"),
    "two columns of one name": (b"x,y,x\n1,2,3\n", r"columns 1 and 3 are both named 'x': rename one"),
    "three of one name": (b"x,x,x\n1,2,3\n", r"columns 1, 2 and 3 are all named 'x': rename one"),
    "a column without a name": (b"x,,y\n1,2,3\n", r"column 2 has no name: give it one"),
    "a missing cell": (b"x,y\n1,2\n,3\n", r"1 cell is missing, in column 'x' \(line 3\): give.*missing='drop'"),
    "many missing cells": (
        b"x,y\n1,\n,3\n2,NA\n3,nan\n4,null\n5,?\n6,.\n7,1\n",
        r"7 cells are missing, 6 in column 'y' \(lines 2, 4, 5, 6, 7, \.\.\.\); 1 in column 'x' \(line 3\).*\(7 of 8\)",
    ),
    "a column without a value": (b"x,y\n1,\n2,\n", r"no row has a value in each.*in column 'y' \(lines 2, 3\): leave"),
    "a word among numbers": (b"x,y\n1,2\noops,3\n4,5\n", LINE.format(3, "x") + r"2 of 3 cells are numbers.*'oops'"),
    "a number among words": (
        b"x,y\na,2\nb,3\n4,5\n",
        LINE.format(4, "x") + r"'4' is a number.*begin each with a letter",
    ),
    "two numbers in one cell": (
        b'x;y\n"1,5\n2,5";3,5\n1,5;2\n1;2',
        LINE.format(3, "x") + r"got '1,5\\n2,5': correct it",
    ),
    "a formula": (b"x,y\n1,2\n=1+1,3\n4,5\n", LINE.format(3, "x") + r"'=1\+1': correct it, or leave the column out"),
    "an infinity": (b"x,y\n1,2\ninf,3\n4,1\n", LINE.format(3, "x") + r"'inf' is no finite number: remove the row"),
    "an overflow": (b"x,y\n1e400,2\n3,4\n", LINE.format(2, "x") + r"'1e400' overflows float64: rescale the column"),
    "an underflow": (b"x,y\n1e-400,2\n3,4\n", LINE.format(2, "x") + r"underflows to 0 in float64: rescale"),
    "a numeral of 500 digits": (b"x,y\n" + b"1" * 500 + b",2\n", LINE.format(2, "x") + r"\.\.\.' overflows float64"),
    "percentages": (
        b"x,y\n5%,2\n3%,4\n",
        LINE.format(2, "x") + r"'5%' is a number with a mark, in all 2 cells: percent signs",
    ),
    "amounts": ("x,y\n€ 5,2\n€ 3,4\n", LINE.format(2, "x") + r"signs of a currency"),
    "another minus": ("x,y\n−5,2\n−3,4\n", LINE.format(2, "x") + r"another sign than '-'"),
    "1,234": (
        b'x,y\n"1,234",2\n',
        LINE.format(2, "x") + r"'1,234' can be read in two ways.*decimal=','.*thousands=','",
    ),
    "1.234 between semicolons": (
        b"x;y\n1.234;2\n23.456;3\n",
        LINE.format(2, "x") + r"two ways.*decimal='\.' \(as 1\.234\), or decimal=',' and thousands='\.' \(as 1234\)",
    ),
    "two notations": (b"x;y\n1,5;2.5\n2,5;3.5\n", LINE.format(2, "x") + r"'2.5' in column 'y'.*write all with one"),
    "two separators": (b"a;b,c\nx;p,q\ny;r,s\n", r"whether split at ',' or at ';': say which, separator=','"),
    "dates in two ways": (b"d,y\n03/04/2024,2\n05/06/2024,3\n", LINE.format(2, "d") + r"two ways.*ISO 8601"),
    "dates in two orders": (b"d,y\n31/04/2024,2\n05/31/2024,3\n", LINE.format(3, "d") + r"another order than '31/04"),
    "years of two digits": (b"d,y\n3/4/24,2\n5/6/24,3\n", LINE.format(2, "d") + r"two digits of the year.*2024-03-31"),
    "a day that is none": (
        b"d,y\n2024-01-01,2\n2024-02-30,3\n",
        LINE.format(3, "d") + r"no day of the calendar: correct",
    ),
    "an hour that is none": (b"d,y\n2024-01-01 25:00,2\n2024-02-03 01:00,3\n", LINE.format(2, "d") + r"no time of day"),
    "a date that is none": (
        b"d,y\n2024-01-01,2\nlater,3\n2024-01-05,4\n",
        LINE.format(3, "d") + r"'later' is no date in the form of the others, such as '2024-01-01': correct it",
    ),
    "zones here and there": (
        b"d,y\n2024-01-01T00:00Z,2\n2024-01-01T00:00,3\n",
        LINE.format(3, "d") + r"has no time zone, unlike '2024-01-01T00:00Z': give all one, or none",
    ),
    "12:30": (b"d,y\n12:30,2\n01:15,3\n", LINE.format(2, "d") + r"hours and minutes, or minutes and seconds: write"),
    "an unknown month": (b"d,y\n3 Foo 2024,2\n4 May 2024,3\n", LINE.format(2, "d") + r"no day of the calendar"),
    "NUL bytes": (b"x,y\n1,2\n3\0,4\n", r"holds NUL bytes"),
    "bytes that are no text": (
        b"\x81\x8d\x02,\x90\n\xff\x01,2\n",
        r"data\.csv is no text: save the table as CSV in UTF-8",
    ),
    "a damaged gzip": (gzip.compress(b"x,y\n1,2\n")[:-9], r"a damaged file of gzip: fetch it again"),
    "gzip twice": (gzip.compress(gzip.compress(b"x,y\n1,2\n")), r"an archive within one of gzip: unpack it first"),
    "nothing in gzip": (gzip.compress(b""), r"data\.csv is empty"),
    "a zip archive": (archive("data.csv"), r"is a zip archive, of 'data\.csv': unpack it first"),
    "a pickle": (pickle.dumps(Evil()), r"is a pickle of Python, which is not opened"),
    "JSON": (b'[{"x": 1}]', r"is JSON: write it as CSV"),
    "a web page": (b"<html><table></table></html>", r"is a web page: save the table alone, as CSV"),
    "an endless line": (b"x,y\n" + b"1" * (2**24 + 10) + b",2\n", r"a line of more than 16777216 characters"),
}
ARRAYS = {
    "no array": (b"x,y\n1,2\n", r"data\.npy is no array of NumPy"),
    "half an array": (saved(np.eye(3))[:90], r"data\.npy is a damaged \.npy file: save it again"),
    "objects": (saved(np.array([[Evil()]]), allow_pickle=True), r"holds Python objects.*which are not loaded"),
    "one axis": (saved(np.ones(3)), r"must hold an array \(m, n\).*save array\[:, None\]"),
    "complex numbers": (saved(np.array([[1j]])), r"data\.npy is complex; stack real and imaginary parts"),
    "no rows": (saved(np.ones((0, 2))), r"at least one row and one column"),
    "a NaN": (saved(np.array([[1.0, np.nan], [2, 3]])), r"data\.npy: 1 cell is missing, in column 'a1' \(row 0\)"),
    "an infinity": (
        saved(np.array([[1.0, np.inf]])),
        r"data\.npy, column 'a1', row 0 \(row 0 is the first\): inf is no",
    ),
}
ARGUMENTS = {
    "an unknown column": ({"needed": ["height"]}, r"no column is named 'height': the columns are 'x', 'y'"),
    "one name for a list": ({"needed": "x"}, r"needed must be a list of names; got 'x': give \['x'\]"),
    "an unknown unit": ({"unit": "day"}, r"unit must be one of nanoseconds, .*days.*got 'day'"),
    "another way with gaps": ({"missing": "mean"}, r"missing must be one of refuse, drop; got 'mean'"),
    "a long separator": ({"separator": ";;"}, r"separator must be one character such as ';', or tab; got ';;'"),
    "a letter for decimals": ({"decimal": "x"}, r"the decimal mark must be '\.' or ','; got 'x'"),
    "one mark for two": ({"thousands": "."}, r"and not the decimal mark '\.'; got '\.'"),
    "an unknown encoding": ({"encoding": "utf-9"}, r"no encoding of text is named 'utf-9': did you mean utf-8"),
    "another encoding": ({"encoding": "utf-16"}, r"data\.csv, line 1: this is no text in utf-16: name another"),
    "a sheet of a text": ({"sheet": "Sheet1"}, r"data\.csv has no sheets: leave out sheet"),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_file_is_refused_with_place_and_way_out(tmp_path, kind):
    content, message = MALFORMED[kind]
    path = tmp_path / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        table_of(path)


@pytest.mark.parametrize("kind", ARRAYS)
def test_so_is_a_file_that_holds_no_usable_array(tmp_path, kind):
    content, message = ARRAYS[kind]
    path = tmp_path / "data.npy"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        table_of(path)


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_so_is_an_argument(tmp_path, kind):
    options, message = ARGUMENTS[kind]
    path = tmp_path / "data.csv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises((InputError, UnknownNameError), match=message):
        table_of(path, **options)


@pytest.mark.parametrize(("path", "message"), [("nowhere.csv", "nowhere.csv is not there, and"), ("", "is no file")])
def test_a_path_without_a_file_is_refused(tmp_path, path, message):
    with pytest.raises(InputError, match=message):
        table_of(tmp_path / path)
    with pytest.raises(InputError, match="a path holds no NUL"):
        table_of("a\0b")


def test_a_file_that_is_not_there_is_answered_with_near_names_in_its_folder(tmp_path):
    assert "nor is its folder" in no_such_file(tmp_path / "not" / "a.csv")
    for name in ("houses.csv", "notes.md", "prices.xlsx"):
        (tmp_path / name).touch()
    assert no_such_file(tmp_path / "hosues.csv").endswith(f"did you mean {str(tmp_path / 'houses.csv')!r}?")
    assert no_such_file(tmp_path / "prices.csv").endswith(f"did you mean {str(tmp_path / 'prices.xlsx')!r}?")
    assert no_such_file(tmp_path / "q").endswith("tables in its folder are 'houses.csv', 'prices.xlsx': name one")
    with pytest.raises(InputError, match=r"did you mean .*houses\.csv"):
        table_of(tmp_path / "house.csv")


def test_all_columns_that_cannot_be_read_are_in_one_message(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b,c,d,y\n1,5%,x,3/4/2024,1\n2,6%,3,5/6/2024,2\noops,7%,4,7/8/2024,3\n")
    with pytest.raises(NotNumericError) as raised:
        table_of(path)
    parts = str(raised.value).split("; also ")
    assert [re.findall("column '(.)'", part) for part in parts] == [["a"], ["b"], ["c"], ["d"]]
    assert [re.findall(r"line (\d)", part) for part in parts] == [["4"], ["2"], ["2"], ["2"]]
    path.write_text("a,b,y\n1,,1\n2,6%,2\noops,7%,3\n")
    with pytest.raises(NotFiniteError, match=r"1 cell is missing.*line 4, column 'a': .*line 3, column 'b': '6%' is"):
        table_of(path)
    with pytest.raises(NotNumericError) as raised:
        table_of(path, missing="drop")
    assert [re.findall("line (.), column '(.)'", part) for part in str(raised.value).split("; also ")] == [
        [("4", "a")],
        [("3", "b")],
    ]


def test_names_that_are_not_there_are_listed_at_once_and_before_what_cells_hold(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("price;area;y\n1,234;5%;1\n2,345;6%;2\n")
    with pytest.raises(UnknownNameError, match=r"no columns are named 'prise' \(did you mean 'price'\?\), 'zzz': the"):
        table_of(path, needed=["prise", "y", "zzz"])


def test_the_way_out_is_an_argument_that_a_command_can_write(tmp_path):
    path = tmp_path / "data.csv"
    for text, names in {"x;y\n1,234;2\n": ["decimal", "thousands"], "x,y\n,2\n1,2\n": ["missing"]}.items():
        path.write_text(text)
        with pytest.raises(InputError) as raised:
            table_of(path)
        assert [part.name for part in raised.value.args if isinstance(part, Argument)] == names
        assert raised.value.written(lambda a: f"--{a.name} {a.value}").count("--") == len(names)


def test_a_count_that_looks_away_is_noticed(tmp_path, monkeypatch):
    """Were missing cells not counted, the file would be refused for the first of them alone, or not at all."""
    path = tmp_path / "data.csv"
    path.write_text("x,g\n1,\n2,a\n,b\n")
    with pytest.raises(InputError, match="2 cells are missing"):
        table_of(path)
    monkeypatch.setattr(assembled, "_kept", lambda used, rows, missing: None)
    with pytest.raises(InputError) as raised:
        table_of(path)
    assert "cells are missing" not in str(raised.value)


@given(st.binary(max_size=60) | st.text("x,;\"\n\t 1.5e-/'", max_size=40).map(str.encode))
def test_no_content_of_a_file_ends_in_any_other_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        read = table_of(path)
    except StabilityLabError:
        return
    assert all(len(column) == read.rows for column in read.columns.values())


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["1\u00a0234", "2\u00a0345"], "blank between thousands"),
        (["1\u202f234", "2\u202f345"], "in all 2 cells"),
        (["(5)", "(7)"], "write '-' in front"),
        (["1D5", "2d3"], "written with e"),
        (["0x10", "0x1F"], "decimals"),
        (["1/2", "3/4"], "fractions"),
        (["\u0661\u0662", "\u0663\u0664"], "another script"),
        (["5%", "16%"], "in all 2 cells: percent signs"),
        (["$5", "$7"], "currency"),
        (["5 €", "7 €"], "currency"),
        (["\u22125", "\u22127"], "another sign than '-'"),
    ],
)
def test_numbers_with_marks_are_no_groups(cells, says):
    with pytest.raises(NotNumericError, match=says):
        table_of({"x": cells, "y": ["1", "2"]})
    assert table_of({"x": ["a", "1/2"], "y": ["1", "2"]}).labels
