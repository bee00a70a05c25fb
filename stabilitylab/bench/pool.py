"""Runs tasks in a pool of worker processes; a task that crashes or hangs its process does not affect the others.

When a process ends, each task that was running is split into its parts, and these are run one at a time: the part that
ends its process again is reported as a LostTask.
"""

import faulthandler
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

from stabilitylab.bench.processes import end_with_parent
from stabilitylab.core.environment import ONE_THREAD

Task = TypeVar("Task")
Result = TypeVar("Result")


class LostTask(Generic[Task]):
    """A task without a result; timed_out: whether its process was ended at the time limit, or else died by itself."""

    def __init__(self, task: Task, *, timed_out: bool) -> None:
        self.task = task
        self.timed_out = timed_out


def in_processes(
    work: Callable[[Task], Result],
    tasks: deque[Task],
    *,
    jobs: int,
    split: Callable[[Task], Sequence[Task]],
    limit: Callable[[Task], float],
) -> Iterator[tuple[Task, Result | LostTask[Task]]]:
    """(task, work(task)) in the order in which they finish, over `jobs` processes; LostTask in place of a lost result.

    tasks: emptied here; the caller may append to it between results. split: the parts of a task, or the task alone
    where it is not divisible. limit: the seconds of the `watchdog` that `work` sets for a part, by which a time-out is
    told from a crash. What `work` raises is raised here.
    """
    running: dict[Future[Any], Task] = {}
    pool = _pool(jobs)
    try:
        while tasks or running:
            while tasks and len(running) < jobs:
                try:
                    future = pool.submit(work, tasks[0])
                except BrokenProcessPool:  # a worker died since: the running tasks fail in `wait` below
                    if running:
                        break
                    pool = _pool(jobs)
                    continue
                running[future] = tasks.popleft()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            suspects: list[Task] = []
            for future in done:
                task = running.pop(future)
                try:
                    yield task, future.result()
                except BrokenProcessPool:
                    suspects.append(task)
            if suspects:
                # All running tasks of a broken pool fail with it; run one part at a time, only the one that broke it
                # does.
                suspects += running.values()
                running.clear()
                pool.shutdown(wait=False, kill_workers=True)
                yield from _alone(work, [part for task in suspects for part in split(task)], limit)
                pool = _pool(jobs)
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _alone(
    work: Callable[[Task], Result], tasks: Sequence[Task], limit: Callable[[Task], float]
) -> Iterator[tuple[Task, Result | LostTask[Task]]]:
    pool = _ready(work)
    try:
        for task in tasks:
            started = time.monotonic()
            try:
                yield task, pool.submit(work, task).result()
            except BrokenProcessPool:
                yield task, LostTask(task, timed_out=time.monotonic() - started >= limit(task))
                pool.shutdown(wait=False, kill_workers=True)
                pool = _ready(work)
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _pool(size: int) -> Any:
    return ProcessPoolExecutor(
        max_workers=size, timeout=60, initializer=_begin, initargs=(os.getpid(),), env=ONE_THREAD
    )


def _begin(parent: int) -> None:
    """Ignore SIGINT, which Ctrl-C sends to every process of a terminal: the parent ends its workers itself.

    A worker whose parent was killed ends too, with the processes of the libraries that it called.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


def _ready(work: Callable[[Task], Result]) -> Any:
    """A pool of one process that has already imported what `work` needs, so that no task is charged for that time."""
    pool = _pool(1)
    pool.submit(_nothing, work).result()
    return pool


def _nothing(work: object) -> None:
    """Do nothing: unpickling the argument imports its module."""


@contextmanager
def watchdog(seconds: float) -> Iterator[None]:
    """Ends this process when the block takes longer than `seconds`, even inside compiled code that holds the GIL."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
