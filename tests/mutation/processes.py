"""A function in a forked process with a time limit: what it printed, and the code that it ended with."""

import os
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """The exit code, None where the time was up; output: the end of what was printed."""

    code: int | None
    output: str


def in_child(function: Callable[[], int], limit: float) -> Ended:
    """Run a function in a fork of this process, in a session and a temporary folder of its own.

    The process and all that it started are ended after `limit` seconds.
    """
    folder = Path(tempfile.mkdtemp(prefix="mutation-"))
    log = folder / "output"
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
            handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            code = function()
        except BaseException:
            os.write(2, traceback.format_exc().encode())  # sys.stderr may be a file of pytest's
        finally:
            os._exit(code)
    try:
        code = _wait(child, limit)
        return Ended(code, log.read_text("utf-8", errors="replace")[-3000:] if log.exists() else "")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(child: int, limit: float) -> int | None:
    until = time.monotonic() + limit
    pause = 0.01
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(2 * pause, 0.2)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
