"""Every self-test is well here, and each one sees the fault planted for it."""

import json
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner

from stabilitylab import libraries
from stabilitylab.cli.main import main
from stabilitylab.lab import doctor
from stabilitylab.lab.doctor import LibraryHere

LIBRARIES_HERE = doctor.libraries_here


@pytest.fixture(scope="module")
def here():
    return {finding.name: finding for finding in doctor.examine()}


@pytest.fixture(autouse=True)
def libraries_that_need_not_be_started(monkeypatch):
    found = (LibraryHere("R", "4.3.3", "OpenBLAS 0.3.26 (openblas-pthread)"), LibraryHere("DuckDB", "1.1", "none"))
    monkeypatch.setattr(doctor, "libraries_here", lambda: found)


def test_each_library_is_named_with_the_blas_of_its_process(monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", ())
    lines = CliRunner().invoke(main, ["doctor"]).output.splitlines()
    assert "  R 4.3.3: OpenBLAS 0.3.26 (openblas-pthread)" in lines
    assert "  DuckDB 1.1: none" in lines
    record = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
    assert record["libraries"]["R"] == {"version": "4.3.3", "blas": "OpenBLAS 0.3.26 (openblas-pthread)"}


def test_the_libraries_here_are_asked_themselves(monkeypatch):
    few = [libraries.of_route("numpy.lstsq"), libraries.of_route("statistics.linear_regression")]
    monkeypatch.setattr(libraries, "each", lambda: iter(few))
    numpy, statistics = LIBRARIES_HERE()
    assert (numpy.title, numpy.blas) == ("NumPy", few[0].blas())
    assert statistics.blas == "none"


def test_all_is_well_here(here):
    assert len(here) == len(doctor.CHECKS) == 7
    assert all(finding.well for finding in here.values()), here
    assert all(finding.seen for finding in here.values())


def test_the_command_prints_each_test_and_the_environment(here):
    said = CliRunner().invoke(main, ["doctor"])
    assert said.exit_code == 0
    assert said.output.count("\nok   ") == 7
    assert "FAIL" not in said.output
    for key in ("python: ", "packages: ", "blas: ", "processor: ", *here):
        assert key in said.output


def wrong_blas(monkeypatch):
    """Products come out of single precision, as on some accelerators."""

    def matmul(A, B):
        return (A.astype(np.float32) @ B.astype(np.float32)).astype(np.float64)

    monkeypatch.setattr(doctor, "blas_is_exact", partial(doctor.blas_is_exact, matmul))


def wrong_engine(monkeypatch):
    """The last of the digits that are claimed is another."""
    honest = doctor.engine

    def engine(problem):
        first, *others = honest(problem)
        return [first * (1 + 3 * doctor.Fraction(1, 10**doctor.DIGITS)), *others]

    monkeypatch.setattr(doctor, "engine", engine)


def failing_mpmath_reference(monkeypatch):
    monkeypatch.setattr(doctor, "certified", lambda system, digits: None)


def wrong_route(monkeypatch):
    """One route gives the neighbour of one double."""
    honest = doctor.by_every_route

    def by_every_route(A, b):
        found = honest(A, b)
        route = next(iter(found))
        return {**found, route: (np.nextafter(found[route][0], np.inf), *found[route][1:])}

    monkeypatch.setattr(doctor, "by_every_route", by_every_route)


def wrong_rounding(monkeypatch):
    honest = doctor.nearest
    monkeypatch.setattr(doctor, "nearest", lambda value, dtype: np.nextafter(honest(value, dtype), np.inf))


def unlimited_threads(monkeypatch):
    monkeypatch.setattr(doctor, "threadpool_info", lambda: [{"user_api": "blas", "num_threads": 2}])


OTHERS = ("exact rational elimination", "mpmath's QR", "the mpmath reference")
FAULTS = {
    wrong_blas: {"BLAS multiplies in true float64"},
    wrong_engine: {f"the exact engine agrees with {other}" for other in OTHERS},
    failing_mpmath_reference: {"the exact engine agrees with the mpmath reference"},
    wrong_route: {"the engine's routes give the same doubles"},
    wrong_rounding: {"float64 rounds to nearest, ties to even"},
    unlimited_threads: {"solvers run on one BLAS thread"},
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_fails_its_test_and_the_command(monkeypatch, fault):
    fault(monkeypatch)
    said = CliRunner().invoke(main, ["doctor", "--json"])
    assert said.exit_code == 1
    record = json.loads(said.stdout)
    assert {test["name"] for test in record["tests"] if not test["well"]} == FAULTS[fault]
    assert record["environment"]["packages"]["numpy"] == np.__version__


def test_every_check_has_a_planted_fault(here):
    assert set().union(*FAULTS.values()) == set(here)


def test_a_failure_is_marked_for_people_too(monkeypatch):
    unlimited_threads(monkeypatch)
    monkeypatch.setattr(doctor, "CHECKS", (doctor.solvers_run_on_one_blas_thread,))
    said = CliRunner().invoke(main, ["doctor"])
    assert said.exit_code == 1
    assert "FAIL solvers run on one BLAS thread: " in said.output


def test_a_library_that_is_not_here_is_named_with_the_way_to_get_it_and_is_no_fault(monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", ())
    monkeypatch.setattr(libraries, "missing", lambda: {"Absent": "the program 'absent' is not on PATH: apt install a"})
    said = CliRunner().invoke(main, ["doctor"])
    assert said.exit_code == 0
    assert "Absent: the program 'absent' is not on PATH: apt install a" in said.output
