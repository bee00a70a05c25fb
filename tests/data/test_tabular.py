"""Data files in blocks: every number exactly as written, at any block size, and errors that name line and column."""

import csv
import os
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import (
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
    UnknownNameError,
)
from stabilitylab.data.tabular import open_table

NUMERALS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.from_regex(r"[+-]?(?:[0-9]{1,12}\.?[0-9]{0,12}|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.from_regex(r"-?0\.0{0,20}[0-9]{1,25}", fullmatch=True),
    st.sampled_from(
        ["0e99999999", "-0.000", "+5.", ".5E3", "1" + "0" * 305, "1e22", "9007199254740993", "1125899906842624"]
    ),
)


def file(folder, content, name="data.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def exactly(table, columns=None, rows=None):
    """The rows of a file as Fractions, through integers and scales."""
    scales, blocks = table.read(columns or table.names, "decimal", rows)
    return [[int(v) * s for v, s in zip(row, scales, strict=True)] for block in blocks for row in block]


def stored(table, columns=None, rows=None):
    """The rows of a file as doubles."""
    scales, blocks = table.read(columns or table.names, "matrix", rows)
    assert set(scales) == {1}
    return [row for block in blocks for row in block.tolist()]


def drawn(path, truth, **options):
    """Everything a file holds, or the error it is refused with."""
    table = open_table(path, **options)
    _, blocks = table.read(table.names, truth)
    return list(blocks)


# --- text


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(NUMERALS, min_size=n, max_size=n), min_size=1, max_size=9)),
    st.integers(1, 10),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([",", ";", "\t", "|", " "]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_blocks_of_any_size_hold_the_file_as_written(tmp_path_factory, rows, size, quoting, separator, ending):
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    names = [f"c,{j}" for j in range(len(rows[0]))] if len(rows[0]) > 1 else ["c"]
    with path.open("w", newline="") as out:
        csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=ending).writerows([names, *rows])
    table = open_table(path, separator=separator)
    assert table.names == tuple(names)
    assert exactly(table, rows=size) == [[Fraction(Decimal(v)) for v in row] for row in rows]
    assert stored(table, rows=size) == [[float(v) for v in row] for row in rows]


MESSY = """\ufeff"a", b ,"the ""c"" column"

1, 2.50 ,3
  4,"5","6"

7,8e0,-.9
"""


def test_a_byte_order_mark_blanks_quotes_and_empty_lines_are_no_part_of_the_numbers(tmp_path):
    table = open_table(file(tmp_path, MESSY))
    assert table.names == ("a", "b", 'the "c" column')
    half = Fraction(1, 2)
    assert exactly(table) == [[1, 2 + half, 3], [4, 5, 6], [7, 8, Fraction(-9, 10)]]
    assert exactly(table, ["b"]) == [[2 + half], [5], [8]]
    assert exactly(table, ["b", "a"], rows=1) == [[2 + half, 1], [5, 4], [8, 7]]


def test_columns_that_are_not_asked_for_may_hold_anything(tmp_path):
    text = 'id,when,y\n"=HYPERLINK(""http://x"")",2020-01-01,1\n"two\nlines",,2\n'
    assert exactly(open_table(file(tmp_path, text)), ["y"]) == [[1], [2]]


def test_decimal_commas_and_marks_between_thousands_are_read_when_named(tmp_path):
    path = file(tmp_path, "x;y\n1.234,5;-2\n0,25;1.000.000\n")
    table = open_table(path, separator=";", decimal=",", thousands=".")
    assert exactly(table) == [[Fraction(12345, 10), -2], [Fraction(1, 4), 1000000]]
    path = file(tmp_path, 'x,y\n"1,234.5",2\n"12",3\n')
    assert exactly(open_table(path, thousands=",")) == [[Fraction(12345, 10), 2], [12, 3]]
    path = file(tmp_path, 'x,y\n"1,234",2\n')
    assert exactly(open_table(path, decimal=",")) == [[Fraction(1234, 1000), 2]]


