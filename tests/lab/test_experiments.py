"""Every experiment of the repository runs at quick size, and every finding holds that is not about time."""

import json
import subprocess
import sys

from paths import ROOT
from stabilitylab.lab.experiment import find, load

COMMITTED = [load(path) for path in find(ROOT / "experiments")]
COSTS = {one.name: one.experiment.cost for one in COMMITTED}


def outcomes(out, *names):
    """What `stabilitylab run` says of the experiments named, at quick size, and its exit code."""
    command = [sys.executable, "-m", "stabilitylab", "run", *names, "--size", "quick", "--out", str(out), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    for outcome in found:
        assert all((out / name).exists() for name in outcome["files"])
    return found, done.returncode


def test_every_finding_of_every_experiment_that_times_nothing_holds(tmp_path):
    found, code = outcomes(tmp_path)
    assert not [f for outcome in found for f in outcome["findings"] if f["verdict"] == "REFUTED"]
    assert code == 0
    assert {outcome["name"] for outcome in found} == {name for name, cost in COSTS.items() if cost == "run"}


def test_every_experiment_that_times_things_runs_and_its_findings_can_be_checked(tmp_path):
    """Whether they hold is a question to an idle machine; a number that is not there would be a fault on any."""
    timing = [name for name, cost in COSTS.items() if cost == "bench"]
    found, code = outcomes(tmp_path, *timing)
    assert code in (0, 1)
    assert {outcome["name"] for outcome in found} == {*timing}
    assert not [f["why"] for outcome in found for f in outcome["findings"] if f["why"]]
