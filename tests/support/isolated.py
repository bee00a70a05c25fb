"""Planted routes in processes of their own: the path on which those find them, and processes that must be gone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from paths import SUPPORT
from stabilitylab.bench import isolation

PATIENCE = 30.0  # seconds in which a process that was ended must be gone, on a machine that may be busy


@contextmanager
def planted_routes() -> Iterator[None]:
    """Workers find the modules of this folder inside the block; none is left after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SUPPORT))
        try:
            yield
        finally:
            isolation.end_all()


def running(mark: str) -> list[int]:
    """The numbers of the processes with these words in their command line; zombies are left out."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] != psutil.STATUS_ZOMBIE and mark in " ".join(process.info["cmdline"] or []):
            found.append(process.pid)
    return found


def gone(pid: int) -> bool:
    """Whether a process ends, or has ended."""
    return ends(lambda: psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def ends(goes_on) -> bool:
    """Whether a condition becomes false within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while goes_on():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
