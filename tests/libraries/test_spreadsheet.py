"""Spreadsheet programs: numbers pass exactly, LINEST's blocks are read right, and no file or process is left."""

import subprocess
import sys
import zipfile

import numpy as np
import psutil
import pytest

from stabilitylab import libraries
from stabilitylab.core.errors import Breakdown, InputError
from stabilitylab.libraries import gnumeric_routes, libreoffice_routes
from stabilitylab.libraries.support.spreadsheet import Formula, Program, area, calculate, linest, write_ods

GNUMERIC, LIBREOFFICE = (
    pytest.param(module.SHEET, id=library.name, marks=pytest.mark.skipif(bool(library.missing), reason=library.missing))
    for module, library in (
        (gnumeric_routes, gnumeric_routes.GNUMERIC),
        (libreoffice_routes, libreoffice_routes.LIBREOFFICE),
    )
)
NEEDS_GNUMERIC, NEEDS_LIBREOFFICE = GNUMERIC.marks[0], LIBREOFFICE.marks[0]


def doubles(count):
    """Random bits between 1e-300 and 1e300, and some that decimal numerals find hard."""
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2**52, count) | (rng.integers(27, 2020, count) << 52)
    hard = [0.1, 1 / 3, 0.1 + 0.2, 1e22, 1e23, 5e-301, 1 - 2.0**-53, 1 + 2.0**-52, 2.0**60 - 2**8, 0.0]
    return np.concatenate([bits.astype(np.uint64).view(np.float64) * rng.choice([-1, 1], count), hard])


# --- without a program


def said(*rows):
    """A program that says what was planted, whatever it is asked."""
    text = "\n".join(",".join(row) for row in rows)
    return Program(17, lambda cell, row: (cell,), lambda row: float(row[0]), lambda path: text)


def test_a_reader_that_is_off_by_a_bit_is_measured():
    read = [repr(float(np.nextafter(3.0, 4))), "1.0", "2.0", "5.0"]
    program = said(*([value] for value in ["7.5", *read]))
    answers = calculate(program, np.array([[1.0], [5.0]]), np.array([3.0, 2.0]), [Formula("1")])
    assert answers.blocks[0].tolist() == [[7.5]]
    assert answers.reader_ulps == 1


def test_an_error_in_a_cell_breaks_down_with_the_program_s_word():
    block = [["1"], ["#NUM!"], *[["1"]] * 8, *[["1"]] * 4]
    with pytest.raises(Breakdown, match="the formula gives #NUM!"):
        linest(said(*block), np.ones((2, 1)), np.ones(2), True)


def test_a_formula_needs_a_column_to_point_at():
    with pytest.raises(InputError, match="column"):
        linest(said(), np.empty((3, 0)), np.ones(3), True)


def test_columns_have_the_names_of_a_sheet():
    assert area(0, 3, 1) == "[$data.$A$1:.$A$3]"
    assert area(1, 3, 26) == "[$data.$B$1:.$AA$3]"
    assert area(701, 3, 2) == "[$data.$ZZ$1:.$AAA$3]"


def test_a_file_begins_with_its_type_and_holds_numbers_with_the_digits_asked_for(tmp_path):
    path = tmp_path / "book.ods"
    write_ods(path, {"a": [[0.1, Formula('IF([.A1]<1;"<";2)')], []]}, 21)
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        content = archive.read("content.xml").decode()
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert 'office:value="0.100000000000000005551"' in content
    assert "table:formula='of:=IF([.A1]&lt;1;\"&lt;\";2)'" in content


# --- with one


@pytest.mark.parametrize("program", [GNUMERIC, LIBREOFFICE])
def test_doubles_go_in_and_come_out_to_the_last_bit(program):
    values = doubles(400)
    m = len(values)
    answers = calculate(program, values[:, None], values[::-1], [Formula(area(1, m, 1), rows=m)])
    assert answers.reader_ulps == 0
    assert np.array_equal(answers.blocks[0][:, 0].astype(float), values)


@pytest.mark.parametrize("program", [LIBREOFFICE])
def test_what_a_program_calculates_in_double_comes_out_to_the_last_bit(program):
    values = np.abs(doubles(200))
    m = len(values)
    answers = calculate(program, values[:, None], values, [Formula(f"SQRT({area(1, m, 1)})/3", rows=m)])
    assert np.array_equal(answers.blocks[0][:, 0].astype(float), np.sqrt(values) / 3)


