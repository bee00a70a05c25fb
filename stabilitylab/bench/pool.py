"""Tasks in worker processes, results as they come; a worker that dies or hangs costs its own task and no other.

A task is divisible: when one takes its process down, it is split into parts, and the part that does it again on its own
is reported as lost.
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

from stabilitylab.core.environment import ONE_THREAD

Task = TypeVar("Task")
Result = TypeVar("Result")


class Lost(Generic[Task]):
    """A task that takes its process down, or does not come back in time; `timed_out` tells which."""

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
) -> Iterator[tuple[Task, Result | Lost[Task]]]:
    """(task, work(task)) as they finish, over `jobs` processes; Lost in place of a result that cannot be had.

    tasks is emptied; the caller may add to it between results. split: the parts of a task, or the task alone when
    it has none. limit: the seconds of the `watchdog` that `work` sets over a part. What `work` raises is raised here.
    """
    running: dict[Future[Any], Task] = {}
    pool = _pool(jobs)
    try:
        while tasks or running:
            while tasks and len(running) < jobs:
                try:
                    future = pool.submit(work, tasks[0])
                except BrokenProcessPool:  # a worker died meanwhile: what was running says so below
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
                # Every running task of a broken pool fails with it; run alone, part by part, the culprit shows itself.
                suspects += running.values()
                running.clear()
                pool.shutdown(wait=False, kill_workers=True)
                yield from _alone(work, [part for task in suspects for part in split(task)], limit)
                pool = _pool(jobs)
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _alone(
    work: Callable[[Task], Result], tasks: Sequence[Task], limit: Callable[[Task], float]
) -> Iterator[tuple[Task, Result | Lost[Task]]]:
    pool = _ready(work)
    try:
        for task in tasks:
            started = time.monotonic()
            try:
                yield task, pool.submit(work, task).result()
            except BrokenProcessPool:
                yield task, Lost(task, timed_out=time.monotonic() - started >= limit(task))
                pool.shutdown(wait=False, kill_workers=True)
                pool = _ready(work)
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _pool(size: int) -> Any:
    return ProcessPoolExecutor(max_workers=size, timeout=60, initializer=_left_to_the_parent, env=ONE_THREAD)


def _left_to_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal; the parent ends the workers, which need not say so too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ready(work: Callable[[Task], Result]) -> Any:
    """A pool of one process that has imported what work needs, so that this time is not counted as the task's."""
    pool = _pool(1)
    pool.submit(_nothing, work).result()
    return pool


def _nothing(work: object) -> None:
    """Unpickling work was the work."""


@contextmanager
def watchdog(seconds: float) -> Iterator[None]:
    """Ends the process when the block takes longer, even where it hangs in compiled code."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
