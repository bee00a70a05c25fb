"""Spreadsheet programs: data and formulas are written to an OpenDocument file, the results are read from a CSV file.

Sheet "data" holds y in column A and x in the columns after it; sheet "fit" holds the formulas. The first sheet, "out",
which programs export as CSV, refers to their results and to the data, which shows the numbers that the program read.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Breakdown, InputError
from stabilitylab.core.types import Fit
from stabilitylab.libraries.support.programs import reader_ulps

MIME = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:{version}"'
    for name, version in (("office", "1.0"), ("table", "1.0"), ("of", "1.2"))
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


@dataclass(frozen=True)
class Formula:
    """A formula as OpenFormula writes it, without its "="; rows, columns: the block that an array formula fills."""

    text: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class Program:
    """How a spreadsheet program is used.

    digits: the significant decimal digits from which it reads a float64 exactly. passed_on(cell, row): formulas for a
    row of "out" from which the value of the cell can be computed exactly. value: that value, from the row in the CSV
    file; raises ValueError where it is no number. to_csv: the first sheet of an OpenDocument file as CSV text.
    """

    digits: int
    passed_on: Callable[[str, int], Sequence[str]]
    value: Callable[[Sequence[str]], float]
    to_csv: Callable[[Path], str]


@dataclass(frozen=True)
class Answers:
    """The blocks of cells that the formulas filled: floats, or the text of an error. reader_ulps: as in Fit."""

    blocks: tuple[Array, ...]
    reader_ulps: float


def linest(program: Program, X: Array, y: Array, intercept: bool) -> Fit:
    """LINEST(y; X; intercept; TRUE) over X (m, p): coefficients, standard errors, R², and the rank it reports.

    Raises Breakdown with the program's error value where a coefficient is one.
    """
    m, p = X.shape
    return _linest(program, X, y, area(1, m, p), p, intercept)


def linest_powers(program: Program, x: Array, y: Array, degree: int) -> Fit:
    """LINEST(y; x^{1;2;...;degree}; TRUE; TRUE) over x (m,), the program's own powers; otherwise as linest."""
    powers = ";".join(str(k + 1) for k in range(degree))
    return _linest(program, x[:, None], y, f"{area(1, len(x), 1)}^{{{powers}}}", degree, True)


def _linest(program: Program, X: Array, y: Array, regressors: str, p: int, intercept: bool) -> Fit:
    """Row 1: the coefficients from the last to the first, and the intercept. Row 2: their standard errors. Row 3 begins
    with R². Row 4 has the residual degrees of freedom, m less the rank, in its second place."""
    m = len(y)
    text = f"LINEST({area(0, m, 1)};{regressors};{'TRUE' if intercept else 'FALSE'}();TRUE())"
    answers = calculate(program, X, y, [Formula(text, rows=5, columns=p + 1)])
    (block,) = answers.blocks
    order = [*([p] if intercept else []), *range(p - 1, -1, -1)]
    return Fit(
        numbers(block[0, order]),
        rank=m - int(numbers(block[3, 1])),
        standard_errors=numbers(block[1, order]),
        r_squared=float(numbers(block[2, 0])),
        reader_ulps=answers.reader_ulps,
    )


def slope_and_intercept(program: Program, x: Array, y: Array) -> Fit:
    """INTERCEPT(y; x) and SLOPE(y; x), x and y (m,). Raises Breakdown with the program's error."""
    m = len(x)
    both = [Formula(f"{name}({area(0, m, 1)};{area(1, m, 1)})") for name in ("INTERCEPT", "SLOPE")]
    answers = calculate(program, x[:, None], y, both)
    return Fit(np.concatenate([numbers(block[0]) for block in answers.blocks]), reader_ulps=answers.reader_ulps)


