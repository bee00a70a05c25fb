"""Every experiment of the repository runs at quick size, and every finding holds that is not about time.

The two tests that run them all are asked for by name, `pytest -m whole_run`, as `.ci/run` does.
"""

import json
import subprocess
import sys

import pytest

from pages import faults, too_long
from paths import ROOT
from stabilitylab.bench import lacks
from stabilitylab.lab.experiment import find, load
from stabilitylab.lab.finding import NOT_MEASURED, ROWS_LACK

COMMITTED = [load(path) for path in find(ROOT / "experiments")]
COSTS = {one.name: one.experiment.cost for one in COMMITTED}


def outcomes(out, *names):
    """What `stabilitylab run` says of the experiments named, at quick size, and its exit code."""
    command = [sys.executable, "-m", "stabilitylab", "run", *names, "--size", "quick", "--out", str(out), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    for outcome in found:
        assert all((out / name).exists() for name in outcome["files"])
    pages = sorted(out.glob("*.md"))
    assert {page.name: wrong for page in pages if (wrong := faults(page))} == {}
    assert [long for page in pages if (long := too_long(page))] == []
    return found, done.returncode


def absent(experiment):
    """What is not here of the libraries of an experiment's routes, and of what its findings need."""
    needs = {name for one in (*experiment.findings, *experiment.remedies) for name in one.needs}
    return [*(library.missing for library in experiment.absent()), *filter(None, map(lacks, sorted(needs)))]


ABSENT = {one.name: absent(one.experiment) for one in COMMITTED}


def unexplained(name, claims, absent):
    """The findings that were not checked for another reason than the size or a library that is not here."""
    return [
        f"{name}: {claim['says']} ({claim['why']})"
        for claim in claims
        if claim["verdict"] == "not checked here"
        and not claim["why"].endswith(NOT_MEASURED.removeprefix("the rows that decide it "))
        and not any(missing in claim["why"] for missing in absent)
        and not (absent and claim["why"].startswith("no row has "))
    ]


def test_whoever_scores_digits_scores_what_the_data_support_so_that_no_zero_goes_unexplained():
    scored = {(one.name, kind): set(names) for one in COMMITTED for kind, names in scores(one.experiment)}
    assert ("the_library_you_call_decides_the_digits", "variants") in scored
    assert not [place for place, names in scored.items() if "digits.min" in names and "digits.supported" not in names]


def scores(experiment):
    """What is scored of the published order and of the variants, where there are any."""
    if experiment.problems:
        yield "published", experiment.metrics
    if experiment.permuted or experiment.scaled:
        yield "variants", experiment.variant_metrics


def test_a_finding_that_meets_an_error_is_unexplained_and_a_missing_library_explains():
    def claims(why):
        return [{"says": "S.", "verdict": "not checked here", "why": why}]

    assert unexplained("e", claims(f"{ROWS_LACK}: KeyError: 'r.lm'"), ["no R: apt install r-base"])
    assert unexplained("e", claims("no row has solver='r.lm'"), [])
    assert not unexplained("e", claims("no row has solver='r.lm'"), ["no R: apt install r-base"])
    assert not unexplained("e", claims("no R: apt install r-base"), ["no R: apt install r-base"])
    assert not unexplained("e", claims(NOT_MEASURED), [])
    assert not unexplained("e", [{"says": "S.", "verdict": "holds", "why": ""}], [])


@pytest.mark.whole_run
def test_every_finding_of_every_experiment_that_times_nothing_holds(tmp_path):
    found, code = outcomes(tmp_path)
    claims = {outcome["name"]: outcome["findings"] + outcome["remedies"] for outcome in found}
    assert not [claim for each in claims.values() for claim in each if claim["verdict"] == "REFUTED"]
    assert not [said for name, each in claims.items() for said in unexplained(name, each, ABSENT[name])]
    assert code == 0
    assert {outcome["name"] for outcome in found} == {name for name, cost in COSTS.items() if cost == "run"}


@pytest.mark.whole_run
def test_every_experiment_that_times_things_runs_and_its_findings_can_be_checked(tmp_path):
    """Whether they hold is a question to an idle machine; a number that is not there would be a fault on any."""
    timing = [name for name, cost in COSTS.items() if cost == "bench"]
    found, code = outcomes(tmp_path, *timing)
    assert code in (0, 1)
    assert {outcome["name"] for outcome in found} == {*timing}
    claims = {outcome["name"]: outcome["findings"] + outcome["remedies"] for outcome in found}
    assert not [said for name, each in claims.items() for said in unexplained(name, each, ABSENT[name])]


def test_what_is_timed_of_a_fit_is_computed_each_time():
    (path,) = [path for path in find(ROOT / "experiments") if path.stem == "awkward_data_take_seconds_not_minutes"]
    measured = load(path).experiment.measure.__globals__
    fit = measured["lstsq"]([[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0])
    assert measured["residuals"](fit) is not measured["residuals"](fit)
