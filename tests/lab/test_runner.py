"""A run that is killed, crashed or repeated loses no finished row, measures what is missing, and changes no byte."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from planted import DRAWN, GRID, experiment, with_solvers
from stabilitylab import solvers
from stabilitylab.core import environment
from stabilitylab.core.catalog import Origin
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.lab import trial
from stabilitylab.lab.experiment import Experiment, load
from stabilitylab.lab.runner import run_experiment, run_experiments
from stabilitylab.lab.trial import depends_on
from stabilitylab.report.rows import Journal, read

COMMAND = [sys.executable, "-m", "stabilitylab", "run", "--size", "quick"]


@pytest.fixture(autouse=True)
def the_catalogue_forgets_what_is_planted():
    with solvers.catalog.temporarily():
        yield


def run(path, out, jobs=1, **options):
    return run_experiment(load(path), size="quick", jobs=jobs, out=out, **options)


def journal(out, name="planted"):
    return Journal(out / "rows" / f"{name}.quick.journal.jsonl")


def written(out):
    """Every file with its bytes, but for the journal, whose order is that of time."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and "journal" not in path.name)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


# --- the same again


def test_one_process_and_two_write_the_same_bytes(tmp_path):
    path = experiment(tmp_path, text=DRAWN)
    outcomes = [run(path, tmp_path / str(jobs), jobs) for jobs in (1, 2)]
    assert outcomes[0] == outcomes[1]
    assert written(tmp_path / "1") == written(tmp_path / "2")
    suffixes = {name.rpartition(".")[2] for name in written(tmp_path / "1")}
    assert suffixes == {"md", "html", "csv", "jsonl", "svg", "png"}
    assert journal(tmp_path / "1").rows == journal(tmp_path / "2").rows


def test_a_run_again_measures_nothing_and_changes_nothing(tmp_path):
    path, out = experiment(tmp_path), tmp_path / "out"
    first = run(path, out)
    before = written(out)
    again = run(path, out)
    assert (first.measured, first.resumed) == (16, 0)
    assert (again.measured, again.resumed) == (0, 16)
    assert list(again.rows) == list(first.rows) == list(read(out / "rows" / "planted.quick.rows.jsonl"))
    assert written(out) == before


def test_progress_counts_up_to_all(tmp_path):
    seen = []
    run(experiment(tmp_path), tmp_path / "out", progress=lambda *now: seen.append(now))
    done = [now[1] for now in seen]
    assert {(name, total) for name, _, total in seen} == {("planted", 16)}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 16)


def test_rows_come_in_the_order_of_the_grid(tmp_path):
    rows = run(experiment(tmp_path), tmp_path / "out").rows
    order = [(row["problem.cond"], row.seed, row.solver, row.variant) for row in rows]
    assert order == [
        (cond, seed, solver, variant)
        for cond in (1e2, 1e8)
        for seed in (0, 1)
        for solver in ("qr.householder", "normal.cholesky")
        for variant in ("published", "permuted 1")
    ]
    assert {row.truth for row in rows.where(variant="permuted 1")} == {"decimal"}


def test_trials_that_are_passed_over_are_remembered_as_such(tmp_path):
    path = experiment(tmp_path, text=GRID.replace('"normal.cholesky"', '"gauss.partial"'))
    first, again = run(path, tmp_path / "out"), run(path, tmp_path / "out")
    assert first.measured == again.resumed == 16
    assert first.rows.distinct("solver") == ["qr.householder"]


# --- what is not the same


@pytest.mark.parametrize("name", ["source_hash", "digest"])
def test_rows_of_other_code_or_another_environment_are_measured_again_and_forgotten(tmp_path, monkeypatch, name):
    path, out = experiment(tmp_path), tmp_path / "out"
    run(path, out)
    keys = set(journal(out).rows)
    monkeypatch.setattr(environment, name, lambda: "another")
    assert run(path, out).measured == 16
    assert not keys & set(journal(out).rows)


def test_rows_depend_on_the_version_of_each_library_they_call(tmp_path, monkeypatch):
    one = load(experiment(tmp_path, text=GRID.replace('"normal.cholesky"', '"numpy.lstsq"')))
    before = depends_on(one, "quick")
    assert depends_on(one, "quick") == before
    qr, lstsq = one.experiment.routes()
    other = replace(lstsq.label.library, version=lambda: "another")
    upgraded = replace(lstsq, label=replace(lstsq.label, library=other))
    monkeypatch.setattr(Experiment, "routes", lambda self: (qr, upgraded))
    assert depends_on(one, "quick") != before


def test_rows_depend_on_the_origin_of_each_route_that_another_distribution_brings(tmp_path, monkeypatch):
    one = load(experiment(tmp_path))
    digests = set()
    for brought in (("one", "1.0", "a"), ("other", "1.0", "a"), ("one", "1.1", "a"), ("one", "1.0", "b")):
        monkeypatch.setattr(trial, "origin", lambda function, brought=brought: Origin(*brought))
        digests.add(depends_on(one, "quick"))
    assert len(digests) == 4


def test_the_environment_does_not_depend_on_the_order_in_which_libraries_are_listed(monkeypatch):
    """That order differs from process to process, and a run would find none of its rows again."""
    listed = environment.threadpool_info()
    stamps = []
    for order in (listed, listed[::-1]):
        monkeypatch.setattr(environment, "threadpool_info", lambda order=order: order)
        stamps.append(repr(environment.stamp.__wrapped__()))
    assert stamps[0] == stamps[1]


