"""Files that are no table of ours are recognised by their content, each with the way to make a table of it."""

import gzip
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import InputError
from stabilitylab.data.tabular import open_table
from stabilitylab.data.tabular.foreign import foreign


def archive(path, *names, mimetype=""):
    with zipfile.ZipFile(path, "w") as out:
        for name in names:
            out.writestr(name, "content")
        if mimetype:
            out.writestr("mimetype", mimetype)


def arrays(path):
    with path.open("wb") as out:
        np.savez(out, A=np.eye(3), b=np.ones(3))


OPENDOCUMENT = "application/vnd.oasis.opendocument."
ARCHIVES = {
    "npz": (arrays, r"archive of NumPy \(\.npz\), of the 2 arrays 'A', 'b'.*numpy\.load\('data\.x'\)\['A'\]"),
    "xlsx": (
        lambda path: archive(path, "xl/workbook.xml", "xl/worksheets/sheet1.xml"),
        r"an Excel workbook: save .* UTF-8$",
    ),
    "two sheets": (
        lambda path: archive(path, "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"),
        "an Excel workbook: .*one of its 2",
    ),
    "ods": (lambda path: archive(path, "a", mimetype=OPENDOCUMENT + "spreadsheet"), "an OpenDocument spreadsheet"),
    "odt": (lambda path: archive(path, "a", mimetype=OPENDOCUMENT + "text"), "a text document"),
    "docx": (lambda path: archive(path, "word/document.xml"), "a text document"),
    "zip": (lambda path: archive(path, "houses.csv"), r"a zip archive, of 'houses\.csv': unpack it first"),
    "an empty zip": (lambda path: path.write_bytes(b"PK\x03\x04"), "a damaged zip archive"),
}
CONTENTS = {
    "gzip": (gzip.compress(b"a,b\n1,2\n"), "compressed by gzip: unpack"),
    "bzip2": (b"BZh91AY&SY\xff\x00", "compressed by bzip2"),
    "Parquet": (b"PAR1\x15\x04\x00", "a Parquet file: write it as CSV"),
    "Feather": (b"ARROW1\x00\x00", "an Arrow"),
    "a pickle": (pickle.dumps([1, 2]), "a pickle of Python, which is not opened"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook in the format before 2007"),
    "HDF5": (b"\x89HDF\r\n\x1a\n\x00", "an HDF5 file"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "text in UTF-16: save it in UTF-8"),
    "ARFF": (b"% Iris\n\n@RELATION iris\n@ATTRIBUTE a NUMERIC\n@DATA\n1\n", "an ARFF file, of Weka: save it as CSV"),
    "a web page": (b"<!DOCTYPE html>\n<table></table>", "a web page"),
    "XML": (b"<?xml version='1.0'?>\n<a/>", "is XML"),
    "JSON": (b'[{"a": 1}]', "is JSON"),
    "LIBSVM": (b"1 1:0.5 2:0.3\n-1 1:2\n", "the sparse format of LIBSVM"),
    "NUL bytes": (b"a,b\n1,\0\n", "NUL bytes"),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_zip_archives_are_told_apart(tmp_path, kind):
    make, says = ARCHIVES[kind]
    make(tmp_path / "data.x")
    with pytest.raises(InputError, match=says):
        open_table(tmp_path / "data.x")


@pytest.mark.parametrize("kind", CONTENTS)
def test_other_formats_are_named_with_the_way_out(tmp_path, kind):
    content, says = CONTENTS[kind]
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"data\.csv is .*{says.removeprefix('is ')}"):
        open_table(tmp_path / "data.csv")


@given(
    st.sampled_from(["PAR1", "ORCID", "BZhou", "ARROW1", "RDX", "%PDF", "$FL2", "[x", "{a}", "@", "2020-01-01 12:30"])
)
def test_a_column_may_be_called_anything(tmp_path_factory, name):
    path = tmp_path_factory.getbasetemp() / "names.csv"
    path.write_text(f"{name},b\n1,2\n", "utf-8")
    assert foreign(path) is None
    assert open_table(path).names == (name, "b")


SEPARATED = {
    "semicolons": ("a;b\n1;2\n", "give separator=';'"),
    "semicolons and decimal commas": ("a;b\n1,5;2\n2;3\n", "give separator=';' and decimal=','"),
    "tabs": ("a\tb\n1\t2\n", "give separator='tab'"),
    "one blank": ("a b\n1 2\n", "give separator=' '"),
    "a fixed width": ("  a      b\n  1      2\n 10    2.5\n", "give separator=' '"),
    "blanks behind": ("a b  \n1 2  \n", "save the table as CSV"),
}


@pytest.mark.parametrize("how", SEPARATED)
def test_other_separators_are_named(tmp_path, how):
    text, says = SEPARATED[how]
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(InputError, match=rf"line 1: one column, named .*{says}"):
        open_table(tmp_path / "data.csv")


@pytest.mark.parametrize("text", ["price in EUR\n1\n2\n", "price\n1\n", "a name\nx\n"])
def test_one_column_is_a_table_too(tmp_path, text):
    (tmp_path / "data.csv").write_text(text)
    assert open_table(tmp_path / "data.csv").names == (text.partition("\n")[0],)