BAD_TEXT = {
    "a word": ("a,b\n1,2\n3,four\n", NotNumericError, "line 3, column 'b': expected a number such as -1.5", "'four'"),
    "an empty field": ("a,b\n1,2\n3,\n", NotFiniteError, "line 3, column 'b': the field is empty", "missing='drop'"),
    "a NaN": ("a,b\nNaN,2\n", NotFiniteError, "line 2, column 'a': 'NaN' is no finite number", "missing='drop'"),
    "an infinity": ("a,b\n1,-inf\n", NotFiniteError, "line 2, column 'b': '-inf' is no finite", "remove the row"),
    "a missing field": ("a,b\n1,2\n3\n", ShapeError, "line 3: expected 2 fields", "got 1"),
    "a field too many": ("a,b\n1,2\n3,4,5\n", ShapeError, "line 3: expected 2 fields", "got 3: quote fields"),
    "a comma of two readings": ('a,b\n"1,234",2\n', NotNumericError, "two ways", "',' (as 1234), decimal=','"),
    "commas that are thousands": ('a,b\n"1,234,567",2\n', NotNumericError, "line 2, column 'a'", "thousands=','"),
    "an underscore": ("a,b\n1_000,2\n", NotNumericError, "has marks between thousands", "give thousands='_'"),
    "hexadecimal": ("a,b\n0x10,2\n", NotNumericError, "line 2, column 'a'", "got '0x10'"),
    "a formula": ("a,b\n=1+1,2\n", NotNumericError, "line 2, column 'a'", "got '=1+1'"),
    "digits of another script": ("a,b\n١,2\n", NotNumericError, "line 2, column 'a'", "got '١'"),
    "two points": ("a,b\n1.2.3,2\n", NotNumericError, "line 2, column 'a'", "got '1.2.3'"),
    "a sign within": ("a,b\n1-2,2\n", NotNumericError, "line 2, column 'a'", "got '1-2'"),
    "overflow": ("a,b\n1e400,2\n", OutOfRangeError, "line 2, column 'a': '1e400' overflows float64", "rescale"),
    "underflow": ("a,b\n1e-400,2\n", OutOfRangeError, "line 2, column 'a': '1e-400' underflows to 0", "rescale"),
    "a long underflow": ("a,b\n0." + "0" * 330 + "1,2\n", OutOfRangeError, "line 2, column 'a'", "underflows"),
    "a huge exponent": ("a,b\n1e999999999999,2\n", OutOfRangeError, "line 2, column 'a'", "overflows"),
    "no rows": ("a,b\n", EmptyError, "has column names and no rows", "give the data"),
    "nothing": ("", EmptyError, "is empty", "expected a line of column names"),
    "no names": ("1,2\n3,4\n", InputError, "line 1: expected the names", "put a line of names first"),
    "another separator": ("a;b\n1;2\n", InputError, "one column, named 'a;b'", "separator=';'"),
    "tabs": ("a\tb\n1\t2\n", InputError, "line 1: one column", "separator='tab'"),
    "an open quote": ('a,b\n1,2\n"3,4\n5,6\n', InputError, "line 4: unexpected end of data", "double quotes"),
    "text behind a quote": ('a,b\n1,2\n"3"x,4\n', InputError, "line 3: ", "double quotes"),
    "another encoding": ("a,b\n1,2\n3,4 \xe9\n".encode("latin-1"), InputError, "line 3: expected text", "='cp1252'"),
    "any bytes": (b"a,b\n1,2\n3,4 \xe9\x81\n", InputError, "line 3: expected", "encoding='latin-1'"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), InputError, "is text in UTF-16: save it in UTF-8", "encoding='utf-16'"),
    "a workbook": (b"PK\x03\x04rest", InputError, "a damaged zip archive", "fetch it again"),
    "gzip": (b"\x1f\x8b\x08\x00", InputError, "compressed by gzip", "unpack it first"),
    "a NumPy array": (b"\x93NUMPY\x01\x00", InputError, "an array of NumPy", "name it .npy"),
}  # fmt: skip


