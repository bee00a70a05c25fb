"""The command: exit codes that programs can rely on, messages that name the way out, JSON that parses, quiet pipes."""

import json
import os
import re
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


INSTRUCTIVE = REFUTED.replace(
    "    findings=(",
    """    remedies=(
        Remedy("Ask R.", lambda rows: None, code="print(1)"),
        Remedy("Ask {who}.", lambda rows: True, lambda rows: {"who": "QR"}, code="import math\\nprint(math.pi)"),
    ),
    findings=(
        Finding("Somebody keeps {k}.", lambda rows: None),
        Finding("Nobody answers.", lambda rows: bool(rows.where(solver="nobody"))),""",
).replace("Finding, Lines", "Finding, Lines, Remedy")


def test_the_last_lines_say_which_findings_of_which_chapter_are_refuted_and_why_others_are_open(here):
    experiment(here / "experiments", "wrong", INSTRUCTIVE)
    said = run(code=1).output.splitlines()
    start = said.index("not checked here, 3 findings:")
    assert said[start + 1 : start + 4] == [
        "  2: the rows that decide it were not measured here",
        "  1: no row has solver='nobody'",
        "REFUTED, 1 finding:",
    ]
    assert re.fullmatch(r"  wrong: Householder QR keeps \d+\.\d digits\.", said[start + 4])
    assert len(said) == start + 5
    assert not [line for line in run("planted").output.splitlines() if line.startswith(("not checked", "REFUTED"))]


def test_under_json_the_refuted_findings_are_on_standard_error(here):
    experiment(here / "experiments", "wrong", INSTRUCTIVE)
    result = run("wrong", "--json", code=1)
    (record,) = json.loads(result.stdout)
    assert [f["verdict"] for f in record["findings"]] == ["not checked here", "not checked here", "REFUTED"]
    assert [r["code"] for r in record["remedies"]] == ["print(1)", "import math\nprint(math.pi)"]
    assert "  wrong: Householder QR keeps" in result.stderr


def test_a_chapter_in_the_terminal_says_what_to_do_instead_and_where_to_read_on(here):
    experiment(here / "experiments", "planted", INSTRUCTIVE.replace("    findings", FIGURE, 1))
    said = run(code=1).output
    assert "What to do instead\nnot checked here: Ask R. (the rows that decide it were not measured here)\n" in said
    assert "holds: Ask QR.\n    import math\n    print(math.pi)\n" in said
    assert "figure: results/planted-figure1.png; read on: results/planted.md\n" in said


FIGURE = '    figures=(Lines("Errors", x="problem.cond", y="error.normwise"),),\n    findings'


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
    assert {"index.md", "condition-number.svg"} <= {path.name for path in tables.iterdir()}
    assert not list(tables.glob("*.png")), "what is committed is drawn in SVG"
    assert (tables / "planted.md").read_bytes() == (here / "results" / "planted.md").read_bytes()
    assert "| qr.householder | normal.cholesky |" in (here / "README.md").read_text()
    (tables / "index.md").unlink()
    called("run", "planted", "--jobs", 1, "--update")
    assert not (tables / "index.md").exists(), "a part is not the book"


def test_committed_tables_are_not_refreshed_where_a_library_that_they_hold_is_not_here(here, monkeypatch):
    experiment(here / "experiments", "needy", GRID.replace('"normal.cholesky"', '"numpy.lstsq"'))
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere: get it"))
    said = called("run", "needy", "--update", code=2).output
    assert "the committed tables hold what is not here: NumPy: nowhere: get it" in said
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
    "output that is a file": (("run", "--out", "experiments/planted.py"), "is a file"),
    "a comparison of nothing": (("compare", "empty", "empty"), "empty holds no *.rows.jsonl"),
    "a comparison with nothing": (("compare", "empty", "nowhere"), "'nowhere' does not exist"),
    "a comparison of damage": (("compare", "damaged", "damaged"), "damaged/a.rows.jsonl is no file of rows as"),
    "a comparison of pictures": (("compare", "damaged/b.png", "damaged/b.png"), "damaged/b.png is no file of rows as"),
    "digits in words": (("compare", "empty", "empty", "--digits", "one"), "'one' is not a valid float"),
    "negative digits": (("compare", "empty", "empty", "--digits", "-1"), "-1.0 is not in the range x>=0"),
    "an unknown command": (("rum",), "No such command 'rum': did you mean run?"),
    "a command unlike any": (("zz",), "No such command 'zz': the commands are arbitrate, compare, "),
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
    assert listed.pop("not imported") == {}
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


