"""Files that are no table of ours, recognised by what stands in them: what each is, and how to make a table of it."""

import codecs
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from stabilitylab.core.errors import Argument
from stabilitylab.core.printable import quoted
from stabilitylab.data.tabular.encoding import UTF_8, marked
from stabilitylab.data.tabular.numerals import Notation

Says = tuple[str | Argument, ...]

_LONG = 2**20  # characters of a line that are looked at
_CSV = "save it as CSV in UTF-8"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "is compressed by gzip: unpack it first"),
    (b"\xfd7zXZ\0", "is compressed by xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed by Zstandard: unpack it first"),
    (b"\x93NUMPY", "is an array of NumPy: name it .npy"),
    (b"\x89HDF\r\n\x1a\n", "is an HDF5 file: save one table of it as CSV or .npy"),
    (b"MATLAB 5.0 MAT-file", "is a file of MATLAB: save one matrix of it, by writematrix(A, 'data.csv')"),
    (b"\xd0\xcf\x11\xe0", f"is an Excel workbook in the format before 2007, or another Office file: {_CSV}"),
    (b"SQLite format 3\0", "is an SQLite database: export one table as CSV"),
    (b"<stata_dta>", "is a file of Stata: save it by export delimited"),
)
# Letters that may begin a column's name as well: these files hold bytes that no text has.
_BINARY_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"BZh", "is compressed by bzip2: unpack it first"),
    (b"PAR1", "is a Parquet file: write it as CSV, as pandas.read_parquet(path).to_csv(...) does"),
    (b"ARROW1", "is an Arrow (Feather) file: write it as CSV, as pandas.read_feather(path).to_csv(...) does"),
    (b"ORC", "is an ORC file: write it as CSV"),
    (b"%PDF", "is a PDF document: save its table as CSV in UTF-8"),
    (b"RDX", "is a file of R: save the data frame by write.csv(data, 'data.csv', row.names = FALSE)"),
    (b"$FL", f"is a file of SPSS: {_CSV}"),
)
_WORDS: tuple[tuple[str, str], ...] = (
    (r"@relation\b", f"is an ARFF file, of Weka: {_CSV}, whose first line names the columns"),
    (r"<!doctype html|<html|<table", "is a web page: save the table alone, as CSV"),
    (r"<\?xml", f"is XML: {_CSV}"),
    (r"[\[{]\s*[\[{\"]", "is JSON: write it as CSV, as pandas.read_json(path).to_csv(...) does"),
    (r"[-+.\d]+( \d+:[-+.\deE]+)+ *$", f"is in the sparse format of LIBSVM: {_CSV}, with every column in every row"),
)


def foreign(path: Path, encoding: str = UTF_8) -> Says | None:
    """What a file is, and how to make a table of it, as the end of a sentence about it; None for what may be text."""
    with path.open("rb") as raw:
        start = raw.read(65536)
    if start.startswith(b"PK\x03\x04"):
        return (_archive(path),)
    for magic, says in (*_STARTS, *(_BINARY_STARTS if _is_binary(start) else ())):
        if start.startswith(magic):
            return (says,)
    mark = marked(start) if encoding == UTF_8 else None
    if mark is not None:
        return f"is text in {mark.upper()}: save it in UTF-8, or give ", Argument("encoding", mark)
    if start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return (
            "is a pickle of Python, which is not opened, since that may run anything: save numbers, as CSV or .npy",
        )
    if b"\0" in start and encoding == UTF_8:
        return (f"is no text in UTF-8 (it holds NUL bytes): {_CSV}",)
    text = re.sub(r"\A\ufeff?(?:\s|%.*\n)*", "", start.decode(encoding, "replace"))
    return next(((says,) for pattern, says in _WORDS if re.match(pattern, text, re.IGNORECASE | re.MULTILINE)), None)


def _is_binary(start: bytes) -> bool:
    """Whether the first bytes of a file are no text in UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return True
    return b"\0" in start


def _archive(path: Path) -> str:
    """What a zip archive is: NumPy and all office programs put their files into one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype")[:80].decode("ascii", "replace") if "mimetype" in names else ""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return "is a damaged zip archive: fetch it again"
    arrays = [name.removesuffix(".npy") for name in names if name.endswith(".npy")]
    if arrays:
        kept = f"numpy.save('data.npy', numpy.load({path.name!r})[{arrays[0]!r}])"
        more = f"the {len(arrays)} arrays {_some(arrays)}" if len(arrays) > 1 else f"the array {arrays[0]!r}"
        return f"is an archive of NumPy (.npz), of {more}: save one by itself, {kept}"
    if any(name.startswith("xl/") for name in names):
        return f"is an Excel workbook: save the sheet as CSV UTF-8{_sheet(names)}"
    if "opendocument.spreadsheet" in kind:
        return "is an OpenDocument spreadsheet: save the sheet as CSV in UTF-8"
    if "opendocument" in kind or any(name.startswith("word/") for name in names):
        return "is a text document: save its table as CSV in UTF-8"
    return f"is a zip archive, of {_some(names)}: unpack it first" if names else "is an empty zip archive"


def _sheet(names: Sequence[str]) -> str:
    sheets = sum(name.startswith("xl/worksheets/sheet") for name in names)
    return f", one of its {sheets}" if sheets > 1 else ""


def _some(names: Sequence[str]) -> str:
    return quoted(names)


def other_separator(path: Path, name: str, separator: str, notation: Notation, encoding: str = UTF_8) -> Says | None:
    """How to read a table whose first line is one name, since other marks than `separator` stand between the names."""
    with path.open("r", encoding=encoding, errors="replace") as text:
        lines = [line.rstrip("\r\n") for line in (text.readline(_LONG) for _ in range(20)) if line.strip()]
    mark = next((c for c in ";\t|," if c in name and c != separator), None)
    if mark is not None:
        says: list[str | Argument] = [f"one column, named {name[:60]!r}: give ", _argument(mark)]
        if notation.decimal == "." and mark != "," and any(re.search(r"\d,\d", line) for line in lines[1:]):
            says += [" and ", Argument("decimal", ",")]
        return tuple(says)
    counts = {len(line.split()) for line in lines}
    if separator.isspace() or len(counts) != 1 or counts == {1}:
        return None
    if any(line != line.rstrip() or "\t" in line for line in lines):
        return (
            f"one column, named {name[:60]!r}, with blanks in it: save the table as CSV, with commas between fields",
        )
    return f"one column, named {name[:60]!r}: give ", Argument("separator", " ")


def _argument(mark: str) -> Argument:
    return Argument("separator", {"\t": "tab"}.get(mark, mark))
