"""Finds and ends the processes that a process started, however they were started, and ends one when its parent is gone.

A worker passes a mark, unique to it, to all that it starts, in an environment variable.
"""

import ctypes
import os
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from threading import Thread
from uuid import uuid4

import psutil

MARKS = "STABILITYLAB_WORKERS"  # the environment variable: marks separated by blanks, of a worker inside a worker too
WATCH = 0.5  # seconds between two looks at whether the parent is still there
GRACE = 2.0  # seconds that a process without parent has to end by itself, and to stop the programs that it started
ROUNDS = 3  # how often processes with a mark are looked for: one that is ended may have started another meanwhile
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def new_mark() -> str:
    """A mark that no other worker has."""
    return uuid4().hex


def marked_environment(mark: str) -> dict[str, str]:
    """The environment of this process, with one mark more."""
    return {**os.environ, MARKS: f"{os.environ.get(MARKS, '')} {mark}".strip()}


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that a search from this process down finds them.

    Linux 3.4 and later. On other systems a process that was started through one that has ended is found by its mark
    alone.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(parent: int) -> None:
    """Start a thread that ends this process, and all that it started, when its parent, of that number, has ended.

    On POSIX systems, where a process then gets another parent. It needs the interpreter's lock to do so: compiled code
    that holds that is not interrupted.
    """
    Thread(target=_watch, args=(parent,), name="watches the parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    time.sleep(GRACE)
    end_descendants(os.getpid())
    os._exit(1)


def end_descendants(process: int) -> None:
    """Kill the children of a process, and theirs."""
    with suppress(psutil.Error):
        for child in psutil.Process(process).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()


def end_marked(marks: Collection[str]) -> None:
    """Kill every process of this user that carries one of these marks.

    A process keeps the environment that it began with. One escapes that has left the tree of its worker, outlives that,
    and was started with an environment of its own.
    """
    for _ in range(ROUNDS):
        found = list(_marked(set(marks)))
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        if not found:
            return
        psutil.wait_procs(found, timeout=GRACE)


def _marked(marks: set[str]) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and marks & set(process.environ().get(MARKS, "").split()):
                yield process