# --- files that cannot be imported


def test_a_bad_experiment_is_named_at_the_end_and_the_others_run_and_are_listed(here):
    experiment(here / "experiments", "worst", "import a_library_nobody_has")
    for arguments in (("run", "--size", "quick", "--jobs", 1), ("list",)):
        said = called(*arguments, code=1)
        assert "left out: worst.py cannot be loaded: ModuleNotFoundError" in said.output.splitlines()[-1]
        assert "planted" in said.output
    assert "holds: Householder QR keeps" in run(code=1).output
    assert "worst.py cannot be loaded" in run("worst", code=2).stderr
    run("planted")
    assert list(json.loads(called("list", "--json", code=1).stdout)["not imported"]) == ["worst.py"]
    (record,) = json.loads(run("--json", code=1).stdout)
    assert record["name"] == "planted"
    assert "what is not here: worst.py: " in called("run", "--update", code=2).output


LOST = "not here: rooms.b_routes: ModuleNotFoundError: no (b_routes.py, line 1): install it"


def test_a_file_of_routes_that_cannot_be_imported_is_named_by_each_command(here, monkeypatch):
    monkeypatch.setitem(libraries.catalog._broken, "rooms.b_routes", LOST.partition("b_routes: ")[2])
    assert LOST in run().stderr.splitlines()
    assert called("list").output.splitlines()[-1] == LOST
    monkeypatch.setattr("stabilitylab.lab.doctor.CHECKS", ())
    monkeypatch.setattr("stabilitylab.lab.doctor.libraries_here", lambda: ())  # to start them all takes seconds
    assert LOST in called("doctor").output.splitlines()
    assert LOST in called("libraries", "--library", "numpy", "--problem", "nist.norris").output.splitlines()
    for arguments in (("doctor",), ("libraries", "--library", "numpy", "--problem", "nist.norris")):
        assert "rooms.b_routes" in json.loads(called(*arguments, "--json").stdout)["missing"]
    said = called("exam", "b.fit", code=2).stderr
    assert "no solver or library route is named 'b.fit'" in said
    assert "rooms.b_routes could not be imported: ModuleNotFoundError" in said
    assert "what is not here: rooms.b_routes: " in called("run", "--update", code=2).output


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


def without_progress(said):
    """The lines on standard error but those that a machine so busy that it needs ten seconds sees."""
    return [line for line in said.splitlines() if not re.fullmatch(r"planted: \d+ of \d+ trials, \d+:\d\d", line)]


def process(*arguments, **options):
    command = [sys.executable, "-m", "stabilitylab", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_the_module_is_the_command_and_a_pipe_sees_no_progress_bars_and_no_colours(here):
    assert "Usage: python -m stabilitylab" in process("--help").stdout
    done = process("run", "--size", "quick", "--jobs", 1)
    assert (done.returncode, without_progress(done.stderr)) == (0, [])
    assert "\x1b" not in done.stdout + done.stderr
    assert "holds: " in done.stdout


def test_an_experiment_file_runs_itself(here):
    path = here / "experiments" / "planted.py"
    path.write_text(
        path.read_text()
        + "\nfrom stabilitylab.lab import run_file\n\nif __name__ == '__main__':\n    run_file(__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, path, "--size", "quick", "--jobs", "1", "--json"], capture_output=True, text=True
    )
    assert (done.returncode, without_progress(done.stderr)) == (0, [])
    assert json.loads(done.stdout)[0]["name"] == "planted"


def test_control_c_ends_with_130_keeps_the_rows_and_says_how_to_go_on(here):
    with_solvers(here / "slow", "waits", seeds=4)
    journal = here / "results" / "rows" / "planted.full.journal.jsonl"
    command = [sys.executable, "-m", "stabilitylab", "run", "--from", "slow", "--jobs", "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, start_new_session=True, text=True, **pipes) as running:
        while len(Journal(journal).rows) < 2 and running.poll() is None:
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate()
    assert running.returncode == 130
    assert without_progress(said) == [
        "stabilitylab: interrupted; finished rows are kept, and the same command goes on from them"
    ]
    assert len(Journal(journal).rows) == 2
