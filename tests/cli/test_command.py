"""The command: exit codes that programs can rely on, messages that name the way out, JSON that parses, quiet pipes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from paths import EXPERIMENTS
from planted import DRAWN, GRID, experiment, with_solvers
from stabilitylab import libraries, problems, solvers
from stabilitylab.cli.main import commands, main
from stabilitylab.core.library import Library
from stabilitylab.report.rows import Journal, read, write
from stabilitylab.scoring import metrics

COMMITTED = EXPERIMENTS
REFUTED = GRID.replace('lambda rows: rows.where(solver="qr.householder").values("digits.min"),', "lambda rows: False,")


@pytest.fixture(autouse=True)
def the_catalogue_forgets_what_is_planted():
    with solvers.catalog.temporarily():
        yield


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """A folder of one's own with an experiment in it."""
    experiment(tmp_path / "experiments")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def run(*arguments, code=0):
    return called("run", "--size", "quick", "--jobs", 1, *arguments, code=code)


# --- run


def test_a_run_writes_its_chapter_the_index_and_the_environment_and_says_so(here):
    experiment(here / "experiments", text=DRAWN)
    said = run().output
    assert "holds: Householder QR keeps" in said
    assert "16 rows; 16 trials measured, 0 resumed" in said
    assert "results/index.md" in said
    found = {path.name for path in (here / "results").iterdir()}
    assert {"index.md", "environment.json", "planted.md", "planted-table1.csv", "planted-figure1.png", "rows"} <= found
    assert json.loads((here / "results" / "environment.json").read_text())["python"]
    assert "16 rows; 0 trials measured, 16 resumed" in run().output


def test_a_refuted_finding_is_exit_code_1_and_the_pages_are_written_all_the_same(here):
    experiment(here / "experiments", "wrong", REFUTED)
    said = run(code=1).output
    assert "REFUTED: Householder QR keeps" in said
    assert "holds: Householder QR keeps" in said
    assert "**REFUTED**" in (here / "results" / "index.md").read_text("utf-8")
    run("planted", code=0)


def test_json_is_all_there_is_on_standard_output(here):
    (record,) = json.loads(run("--json").stdout)
    assert (record["name"], record["question"], record["rows"]) == ("planted", "Is this planted?", 16)
    (finding,) = record["findings"]
    assert (finding["verdict"], finding["why"]) == ("holds", "")
    assert all((here / "results" / name).exists() for name in record["files"])


def test_update_refreshes_tables_beside_the_experiments_and_in_the_readme(here):
    (here / "README.md").write_text("<!-- table planted 1 -->\n<!-- end -->\n")
    called("run", "--jobs", 1, "--update")
    tables = here / "experiments" / "tables"
    assert (tables / "index.md").exists()
    assert (tables / "planted.md").read_bytes() == (here / "results" / "planted.md").read_bytes()
    assert "| qr.householder | normal.cholesky |" in (here / "README.md").read_text()
    (tables / "index.md").unlink()
    called("run", "planted", "--jobs", 1, "--update")
    assert not (tables / "index.md").exists(), "a part is not the book"


def test_committed_tables_are_not_refreshed_where_a_library_that_they_hold_is_not_here(here, monkeypatch):
    experiment(here / "experiments", "needy", GRID.replace('"normal.cholesky"', '"numpy.lstsq"'))
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere: get it"))
    said = called("run", "needy", "--update", code=2).output
    assert "the committed tables hold libraries that are not here: NumPy: nowhere: get it" in said
    assert not (here / "experiments" / "tables").exists()


BAD_USE = {
    "an unknown experiment": (("run", "nothing"), "'nothing' names no experiment: "),
    "an ambiguous name": (("run", "plant", "--from", "two"), "'plant' names several experiments: planted_a, planted_b"),
    "an empty folder": (("run", "--from", "empty"), "no experiments in empty: run inside a checkout"),
    "no folder": (("run", "--from", "nowhere"), "or name your own folder with --from"),
    "no jobs": (("run", "--jobs", "0"), "0 is not in the range x>=1"),
    "jobs in words": (("run", "--jobs", "all"), "'all' is not a valid integer"),
    "a size that is none": (("run", "--size", "quik"), "'quik' is not one of 'quick', 'full'"),
    "an update of quick tables": (("run", "--size", "quick", "--update"), "which are of size full"),
    "an experiment that is broken": (("run", "--from", "broken"), "why.py has no EXPERIMENT"),
    "a listing of no folder": (("list", "--from", "nowhere"), "or name your own folder with --from"),
    "a listing of a broken one": (("list", "--from", "broken"), "why.py has no EXPERIMENT"),
    "output that is a file": (("run", "--out", "experiments/planted.py"), "is a file"),
    "a comparison of nothing": (("compare", "empty", "empty"), "empty holds no *.rows.jsonl"),
    "a comparison with nothing": (("compare", "empty", "nowhere"), "'nowhere' does not exist"),
    "a comparison of damage": (("compare", "damaged", "damaged"), "damaged/a.rows.jsonl is no file of rows as"),
    "a comparison of pictures": (("compare", "damaged/b.png", "damaged/b.png"), "damaged/b.png is no file of rows as"),
    "digits in words": (("compare", "empty", "empty", "--digits", "one"), "'one' is not a valid float"),
    "negative digits": (("compare", "empty", "empty", "--digits", "-1"), "-1.0 is not in the range x>=0"),
    "an unknown command": (("rum",), "No such command 'rum': did you mean run?"),
    "a command unlike any": (("zz",), "No such command 'zz': the commands are compare, doctor, "),
    "an unknown option": (("doctor", "--jsn"), "No such option"),
}