@pytest.mark.parametrize("truth", ["decimal", "matrix"])
@pytest.mark.parametrize("how", BAD_TEXT)
def test_bad_text_is_refused_with_line_column_and_way_out(tmp_path, how, truth):
    content, kind, place, way = BAD_TEXT[how]
    with pytest.raises(kind) as caught:
        drawn(file(tmp_path, content), truth)
    assert place in str(caught.value)
    assert way in str(caught.value)
    assert "data.csv" in str(caught.value)


def test_a_bad_field_is_placed_on_its_line_behind_quotes_blanks_and_blocks(tmp_path):
    text = 'a,b,c\n1,2,"x\ny"\n\n' + "3,4,z\n" * 7 + "5,oops,z\n" + "6,7,z\n" * 3
    table = open_table(file(tmp_path, text))
    for rows in (1, 2, 3, 8, 9, 100):
        with pytest.raises(NotNumericError, match=r"line 12, column 'b': .*'oops'"):
            table.read(["a", "b"], "decimal", rows)


IMPOSSIBLE = [
    ("separator", ""),
    ("separator", "ab"),
    ("separator", "."),
    ("separator", "e"),
    ("decimal", ";"),
    ("thousands", "."),
    ("thousands", "0"),
]


@pytest.mark.parametrize(("what", "value"), IMPOSSIBLE)
def test_marks_that_cannot_be_are_refused(tmp_path, what, value):
    with pytest.raises(InputError, match=f"{what}|{what[:-1]}"):
        open_table(file(tmp_path, "a,b\n1,2\n"), **{what: value})


def test_names_are_found_once_or_refused_with_the_nearest(tmp_path):
    table = open_table(file(tmp_path, "height,weight,x,x,\n1,2,3,4,5\n"))
    assert table.index("weight") == 1
    with pytest.raises(UnknownNameError, match=r"no column is named 'wieght': did you mean 'weight', 'height'\?"):
        table.index("wieght")
    with pytest.raises(UnknownNameError, match=r"the columns are 'height', 'weight', 'x', 'x', ''"):
        table.index("q")
    with pytest.raises(InputError, match=r"columns 3 and 4 are both named 'x': rename one"):
        table.index("x")
    with pytest.raises(
        InputError, match=r"column 5 has no name \(row numbers\?\): name the columns to use, columns=\[.weight"
    ):
        table.others(["height"])