@pytest.mark.parametrize("program", [GNUMERIC, LIBREOFFICE])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("p", [1, 3])
def test_linest_is_least_squares_with_its_statistics(program, intercept, p):
    rng = np.random.default_rng(p)
    X, y = rng.normal(size=(12, p)), rng.normal(size=12)
    A = np.column_stack([np.ones(12), X]) if intercept else X
    x, (rss,), rank, _ = np.linalg.lstsq(A, y)
    total = np.sum((y - y.mean() * intercept) ** 2)
    fit = linest(program, X, y, intercept)
    assert fit.x == pytest.approx(x, rel=1e-12)
    assert fit.standard_errors == pytest.approx(np.sqrt(rss / (12 - rank) * np.diag(np.linalg.inv(A.T @ A))), rel=1e-12)
    assert fit.r_squared == pytest.approx(1 - rss / total, rel=1e-12)
    assert fit.rank == rank


@NEEDS_GNUMERIC
def test_gnumeric_here_calculates_in_long_double():
    answers = calculate(gnumeric_routes.SHEET, np.ones((1, 1)), np.ones(1), [Formula("(1+2^-63)-1")])
    assert answers.blocks[0][0, 0] == 2.0**-63


@NEEDS_GNUMERIC
def test_gnumeric_drops_a_column_at_256_eps_of_long_double():
    """x = 1 + k d, k = -2..2: the part of x**2 orthogonal to 1 and x is d**2 sqrt(14), that of 1 is sqrt(5)."""
    at = np.sqrt(2.0**-55 / np.sqrt(14 / 5))
    ranks = []
    for factor in (0.99, 1.01):
        d = np.round(factor * at * 2.0**40) / 2.0**40
        ranks.append(libraries.get("gnumeric.LINEST_powers")(1 + d * np.arange(-2.0, 3.0), np.arange(5.0), 2).rank)
    assert ranks == [2, 3]


@NEEDS_GNUMERIC
def test_gnumeric_loses_an_equation_with_a_dependent_column_that_is_not_the_last():
    rng = np.random.default_rng(1)
    a, b, y = (rng.integers(-9, 10, 8).astype(float) for _ in range(3))
    residuals = []
    for columns in ((a, b, 2 * a), (a, 2 * a, b)):
        X = np.column_stack(columns)
        fit = linest(gnumeric_routes.SHEET, X, y + 20, True)
        assert fit.rank == 3
        residuals.append(np.linalg.norm(y + 20 - fit.x[0] - X @ fit.x[1:]))
    assert residuals[1] > 1.0001 * residuals[0]


@NEEDS_LIBREOFFICE
@pytest.mark.parametrize(("exponent", "taken"), [(-47, False), (-49, True)])
def test_libreoffice_takes_small_differences_from_the_mean_for_0_in_linest_only(exponent, taken):
    x, y = 1 + np.array([-1.0, 1, -1, 1]) * 2.0**exponent, np.array([0.0, 1, 0, 1])
    assert libraries.get("libreoffice.SLOPE_INTERCEPT")(x, y).x[1] == 2.0 ** (-exponent - 1)
    if taken:
        with pytest.raises(Breakdown, match="#VALUE!"):
            libraries.get("libreoffice.LINEST")(x[:, None], y, True)
    else:
        assert libraries.get("libreoffice.LINEST")(x[:, None], y, True).x[1] == 2.0 ** (-exponent - 1)


ASKS = """
import os
import numpy as np
from stabilitylab.libraries import libreoffice_routes
fit = libreoffice_routes.libreoffice_linest(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 3.0, 7.0]), True)
print(*fit.x, libreoffice_routes._office().command[1].partition("file://")[2], flush=True)
"""


@NEEDS_LIBREOFFICE
def test_two_processes_have_a_libreoffice_each_and_none_outlives_its_own():
    killed, leaving = (
        subprocess.Popen([sys.executable, "-c", ASKS + end], stdout=subprocess.PIPE, text=True)
        for end in ("os._exit(1)", "")
    )
    profiles = []
    for process in (killed, leaving):
        said, _ = process.communicate(timeout=120)
        *x, profile = said.split()
        assert [float(v) for v in x] == pytest.approx([-1, 2])
        profiles.append(profile)
    assert profiles[0] != profiles[1]
    commands = {process: " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])}
    offices = [process for process, command in commands.items() if any(profile in command for profile in profiles)]
    assert not psutil.wait_procs(offices, timeout=120)[1]
