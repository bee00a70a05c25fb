"""Every experiment of the repository runs at quick size, and every finding holds."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_finding_of_every_experiment_holds(tmp_path):
    command = [sys.executable, "-m", "stabilitylab", "run", "--size", "quick", "--out", str(tmp_path), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    outcomes = json.loads(done.stdout)
    refuted = [f for outcome in outcomes for f in outcome["findings"] if f["verdict"] != "holds"]
    assert not refuted
    assert done.returncode == 0
    assert {outcome["name"] for outcome in outcomes} == {p.stem for p in (ROOT / "experiments").glob("*.py")}
    for outcome in outcomes:
        assert all((tmp_path / name).exists() for name in outcome["files"])