@pytest.mark.parametrize("how", BAD_USE)
def test_bad_use_is_exit_code_2_and_says_the_way_out(here, how):
    (here / "empty").mkdir()
    experiment(here / "broken", "why", "")
    experiment(here / "two", "planted_a")
    experiment(here / "two", "planted_b")
    (here / "damaged").mkdir()
    (here / "damaged" / "a.rows.jsonl").write_text("{\n")
    (here / "damaged" / "b.png").write_bytes(b"\x89PNG\xff")
    arguments, says = BAD_USE[how]
    assert says in called(*arguments, code=2).output
    assert not (here / "results").exists()


@pytest.mark.parametrize("command", [*commands(), None])
def test_help_explains_each_command_by_an_example(command):
    said = called(*filter(None, [command]), "--help").output
    assert "Usage:" in said
    assert f"\n  stabilitylab {command or 'run'} " in said
    assert command is None or "--json" in said
    assert called(*filter(None, [command]), "-h").output == said
    assert "..." not in called("--help").output.partition("Commands:")[2], "first sentences are short enough"


def test_a_broken_householder_qr_is_refuted_by_a_committed_experiment(monkeypatch, here):
    """The planted fault of faults: QR in single precision, claiming double."""
    entry = solvers.entry("qr.householder")
    honest = entry.function

    def broken(A, b):
        return honest(A.astype(np.float32), b.astype(np.float32)).astype(A.dtype)

    name = "elimination_without_pivoting_fails_by_growth"
    with solvers.catalog.temporarily(replace(entry, function=broken)):
        said = run(name, "--from", COMMITTED, "--out", here / "out", code=1).output
    assert "REFUTED: On Wilkinson's matrix of order" in said
    assert "▼" in said or "worse than theory" in {row.verdict for row in rows_of(here / "out", name)}


def rows_of(out, name):
    return read(out / "rows" / f"{name}.quick.rows.jsonl")


# --- list


def test_the_list_names_everything_there_is_with_its_first_line(here):
    listed = json.loads(called("list", "--json").stdout)
    catalogues = {"solvers": solvers, "libraries": libraries, "problems": problems, "metrics": metrics}
    assert {kind: tuple(listed[kind]) for kind in catalogues} == {k: c.names() for k, c in catalogues.items()}
    assert listed["experiments"] == {"planted": "Is this planted?"}
    assert all(summary for entries in listed.values() for summary in entries.values())
    said = called("list").output
    for kind, entries in listed.items():
        assert f"{kind} ({len(entries)})" in said
        assert all(f"  {name} " in said for name in entries)


def test_the_list_is_there_without_experiments_and_names_missing_libraries(here, monkeypatch):
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere: get it"))
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    listed = json.loads(called("list", "--json").stdout)
    assert listed["experiments"] == {}
    assert listed["libraries"]["scipy.lsqr"].endswith(" [nowhere: get it]")


# --- compare


@pytest.fixture
def two_results(here):
    run("--out", "before")
    rows = list(rows_of(here / "before", "planted"))
    (here / "after" / "rows").mkdir(parents=True)
    write([replace(rows[0], scores={"digits.min": 1.0}), *rows[1:-1]], here / "after" / "rows" / "x.rows.jsonl")
    return rows


def test_a_comparison_names_what_changed_and_ends_in_1_when_digits_were_lost(two_results):
    said = called("compare", "before", "after", code=1).output
    assert "synthetic.randsvd" in said
    assert "-> 1.0 digits; where it was made is not recorded after" in said
    worse = "1 changed, 1 of them lost digits or their answer; "
    assert f"{worse}14 the same; 1 only before, 0 only after" in said
    assert "0 changed" not in called("compare", "after", "before").output, "a gain is a change"
    assert "0 changed" in called("compare", "before", "after", "--digits", "15.5").output
    assert "16 the same; 0 only before, 0 only after" in called("compare", "before", "before").output


def test_a_comparison_answers_programs(two_results):
    record = json.loads(called("compare", "before", "after", "--json", code=1).stdout)
    assert (len(record["changed"]), record["same"], len(record["only_before"]), record["only_after"]) == (1, 14, 1, [])
    assert record["changed"][0]["after"]["digits"] == 1.0
    assert record["changed"][0]["after"]["status"] == "SOLVED"


# --- as a process of its own


def process(*arguments, **options):
    command = [sys.executable, "-m", "stabilitylab", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_the_module_is_the_command_and_a_pipe_sees_no_progress_bars_and_no_colours(here):
    assert "Usage: python -m stabilitylab" in process("--help").stdout
    done = process("run", "--size", "quick", "--jobs", 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "holds: " in done.stdout


def test_an_experiment_file_runs_itself(here):
    path = here / "experiments" / "planted.py"
    path.write_text(
        path.read_text()
        + "\nfrom stabilitylab.lab import run_file\n\nif __name__ == '__main__':\n    run_file(__file__)\n"
    )
    done = subprocess.run([sys.executable, path, "--size", "quick", "--jobs", "1", "--json"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)[0]["name"] == "planted"


def test_control_c_ends_with_130_keeps_the_rows_and_says_how_to_go_on(here):
    with_solvers(here / "slow", "waits", seeds=4)
    journal = here / "results" / "rows" / "planted.full.journal.jsonl"
    command = [sys.executable, "-m", "stabilitylab", "run", "--from", "slow", "--jobs", "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, start_new_session=True, text=True, **pipes) as running:
        until = time.monotonic() + 30
        while len(Journal(journal).rows) < 2 and running.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said == "stabilitylab: interrupted; finished rows are kept, and the same command goes on from them\n"
    assert len(Journal(journal).rows) == 2
