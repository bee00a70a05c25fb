"""Text files: separator, marks and encoding are found out and said; every number is exactly the one written."""

import codecs
import csv
import gzip
import io
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paths import ROOT
from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.errors import InputError, NotNumericError
from stabilitylab.data.labels import Labels
from stabilitylab.data.table import table_of, texts

CASES = ROOT / "tests" / "data" / "cases"


def table(path, text, **options):
    path = path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return table_of(path, **options)


def values(column):
    """A column as Fractions, or as the texts of labels."""
    return list(column.values) if isinstance(column, Labels) else [column[i] for i in range(len(column))]


def said(read, words):
    assert any(words in note for note in read.notes), (words, read.notes)


FORMS = {
    "semicolons": ("x;y\n1.5;2\n2.5;3\n", "';' between fields, decimal mark '.'", "sep=';')"),
    "decimal commas": ("x;y\n1,5;2\n2,5;3\n", "';' between fields, decimal mark ','", "sep=';', decimal=',')"),
    "tabs": ("x\ty\n1.5\t2\n2.5\t3\n", "tabs between fields", r"sep='\t')"),
    "tabs and commas": ("x\ty\n1,5\t2\n2,5\t3\n", "tabs between fields, decimal mark ','", "decimal=',')"),
    "bars": ("x|y\n1.5|2\n2.5|3\n", "'|' between fields", "sep='|')"),
    "blanks": ("x   y\n 1.5  2\n2.5  3\n", "blanks between fields", "sep=' +')"),
    "quotes": ('"x","y"\n"1.5","2"\n"2.5","3"\n', "',' between fields", "')"),
    "commas in quotes": ('x,y\n"1,5",2\n"2,5",3\n', "',' between fields, decimal mark ','", "decimal=',')"),
    "blanks around": (" x , y\n 1.5 , 2\n2.5 ,3\n", "',' between fields", "')"),
    "carriage returns": ("x,y\r\n1.5,2\r\n2.5,3\r\n", "',' between fields", "')"),
    "a byte order mark": (codecs.BOM_UTF8 + b"x,y\n1.5,2\n2.5,3\n", "UTF-8 with a byte order mark", "')"),
    "UTF-16": ("x,y\n1.5,2\n2.5,3\n".encode("utf-16"), "text in utf-16", "encoding='utf-16')"),
    "fields at the ends of lines": ("x,y\n1.5,2,\n2.5,3,\n", "1 column without a name", "index_col=False)"),
    "such names as well": ("x,y,\n1.5,2,\n2.5,3,\n", "1 column without a name and without any value: left out", "')"),
    "lines of marks at the end": ("x;y\n1.5;2\n2.5;3\n;\n;\n", "2 lines at the end without any value", "sep=';')"),
    "the index of pandas": (",x,y\n0,1.5,2\n1,2.5,3\n", "the first column, which has no name, names", "index_col=0)"),
    "an index read again": ("Unnamed: 0,x,y\n0,1.5,2\n1,2.5,3\n", "'Unnamed: 0' names the rows", "index_col=0)"),
    "names of rows of R": ('"x" "y"\n"1" 1.5 2\n"2" 2.5 3\n', "names the rows", "sep=' +', index_col=0)"),
    "rownames": ("rownames,x,y\nMazda,1.5,2\nFiat,2.5,3\n", "column 'rownames' names the rows", "index_col=0)"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_found_out_and_said(tmp_path, form):
    text, note, code = FORMS[form]
    read = table(tmp_path, text)
    assert {name: values(column) for name, column in read.columns.items()} == {
        "x": [Fraction(3, 2), Fraction(5, 2)],
        "y": [2, 3],
    }
    assert read.places == (2, 3)
    assert (read.place, read.name) == ("line", "data.csv")
    said(read, note)
    assert read.code.startswith("pandas.read_csv(")
    assert read.code.endswith(code)


THOUSANDS = {
    "of commas, by a second mark": ('x,y\n"1,234,567",2\n"2,345",3\n', [1234567, 2345], "',' between thousands"),
    "of commas, by a point elsewhere": ('x,y\n"1,234",2.5\n"2,345",3\n', [1234, 2345], "',' between thousands"),
    "of points, by a comma elsewhere": ("x;y\n1.234;2,5\n2.345;3\n", [1234, 2345], "'.' between thousands"),
    "of points in one number": ("x;y\n1.234,5;2\n2.345;3\n", [Fraction("1234.5"), 2345], "decimal mark ','"),
    "of apostrophes": ("x;y\n1'234.5;2\n345;3\n", [Fraction("1234.5"), 345], '"\'" between thousands'),
    "of blanks": ("x;y\n1 234,5;2\n345;3\n", [Fraction("1234.5"), 345], "blanks between thousands"),
    "none, by a comma elsewhere": ("x;y\n1,234;2,5\n2,345;3\n", [Fraction("1.234"), Fraction("2.345")], "mark ','"),
}


@pytest.mark.parametrize("kind", THOUSANDS)
def test_marks_between_thousands_are_told_from_decimal_marks(tmp_path, kind):
    text, x, note = THOUSANDS[kind]
    read = table(tmp_path, text)
    assert values(read.columns["x"]) == x
    said(read, note)


@pytest.mark.parametrize(
    ("option", "x"),
    [({"decimal": ","}, "1.234"), ({"thousands": ","}, "1234"), ({"decimal": "."}, "1234")],
    ids=str,
)
def test_the_options_that_a_refusal_names_decide(tmp_path, option, x):
    text = 'x,y\n"1,234",2\n"2,345",3\n'
    with pytest.raises(NotNumericError, match=r"line 2, column 'x': '1,234' can be read in two ways.*decimal=','"):
        table(tmp_path, text)
    assert values(table(tmp_path, text, **option).columns["x"])[0] == Fraction(x)


def test_a_separator_that_is_given_is_taken(tmp_path):
    assert list(table(tmp_path, "x\ty\n1\t2\n", separator="tab").columns) == ["x", "y"]
    with pytest.raises(InputError, match=r"line 1: one column, named 'x;y': give separator=';'"):
        table(tmp_path, "x;y\n1;2\n", separator=",")


def test_letters_of_windows_are_read_and_said(tmp_path):
    read = table(tmp_path, "größe,y\n1,2\n3,4\n".encode("cp1252"))
    assert list(read.columns) == ["größe", "y"]
    said(read, "text in cp1252")


def test_lines_within_quotes_stay_in_their_cell(tmp_path):
    read = table(tmp_path, 'g;x\n"a\nb";1,5\n"1\n2";2,5\nc;3,5\n')
    assert values(read.columns["g"]) == ["a\nb", "1\n2", "c"]
    assert values(read.columns["x"]) == [Fraction(3, 2), Fraction(5, 2), Fraction(7, 2)]
    assert read.places == (3, 5, 6)


@pytest.mark.parametrize(
    ("text", "options", "x"),
    [
        ("x;y\n1.234;2\n", {"decimal": "."}, "1.234"),
        ("x;y\n1.234;2\n", {"decimal": ",", "thousands": "."}, "1234"),
        ("x;y\n1.234;2\n", {"decimal": ","}, "1234"),
        ("x;y\n1.234;0.5\n", {}, "1.234"),
        ("x,y\n1.234,2\n", {}, "1.234"),
    ],
)
def test_a_point_between_semicolons_is_a_decimal_mark_where_a_number_or_an_option_says_so(tmp_path, text, options, x):
    assert values(table(tmp_path, text, **options).columns["x"]) == [Fraction(x)]


def test_no_group_of_thousands_begins_with_0(tmp_path):
    assert values(table(tmp_path, "x;y\n0,123;1\n1,234;2\n").columns["x"]) == [Fraction("0.123"), Fraction("1.234")]


def test_a_compressed_file_is_read(tmp_path):
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"x;y\n1,5;2\n2,5;3\n"))
    assert values(table_of(path).columns["x"]) == [Fraction(3, 2), Fraction(5, 2)]


