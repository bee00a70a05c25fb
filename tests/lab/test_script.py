"""An experiment file run as a script is the command on that file: same options, exit code and signals."""

import os
import signal
import subprocess
import sys
import time

import pytest

from planted import GRID, experiment
from stabilitylab.lab import script

TAIL = "\nfrom stabilitylab.lab import run_file\n\nif __name__ == '__main__':\n    run_file(__file__)\n"
REFUTED = GRID.replace('lambda rows: rows.where(solver="qr.householder").values("digits.min"),', "lambda rows: False,")


def test_it_takes_the_options_of_run_and_ends_with_its_exit_code(tmp_path):
    path = experiment(tmp_path, "wrong", REFUTED + TAIL)
    command = [sys.executable, path, "--size", "quick", "--jobs", "1", "--out", tmp_path / "results"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "REFUTED: Householder QR keeps" in done.stdout
    done = subprocess.run([sys.executable, path, "--size", "quik"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "'quik' is not one of" in done.stderr


def test_the_command_is_run_on_the_file_with_what_was_typed(monkeypatch, tmp_path):
    seen = []

    def as_child(command):
        seen.append(command)
        return 7

    monkeypatch.setattr(script.os, "name", "other")
    monkeypatch.setattr(script, "as_child", as_child)
    monkeypatch.setattr(script.sys, "argv", ["planted.py", "--size", "quick"])
    with pytest.raises(SystemExit) as ended:
        script.run_file(str(tmp_path / "planted.py"))
    assert ended.value.code == 7
    start = [sys.executable, "-m", "stabilitylab", "run", "planted"]
    assert seen == [[*start, "--from", str(tmp_path.resolve()), "--size", "quick"]]


CHILD = """
import sys, time
try:
    print("up", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    sys.exit(130)
"""
PARENT = """
import sys
from stabilitylab.lab.script import as_child
sys.exit(as_child([sys.executable, "-c", sys.argv[1]]))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to a process group")
def test_a_child_that_is_interrupted_with_its_parent_is_waited_for():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        assert parent.stdout.readline() == b"up\n"
        started = time.monotonic()
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.wait() == 130
    assert time.monotonic() - started >= 0.5
