"""Every row of a library names the BLAS that its process had loaded, and so does what is made of the rows."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

import planted
from stabilitylab import bench, libraries, problems, solvers
from stabilitylab.cli.main import main
from stabilitylab.lab import trial, version_watch
from stabilitylab.lab.library_table import digits_table
from stabilitylab.lab.trial import with_blas
from stabilitylab.report.blas_used import blas_sentence, blas_used
from stabilitylab.report.committed import environment_of
from stabilitylab.report.rows import Rows

NUMPY = libraries.of_route("numpy.lstsq")


@pytest.fixture(autouse=True)
def the_catalogue_forgets_what_is_planted():
    with solvers.catalog.temporarily():
        yield


@pytest.fixture(scope="module")
def row():
    return bench.measure("numpy.lstsq", problems.get("nist.norris")(), metrics=["digits.min"])


def test_a_row_of_a_library_names_its_blas(row):
    named = with_blas(row)
    assert named.facts["blas"] == bench.loaded_blas(NUMPY) == NUMPY.blas() != "none"
    assert with_blas(named) is named
    assert replace(named, facts={}).to_dict() == row.to_dict()


def test_a_row_that_says_so_itself_is_left_alone(row):
    other = replace(row, facts={"blas": "reference BLAS 3.12.0"})
    assert with_blas(other) is other


def test_a_row_of_no_library_has_none(row):
    for name in ("qr.householder", "no route at all"):
        solved = replace(row, solver=name)
        assert with_blas(solved) is solved


def test_a_process_that_ends_instead_of_answering_is_no_blas_and_no_error(row, monkeypatch):
    def ends():
        raise OSError("no such program")

    gone = replace(NUMPY, name="gone", blas_of=ends)
    monkeypatch.setattr(trial.libraries, "of_route", lambda name: gone)
    assert with_blas(row).facts["blas"] == "unknown"


def test_what_is_used_is_told_by_rows_of_the_version_and_blas_that_are_here(row):
    rows = [
        replace(row, facts={"blas": "one"}),
        replace(row, facts={"blas": "another"}, conditions={"version": "1.0"}),
        replace(row, facts={"blas": "a third"}, conditions={"blas": "a third"}),
        replace(row, solver="scipy.lstsq_gelsd", facts={}),
        replace(row, solver="qr.householder"),
    ]
    assert blas_used(rows) == {"NumPy": "one", "SciPy": ""}
    two = [*rows, replace(row, facts={"blas": "a fourth"})]
    assert blas_used(two)["NumPy"] == "a fourth or one"


def test_the_sentence_has_each_blas_once_and_those_without_last():
    used = {"DuckDB": "none", "GNU Octave": "OpenBLAS 0.3.26", "Polars": "none", "R": "OpenBLAS 0.3.26", "SciPy": ""}
    versions = {"DuckDB": "1.1", "GNU Octave": "8.4", "R": "4.3.3"}
    said = "BLAS and LAPACK loaded: OpenBLAS 0.3.26 in GNU Octave 8.4, R 4.3.3; none in DuckDB 1.1, Polars."
    assert blas_sentence(used, versions) == said
    assert blas_sentence({"SciPy": ""}, {}) == ""


def test_the_environment_of_rows_holds_their_libraries_and_no_others(row):
    made_in = environment_of([with_blas(row)])
    assert made_in["libraries"] == {"NumPy": {"version": NUMPY.version(), "blas": NUMPY.blas()}}
    assert made_in["system BLAS"]
    assert made_in["source"]
    assert environment_of([replace(row, solver="qr.householder")])["libraries"] == {}
    chosen = replace(row, facts={"blas": "another"}, conditions={"blas": "another"})
    assert environment_of([chosen])["libraries"] == {"NumPy": {"version": NUMPY.version()}}
    json.dumps(made_in)


def test_a_run_names_the_blas_in_rows_record_and_page(tmp_path):
    text = planted.GRID.replace('"qr.householder", "normal', '"numpy.lstsq", "qr.householder", "normal', 1)
    path = planted.experiment(tmp_path, text=text)
    out = tmp_path / "out"
    said = CliRunner().invoke(
        main, ["run", "--from", str(path.parent), "--size", "quick", "--jobs", "1", "--out", str(out)]
    )
    assert said.exit_code == 0, said.output
    lines = next((out / "rows").glob("*.rows.jsonl")).read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert {one["facts"].get("blas") for one in rows if one["solver"] == "numpy.lstsq"} == {NUMPY.blas()}
    assert not any(one["facts"] for one in rows if one["solver"] == "qr.householder")
    record = json.loads((out / "environment.json").read_text())
    assert record["libraries"] == {"NumPy": {"version": NUMPY.version(), "blas": NUMPY.blas()}}
    for page in (path.stem, "index"):
        assert f"BLAS and LAPACK loaded: {NUMPY.blas()} in NumPy {NUMPY.version()}." in (out / f"{page}.md").read_text()


def test_the_table_of_libraries_says_it_below():
    rows = version_watch.Bench(("nist.norris",), "decimal").rows(NUMPY)
    assert {row.facts["blas"] for row in rows} == {NUMPY.blas()}
    assert digits_table(Rows(rows), why=False).notes[-1] == (
        f"BLAS and LAPACK loaded: {NUMPY.blas()} in NumPy {NUMPY.version()}."
    )
