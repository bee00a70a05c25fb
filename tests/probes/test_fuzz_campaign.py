"""The campaign in parts: counted once each, resumed, added up; and the experiment that shows it."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from honest import by_flint
from paths import EXPERIMENTS
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.lab import trial
from stabilitylab.lab.experiment import counted, load
from stabilitylab.lab.runner import run_experiment
from stabilitylab.probes import fuzz
from stabilitylab.probes.fuzz import __main__ as command
from stabilitylab.probes.fuzz import campaign
from stabilitylab.probes.fuzz.campaign import Counted, append, read, run, share, units
from stabilitylab.report.writers import markdown

NAME = "a_fuzz_campaign_finds_no_wrong_digit"
LINE = Counted("small integers", 0, 10, 7, 1, 1, 1, 0, 20, 0.5, "abc", "not proven: 1")


@pytest.fixture
def small(monkeypatch):
    """Parts of 5 tasks of each of two kinds."""
    kinds = {kind: fuzz.KINDS[kind] for kind in ("singular", "near duplicates")}
    monkeypatch.setattr(campaign, "KINDS", kinds)
    monkeypatch.setattr(campaign, "PART", 10)
    monkeypatch.setattr(campaign, "RARE", {"singular": 5})


def test_parts_have_every_kind_and_no_task_twice():
    assert sum(map(share, fuzz.KINDS)) == pytest.approx(campaign.PART, rel=0.01)
    first, second = list(units(range(1))), list(units(range(1, 2)))
    assert [kind for kind, *_ in first] == list(fuzz.KINDS)
    assert all(a[0] == b[0] and a[2] == b[1] == b[2] - a[2] for a, b in zip(first, second, strict=True))


def test_a_campaign_goes_on_where_it_stopped_and_counts_everything_once(small, tmp_path):
    path, seen, whole = tmp_path / "a.csv", [], tmp_path / "b.csv"

    def stop(line):
        seen.append(line)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(by_flint, range(3), path, "s", stop)
    assert list(read([path])) == sorted(seen, key=lambda line: (line.kind, line.first))
    run(by_flint, range(3), path, "s", seen.append)
    run(by_flint, range(3), whole, "s", lambda line: None)
    timeless = [[replace(line, seconds=0.0) for line in read([file])] for file in (path, whole)]
    assert timeless[0] == timeless[1]
    assert [(line.kind, line.first) for line in seen] == [(kind, first) for kind, first, _ in units(range(3))]
    assert sum(line.drawn for line in seen) == 30
    assert sum(line.singular for line in seen) == 15


def test_reasons_are_counted_and_wrong_answers_have_their_seeds(small, tmp_path):
    def solve(task):
        if len(task.b) % 2:
            raise NotCertifiedError("not proven: try more digits")
        return fuzz.Answer(np.full(len(task.columns), 0.125))

    run(solve, range(1, 2), tmp_path / "a.csv", "s", lambda line: None)
    (near, _) = read([tmp_path / "a.csv"])
    assert near.refused + near.wrong == 5
    assert near.reasons.count("seed") == near.wrong > 0
    assert f"not proven: {near.refused}" in near.reasons


@pytest.mark.parametrize("wrong", [False, True])
def test_the_command_counts_parts_and_fails_where_an_answer_was_wrong(small, tmp_path, monkeypatch, capsys, wrong):
    monkeypatch.setattr(command, "certified", one_ulp_off if wrong else by_flint)
    monkeypatch.setattr("sys.argv", ["fuzz", str(tmp_path / "a.csv"), "--parts", "1", "2"])
    assert command.main() == int(wrong)
    said = capsys.readouterr().out
    assert said.endswith(f"{5 * wrong} wrong\n")
    assert ("near duplicates from seed 5: seed 5: a coefficient; seed 6" in said) == wrong
    assert [(line.first, line.beyond) for line in read([tmp_path / "a.csv"])] == [(5, 10), (5, 10)]


@pytest.mark.parametrize(
    "lines",
    [[LINE, LINE], [LINE, replace(LINE, first=9, beyond=19)], [replace(LINE, solved=8)], [replace(LINE, beyond=9)]],
)
def test_what_does_not_add_up_is_refused(lines, tmp_path):
    for k, line in enumerate(lines):
        append(tmp_path / f"{k}.csv", line)
    with pytest.raises(ValueError, match=r"counted twice|one for each"):
        read(tmp_path.glob("*.csv"))


def test_what_is_no_file_of_counts_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="give a file of counts"):
        read([tmp_path / "a.csv"])


def test_neighbouring_parts_and_other_kinds_do_not_overlap(tmp_path):
    lines = (LINE, replace(LINE, first=10, beyond=20), replace(LINE, kind="weights", reasons='a "b", c'))
    for line in lines:
        append(tmp_path / "a.csv", line)
    assert read([tmp_path / "a.csv"]) == lines


def test_the_committed_parts_add_up_without_a_wrong_answer():
    lines = read(sorted((EXPERIMENTS / "campaign").glob("*.csv")))
    assert {line.kind for line in lines} == set(fuzz.KINDS)
    assert [line for line in lines if line.wrong] == []


# --- the experiment


def lapack(task):
    return fuzz.Answer(np.linalg.lstsq(np.array(task.A, dtype=float), np.array(task.b, dtype=float))[0])


def one_ulp_off(task):
    found = by_flint(task)
    found.x[-1] = np.nextafter(found.x[-1], np.inf)
    return found


def refuses(task):
    raise NotCertifiedError("as planted")


@pytest.mark.parametrize(
    ("solve", "verdicts"),
    [
        (by_flint, ["holds", "holds", "holds"]),
        (lapack, ["REFUTED", "REFUTED", "holds"]),
        (one_ulp_off, ["REFUTED", "REFUTED", "holds"]),
        (refuses, ["REFUTED", "REFUTED", "REFUTED"]),
    ],
)
def test_the_chapter_refutes_a_planted_solver_and_names_its_seeds(tmp_path, monkeypatch, solve, verdicts):
    file = tmp_path / f"{NAME}.py"
    shutil.copy(EXPERIMENTS / file.name, file)
    (tmp_path / "campaign").mkdir()
    wrong = int(solve is not by_flint)
    for line in (
        replace(LINE, beyond=210, solved=207),
        replace(LINE, kind="weights", solved=8 - wrong, refused=0, wrong=wrong, reasons="seed 4: planted"),
    ):
        append(tmp_path / "campaign" / "a.csv", line)
    monkeypatch.setattr(fuzz, "certified", lambda task: replace(solve(task), route="planted route"))
    trial._loaded.cache_clear()
    found = run_experiment(counted(load(file), 25), size="quick", jobs=1, out=tmp_path).chapter
    trial._loaded.cache_clear()
    assert [finding.verdict for finding in found.findings] == [*verdicts, "REFUTED" if wrong else "holds"]
    assert found.findings[0].says.startswith("Of 25 problems ")
    assert found.findings[3].says.startswith("The parts of the campaign hold 220 problems")
    assert "(small integers 1, weights 1)" in found.findings[3].says
    drawn, kept, routes = (markdown.table(one.table) for one in found.tables)
    assert ("near duplicates, seed 0" in drawn) == ("REFUTED" in verdicts)
    assert ("weights, seed 4: planted" in kept) == bool(wrong)
    assert "small integers, not proven: 1" in kept
    assert ("planted route" in routes) == (solve is not refuses)


def test_the_sentence_names_the_problems_that_are_out_of_range(tmp_path):
    found = run_experiment(counted(load(EXPERIMENTS / f"{NAME}.py"), 25), size="quick", jobs=1, out=tmp_path)
    (row,) = found.rows.where(problem="least doubles", problem__beyond=1)
    assert row.scores["out of range"] >= 1
    assert f"least doubles {row.scores['out of range']:.0f}" in found.chapter.findings[0].says