def test_other_metrics_are_measured_again_and_another_sentence_is_not(tmp_path):
    out = tmp_path / "out"
    run(experiment(tmp_path), out)
    reworded = run(experiment(tmp_path, text=GRID.replace("keeps", "has")), out)
    assert reworded.measured == 0
    assert reworded.chapter.findings[0].says.startswith("Householder QR has")
    more = run(experiment(tmp_path, text=GRID.replace('"digits.min", ', '"digits.min", "growth", ')), out)
    assert more.measured == 16
    assert "growth" in more.rows.all[0].scores


def test_a_larger_grid_measures_what_it_adds_and_a_smaller_one_forgets_the_rest(tmp_path):
    out = tmp_path / "out"
    run(experiment(tmp_path), out)
    larger = run(experiment(tmp_path, text=GRID.replace("(0, 1)", "(0, 1, 2)")), out)
    assert (larger.measured, larger.resumed) == (8, 16)
    smaller = run(experiment(tmp_path, text=GRID.replace("(0, 1)", "0")), out)
    assert (smaller.measured, smaller.resumed) == (0, 8)
    assert len(journal(out).rows) == 8


def test_the_rows_of_a_solver_written_in_the_experiment_file_depend_on_that_file(tmp_path):
    path, out = with_solvers(tmp_path, "good"), tmp_path / "out"
    assert run(path, out).measured == 3
    assert run(path, out).measured == 0
    path.write_text(path.read_text().replace("return np.linalg.lstsq(A, b)[0]", "return np.linalg.lstsq(A, b)[0] + 1"))
    changed = run(path, out)
    assert changed.measured == 3
    assert max(changed.rows.values("digits.min")) < 1


# --- what goes wrong


def test_a_killed_run_goes_on_from_its_finished_rows(tmp_path):
    folder, out = tmp_path / "mine", tmp_path / "out"
    path = with_solvers(folder, "waits", "good", seeds=6)
    command = [*COMMAND, "--from", str(folder), "--out", str(out)]
    with subprocess.Popen([*command, "--jobs", "2"], start_new_session=True, stdout=subprocess.DEVNULL) as process:
        while len(journal(out).rows) < 4 and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    kept = journal(out).rows
    assert len(kept) == 4, "the rows of the two problems that are solved at once"
    (folder / "go").touch()
    with journal(out).path.open("ab") as file:
        file.write(b'{"key":"torn by the kill","row":{"prob')
    said = subprocess.run([*command, "--jobs", "1"], capture_output=True, text=True, check=True).stdout
    measured, resumed = map(int, re.search(r"(\d+) trials measured, (\d+) resumed", said).groups())
    assert (measured, resumed) == (8, 4)
    found = journal(out).rows
    assert len(found) == 12
    assert all(found[key] == row for key, row in kept.items())
    run(path, tmp_path / "uninterrupted")
    rows = "rows/planted.quick.rows.jsonl"
    assert written(out)[rows] == written(tmp_path / "uninterrupted")[rows]


def test_a_solver_that_hangs_or_crashes_is_a_row_and_the_rest_is_there(tmp_path):
    outcome = run(with_solvers(tmp_path, "good", "hangs", "dies", seeds=2, limit=2.0), tmp_path / "out", jobs=2)
    status = {(row.solver, row.seed): row.status for row in outcome.rows}
    assert status == {
        ("planted.good", 0): "SOLVED",
        ("planted.good", 1): "SOLVED",
        ("planted.hangs", 0): "TIMED_OUT",
        ("planted.hangs", 1): "SOLVED",
        ("planted.dies", 0): "DIED",
        ("planted.dies", 1): "SOLVED",
    }
    hangs, dies = (next(iter(outcome.rows.where(solver=f"planted.{name}", seed=0))) for name in ("hangs", "dies"))
    assert hangs.note == "stopped after 2 s"
    assert dies.note == "the process ended while the route ran"
    for row in (hangs, dies):
        assert row.x is None
        assert row.reasons["digits.min"]
        assert row.problem_hash == next(iter(outcome.rows.where(solver="planted.good", seed=0))).problem_hash
    assert run(with_solvers(tmp_path, "good", "hangs", "dies", seeds=2, limit=2.0), tmp_path / "out").measured == 0


def test_in_this_process_nothing_is_stopped(tmp_path):
    outcome = run(with_solvers(tmp_path, "slow", seeds=1, limit=0.02), tmp_path / "out")
    assert [row.status for row in outcome.rows] == ["SOLVED"]


def test_what_cannot_be_drawn_is_said_and_no_row_is_lost(tmp_path):
    path, out = experiment(tmp_path, text=GRID.replace("problem.cond", "problem.width")), tmp_path / "out"
    with pytest.raises(StabilityLabError, match=r"problem\.width"):
        run(path, out)
    assert run(experiment(tmp_path), out).measured == 0


def test_several_experiments_run_together_and_each_has_its_chapter(tmp_path):
    paths = [experiment(tmp_path, name) for name in ("one", "two")]
    outcomes = list(run_experiments([*map(load, paths)], size="quick", jobs=1, out=tmp_path / "out"))
    assert sorted(outcome.chapter.name for outcome in outcomes) == ["one", "two"]
    assert all((tmp_path / "out" / outcome.chapter.files[0]).exists() for outcome in outcomes)
    assert outcomes[0].rows == outcomes[1].rows