def normal_equations(program: Program, A: Array, b: Array) -> Fit:
    """MMULT(MINVERSE(MMULT(TRANSPOSE(A); A)); MMULT(TRANSPOSE(A); b)), A (m, n). Raises Breakdown as linest does."""
    m, n = A.shape
    transposed = f"TRANSPOSE({area(1, m, n)})"
    inverse = f"MINVERSE(MMULT({transposed};{area(1, m, n)}))"
    formula = Formula(f"MMULT({inverse};MMULT({transposed};{area(0, m, 1)}))", rows=n)
    answers = calculate(program, A, b, [formula])
    return Fit(numbers(answers.blocks[0][:, 0]), reader_ulps=answers.reader_ulps)


def area(first: int, m: int, columns: int) -> str:
    """The range of m rows and `columns` columns of the data from column `first` on, 0 being y.

    Raises InputError for no column."""
    if columns == 0:
        raise InputError("a formula needs a column of x to point at")
    return f"[$data.${_letters(first)}$1:.${_letters(first + columns - 1)}${m}]"


def numbers(cells: Array) -> Array:
    """Cells as floats. Raises Breakdown with the program's error value, such as #VALUE!, where one is no number."""
    errors = [cell for cell in np.ravel(cells) if isinstance(cell, str)]
    if errors:
        raise Breakdown(f"the formula gives {errors[0]}")
    return np.asarray(cells, dtype=np.float64)


def calculate(program: Program, X: Array, y: Array, formulas: Sequence[Formula]) -> Answers:
    """The results of formulas over X (m, p) and y (m,), computed by a program."""
    data = np.column_stack([y, X]).astype(np.float64)
    fit: list[list[Formula]] = []
    wanted: list[str] = []
    for formula in formulas:
        wanted += _cells("fit", len(fit), formula.rows, formula.columns)
        fit += [[formula], *([] for _ in range(formula.rows - 1))]
    wanted += _cells("data", 0, *data.shape)
    out = [[Formula(text) for text in program.passed_on(cell, row)] for row, cell in enumerate(wanted, 1)]
    with TemporaryDirectory(prefix="stabilitylab-") as folder:
        path = Path(folder) / "book.ods"
        write_ods(path, {"out": out, "fit": fit, "data": data.tolist()}, program.digits)
        rows = csv.reader(io.StringIO(program.to_csv(path)))
        values = iter([_value(program, row) for _, row in zip(wanted, rows, strict=True)])
    blocks = [np.empty((formula.rows, formula.columns), dtype=object) for formula in formulas]
    read = np.empty(data.shape)
    for block in (*blocks, read):
        for i in np.ndindex(block.shape):
            block[i] = next(values)
    return Answers(tuple(blocks), reader_ulps(data, read))


def write_ods(path: Path, sheets: dict[str, Sequence[Sequence[float | Formula]]], digits: int) -> None:
    """Write an OpenDocument spreadsheet of these sheets, numbers with `digits` significant digits."""
    tables = [
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(f"<table:table-row>{_row(row, digits)}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    ]
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", MIME)  # first and uncompressed, as OpenDocument 1.2, part 3, section 3.3, asks
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", MANIFEST)


def _row(row: Sequence[float | Formula], digits: int) -> str:
    return "".join(_cell(cell, digits) for cell in row) or "<table:table-cell/>"


def _cell(cell: float | Formula, digits: int) -> str:
    if not isinstance(cell, Formula):
        return f'<table:table-cell office:value-type="float" office:value="{cell:.{digits}g}"/>'
    spanned = ""
    if cell.rows * cell.columns > 1:
        spanned = (
            f'table:number-matrix-rows-spanned="{cell.rows}" table:number-matrix-columns-spanned="{cell.columns}" '
        )
    return f"<table:table-cell {spanned}table:formula={quoteattr('of:=' + cell.text)}/>"


def _cells(sheet: str, top: int, rows: int, columns: int) -> Iterator[str]:
    return (f"[${sheet}.{_letters(j)}{top + i + 1}]" for i in range(rows) for j in range(columns))


def _letters(column: int) -> str:
    """A, B, ..., Z, AA, ...: the name of a column, counted from 0."""
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


def _value(program: Program, row: Sequence[str]) -> float | str:
    """A number, or the program's error value."""
    try:
        return program.value(row)
    except ValueError:
        return row[-1] if row else "nothing"