def test_columns_are_what_stands_in_them(tmp_path):
    read = table(
        tmp_path,
        "when,group,flag,code,x,same\n2024-01-01,a,TRUE,007,1.50,3\n2024-03-01,b,FALSE,010,-2e-3,3\n",
    )
    assert isinstance(read.columns["group"], Labels)
    assert values(read.columns["flag"]) == [1, 0]
    assert values(read.columns["code"]) == [7, 10]
    assert read.columns["x"] == Decimals((1500, -2), -3)
    assert values(read.columns["when"]) == [0, 60]
    assert read.moments["when"].first == "2024-01-01"
    said(read, "column 'when' holds dates: read as days elapsed since 2024-01-01")
    said(read, "column 'flag' holds true and false, read as 1 and 0")
    said(read, "column 'same' holds one value in every row")
    assert len([note for note in read.notes if "one value" in note]) == 1


def test_texts_that_name_each_row_are_no_data_unless_asked_for(tmp_path):
    text = "city,x,y\nRome,1,2\nParis,2,3\nBonn,3,4\n"
    assert (table(tmp_path, text).row_names, list(table(tmp_path, text).columns)) == ("city", ["x", "y"])
    assert list(table(tmp_path, text, needed=["city", "y"]).columns) == ["city", "x", "y"]
    twice = table(tmp_path, text.replace("Bonn", "Rome"))
    assert (twice.row_names, list(twice.columns)) == ("", ["city", "x", "y"])


