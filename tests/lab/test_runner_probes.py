"""Probes: what an experiment measures itself is run, resumed and reported like a grid."""

import os
from itertools import pairwise

import pytest
from test_runner import journal, run, written

from planted import experiment
from stabilitylab.lab.experiment import ExperimentError, counted, load
from stabilitylab.lab.runner import run_experiment, run_experiments

PROBED = """
import os
import time
from pathlib import Path

from threadpoolctl import threadpool_info

from stabilitylab.lab import Experiment, Finding, Probe
from stabilitylab.report.table import Listing

HERE = Path(__file__)


def rows(size, count=None):
    for k in range(count or {"quick": 4, "full": 6}[size]):
        yield Probe("planted", ("first", "second"), (("k", k),))


def measure(probe):
    k = probe["k"]
    started = time.monotonic()
    # what happens
    time.sleep(0.02)
    threads = max(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")
    with HERE.with_suffix(".log").open("a") as log:
        log.write(f"{k} {os.getpid()} {started} {time.monotonic()}\\n")
    return [probe.row(name, {"value": 10.0 * k + j, "threads": threads}) for j, name in enumerate(probe.solvers)]


EXPERIMENT = Experiment(
    rows=rows,
    measure=measure,
    limit=2.0,  # seconds that even a busy machine does not take for what does not hang
    tables=(Listing("All", ("solver", "problem.k", "value")),),
    findings=(Finding("There are {count} rows.", lambda rows: True, lambda rows: {"count": len(rows)}),),
)
"""


def probed(folder, happens="pass", name="planted", cost="run"):
    """An experiment that measures itself; `happens` at each probe k."""
    text = PROBED.replace("# what happens", happens).replace("limit=2.0", f"limit=2.0, cost={cost!r}")
    return experiment(folder, name, text)


def log(path):
    """(k, process, start, end) of every probe that was measured, in the order of their ends."""
    lines = path.with_suffix(".log").read_text().splitlines()
    return [(int(k), int(pid), float(start), float(end)) for k, pid, start, end in map(str.split, lines)]


def test_probes_become_rows_with_table_findings_progress_and_one_blas_thread(tmp_path):
    seen = []
    outcome = run(probed(tmp_path), tmp_path / "out", progress=lambda *now: seen.append(now))
    assert [(row["problem.k"], row.solver, row["value"]) for row in outcome.rows] == [
        (k, name, 10.0 * k + j) for k in range(4) for j, name in enumerate(("first", "second"))
    ]
    assert set(outcome.rows.values("threads")) == {1}
    assert seen == [("planted", done, 4) for done in range(5)]
    assert outcome.chapter.findings[0].says == "There are 8 rows."
    assert (tmp_path / "out" / "planted-table1.csv").read_text().endswith("\nsecond,3,31.0,\n")


def test_probes_in_one_process_and_in_two_write_the_same_bytes_and_are_resumed(tmp_path):
    path = probed(tmp_path)
    for jobs in (1, 2):
        assert (run(path, tmp_path / str(jobs), jobs).measured, len(log(path))) == (4, 4 * jobs)
        assert run(path, tmp_path / str(jobs), jobs).resumed == 4
    assert written(tmp_path / "1") == written(tmp_path / "2")


def test_an_interrupted_experiment_goes_on_from_its_finished_probes(tmp_path):
    stops = 'if k == 2 and not HERE.with_name("go").exists(): raise KeyboardInterrupt'
    path, out = probed(tmp_path, stops), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(path, out)
    assert len(journal(out).rows) == 4
    (tmp_path / "go").touch()
    outcome = run(path, out)
    assert (outcome.measured, outcome.resumed) == (2, 2)
    assert [k for k, *_ in log(path)] == [0, 1, 2, 3]


def test_probes_depend_on_the_file_that_measures_them(tmp_path):
    out = tmp_path / "out"
    run(probed(tmp_path), out)
    assert run(probed(tmp_path, "k += 1"), out).measured == 4
    assert len(journal(out).rows) == 8


def test_a_probe_that_hangs_or_crashes_is_rows_and_the_rest_is_there(tmp_path):
    misbehaves = "time.sleep(3600 * (k == 0))\n    if k == 2: os._exit(7)"
    outcome = run(probed(tmp_path, misbehaves), tmp_path / "out", jobs=2)
    status = [(row["problem.k"], row.solver, row.status) for row in outcome.rows]
    ends = ("TIMED_OUT", "SOLVED", "DIED", "SOLVED")
    assert status == [(k, name, end) for k, end in enumerate(ends) for name in ("first", "second")]


def test_what_is_timed_runs_after_the_others_in_one_process_of_its_own(tmp_path):
    paths = [probed(tmp_path, name=name, cost=cost) for name, cost in (("a", "bench"), ("b", "run"), ("c", "bench"))]
    outcomes = list(run_experiments([*map(load, paths)], size="quick", jobs=2, out=tmp_path / "out"))
    assert [outcome.chapter.name for outcome in outcomes] == ["b", "a", "c"]
    timed = log(paths[0]) + log(paths[2])
    assert len({pid for _, pid, *_ in timed}) == 1
    assert os.getpid() not in {pid for _, pid, *_ in timed}
    assert min(start for *_, start, _ in timed) > max(end for *_, end in log(paths[1]))
    assert all(end <= start for (*_, end), (*_, start, _) in pairwise(timed))
    pages = {name: (tmp_path / "out" / f"{name}.md").read_text("utf-8") for name in "ab"}
    assert ("processor:" in pages["a"], "processor:" in pages["b"]) == (True, False)


def test_a_count_replaces_the_number_of_problems_drawn_and_keeps_what_is_there(tmp_path):
    path, out = probed(tmp_path), tmp_path / "out"
    run(path, out)
    more = run_experiment(counted(load(path), 7), size="quick", jobs=2, out=out)
    assert (more.measured, more.resumed, len(more.rows)) == (3, 4, 14)
    with pytest.raises(ExperimentError, match=r"planted draws no problems: leave --count out"):
        counted(load(experiment(tmp_path)), 7)


FORGOTTEN = {
    "a row too few": ("probe = Probe('planted', ('first',))", "rows of first, second, for planted; got first$"),
    "no rows": ("return []", "got none$"),
    "another order": ("probe = Probe('planted', ('second', 'first'))", "got second, first$"),
}


@pytest.mark.parametrize("how", FORGOTTEN)
def test_a_measure_that_forgets_a_row_is_told(tmp_path, how):
    happens, says = FORGOTTEN[how]
    with pytest.raises(ExperimentError, match=says):
        run(probed(tmp_path, happens), tmp_path / "out")


def test_probes_without_a_measure_are_told(tmp_path):
    text = PROBED.replace("    measure=measure,\n", "")
    with pytest.raises(ExperimentError, match="nothing measures it: give measure too"):
        run(experiment(tmp_path, text=text), tmp_path / "out")