def test_a_file_that_changes_between_the_readings_is_noticed(tmp_path):
    for later in ("a,b\n1,2\n3,4.25\n", "a,b\n1,2\n", "a,b\n1,2\n3,4.5\n5,6\n"):
        table = open_table(file(tmp_path, "a,b\n1,2\n3,4.5\n"))
        _, blocks = table.read(["a", "b"], "decimal", 1)
        file(tmp_path, later)
        with pytest.raises(InputError, match="changed while it was being read"):
            list(blocks)


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv cannot be read: No such file"):
        open_table(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is no file"):
        open_table(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        with pytest.raises(InputError, match="save a stream to a file first"):
            open_table(tmp_path / "pipe.csv")


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    path = file(tmp_path, b"a,b\n1,2\n" + b"3," * 2**24)
    tracemalloc.start()
    with pytest.raises(InputError, match="behind line 1: a line of more than"):
        open_table(path).read(["a"], "decimal")
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()


@pytest.mark.parametrize("truth", ["decimal", "matrix"])
def test_memory_does_not_grow_with_the_file(tmp_path, truth):
    peaks = []
    for copies in (2, 20):
        path = file(tmp_path, "a,b,c\n" + "1.5,2.25,0.12345678901234567\n" * (1000 * copies))
        tracemalloc.start()
        _, blocks = open_table(path).read(["a", "b", "c"], truth, 1000)
        assert sum(len(block) for block in blocks) == 1000 * copies
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_progress_is_told_up_to_the_end(tmp_path):
    path = file(tmp_path, "a,b\n" + "1,2\n" * 100)
    for truth, readings in (("decimal", 2), ("matrix", 1)):
        told = []
        _, blocks = open_table(path).read(["a"], truth, 30, partial(_note, told))
        list(blocks)
        done = [done for done, _ in told]
        assert len(told) == 4 * readings
        assert done == sorted(done)
        assert {total for _, total in told} == {readings * path.stat().st_size}
        assert told[-1][0] == told[-1][1]


def _note(told, done, total):
    told.append((done, total))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf_32", "cp1252", "latin-1", "mac-roman", "UTF8"])
def test_text_is_read_in_the_encoding_that_is_named(tmp_path, encoding):
    path = file(tmp_path, "größe,b\n1,2\n3,4.5\n".encode(encoding))
    table = open_table(path, encoding=encoding)
    assert table.names == ("größe", "b")
    assert exactly(table) == [[1, 2], [3, Fraction(9, 2)]]
    with pytest.raises(InputError, match="one column, named 'a;b': give separator=';'"):
        open_table(file(tmp_path, "a;b\n1;2\n".encode(encoding)), encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf9", "rot13", "base64", "hex", "", "a\0b"])
def test_an_encoding_of_no_text_is_refused(tmp_path, encoding):
    with pytest.raises(InputError, match="no encoding of text is named"):
        open_table(file(tmp_path, "a,b\n1,2\n"), encoding=encoding)


def test_text_that_is_not_in_the_encoding_that_is_named_is_refused(tmp_path):
    path = file(tmp_path, "a,b\n1,2\n3,4 é\n".encode())
    with pytest.raises(
        InputError, match=r"data\.csv, line 3: this is no text in ascii: name another, encoding='utf-8'"
    ):
        drawn(path, "matrix", encoding="ascii")


ABSENT = ("", " ", "NA", "n/a", "NaN", "null", "None", "?", ".", "-", "#N/A", "<NA>")


@pytest.mark.parametrize("truth", ["decimal", "matrix"])
@pytest.mark.parametrize("rows", [1, 3, None])
def test_rows_in_which_a_number_is_missing_are_left_out_and_counted(tmp_path, truth, rows):
    lines = [f"{j},{j * j},x,{word}" for j, word in enumerate([*ABSENT, "5", "0.75"])]
    path = file(tmp_path, "a,b,word,c\n" + "\n".join(lines) + "\n")
    left: list[int] = []
    table = open_table(path, missing="drop")
    scales, blocks = table.read(["a", "c"], truth, rows, left_out=left.extend)
    assert (np.vstack(list(blocks)) * np.array(scales, dtype=float)).tolist() == [[12, 5], [13, 0.75]]
    assert left == list(range(2, 2 + len(ABSENT)))
    _, all_of_them = open_table(path, missing="drop").read(["a", "b"], truth, rows, left_out=left.extend)
    assert len(np.vstack(list(all_of_them))) == len(lines)  # what is missing in other columns is none of theirs


@pytest.mark.parametrize("word", ["inf", "four", "1,5"])
def test_what_is_no_missing_number_is_refused_all_the_same(tmp_path, word):
    path = file(tmp_path, f'a,b\n1,\n2,"{word}"\n')
    with pytest.raises(InputError, match="line 3, column 'b'"):
        list(open_table(path, missing="drop").read(["a", "b"], "matrix")[1])


def test_a_file_of_which_no_row_is_left_is_refused(tmp_path):
    path = file(tmp_path, "a,b\n1,\n,2\n")
    with pytest.raises(EmptyError, match="no row has a number in each of the columns 'a', 'b': use fewer of them"):
        list(open_table(path, missing="drop").read(["a", "b"], "matrix")[1])