MISSING = "x,y,z\n1,2,\n,3,NA\n4,5,1\n5,6,2\n"


def test_rows_with_missing_cells_are_dropped_and_counted(tmp_path):
    read = table(tmp_path, MISSING, missing="drop")
    assert values(read.columns["x"]) == [4, 5]
    assert read.places == (4, 5)
    assert read.rows_left_out == 2
    said(read, "2 of 4 rows are left out, in which a cell is missing: 2 in column 'z' (lines 2, 3); 1 in column 'x'")


def test_a_missing_cell_elsewhere_does_no_harm(tmp_path):
    read = table(tmp_path, MISSING, missing="drop", needed=["x", "y"])
    assert (read.rows_left_out, read.places) == (1, (2, 4, 5))
    assert list(read.columns) == ["x", "y"]
    said(read, "not used, and left out since cells are missing or cannot be read: column 'z'")


def test_what_is_wrong_in_columns_that_are_not_used_does_no_harm(tmp_path):
    text = 'y,x,x,,n,d\n1,2,3,4,oops,03/04/2024\n2,3,4,5,6,05/06/2024\n3,5,4,5,"1,2",05/07/2024\n'
    assert list(table(tmp_path, text, needed=["y"]).columns) == ["y"]


def test_the_cases_are_read_exactly():
    truth = json.loads((CASES / "truth.json").read_text("utf-8"))
    assert truth
    for path in sorted(set(CASES.glob("*.csv")) - {CASES / "iso_dates.csv"}):
        with path.open(newline="", encoding="utf-8") as source:
            names, *rows = csv.reader(source)
        read = table_of(path)
        assert list(read.columns) == names
        assert read.notes == ("read as text in UTF-8, ',' between fields, decimal mark '.'",)
        for j, name in enumerate(names):
            assert values(read.columns[name]) == [Fraction(row[j]) for row in rows]


NUMBERS = st.tuples(st.integers(-(10**20), 10**20), st.integers(0, 12))


def written(mantissa, places, mark):
    """The decimal mantissa / 10**places as text, with this decimal mark."""
    digits = str(abs(mantissa)).rjust(places + 1, "0")
    whole = digits if not places else f"{digits[:-places]}{mark}{digits[-places:]}"
    return "-" * (mantissa < 0) + whole


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from(["a", 'b "c"', "d, e;f"])), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([".", ","]),
    st.booleans(),
    st.booleans(),
)
def test_numbers_written_as_text_come_back_exactly(tmp_path_factory, rows, separator, mark, quoted, given_marks):
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\n")
    writer.writerow(["x", "y", "label"])
    writer.writerows([[written(*x, mark), written(*y, mark), label] for x, y, label in rows])
    options = {"separator": separator, "decimal": mark, "needed": ["x", "y", "label"]} if given_marks else {}
    read, refused = None, ""
    try:
        read = table(tmp_path_factory.getbasetemp(), out.getvalue(), **options)
    except InputError as error:
        refused = str(error)
    if refused:
        # 1,234 is refused where nothing in the file decides, and so is a file that two marks split as well.
        assert not given_marks
        assert "two ways" in refused or "say which" in refused
        return
    for j, name in enumerate("xy"):
        assert values(read.columns[name]) == [Fraction(row[j][0], 10 ** row[j][1]) for row in rows]
    assert values(read.columns["label"]) == [label for _, _, label in rows]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_floats_that_a_program_writes_are_the_decimals_that_stand_there(tmp_path_factory, numbers):
    read = table(tmp_path_factory.getbasetemp(), "\n".join(["x,y", *(f"{v!r},1" for v in numbers)]) + "\n")
    assert values(read.columns["x"]) == [Fraction(repr(v)) for v in numbers]


def test_a_reader_by_float64_is_noticed(tmp_path, monkeypatch):
    def rounding(numerals):
        return Decimals.parse([repr(float(field)) for field in numerals.fields])

    monkeypatch.setattr(texts, "_exact", rounding)
    written_there = "12345678901234567.25"
    assert values(table(tmp_path, f"x,y\n{written_there},1\n").columns["x"]) != [Fraction(written_there)]


def test_every_cell_of_a_longer_file_is_in_its_place(tmp_path):
    rng = np.random.default_rng(0)
    lines = [",".join(f"{v:.4f}" for v in row) for row in rng.standard_normal((2000, 20))]
    read = table(tmp_path, "\n".join([",".join(f"x{j}" for j in range(20)), *lines]))
    for j in (0, 7, 19):
        assert values(read.columns[f"x{j}"]) == [Fraction(line.split(",")[j]) for line in lines]
