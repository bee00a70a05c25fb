"""Runs the routes of a library in a process of their own, with limits on time and memory.

A call that exceeds a limit, or crashes its process, gives an Answer with the status TIMED_OUT or DIED. Memory is
resident memory, polled; a limit on address space (RLIMIT_AS) would break libraries that reserve more than they use.
"""

import atexit
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import MappingProxyType
from typing import Any, Literal

import psutil

from stabilitylab.bench.call import Answer
from stabilitylab.core.environment import ONE_THREAD, package_folder
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.library import Library
from stabilitylab.core.types import Status

POLL = 0.2  # seconds between two checks of time and memory; one check takes milliseconds
STARTUP = 120.0  # seconds added to the limit of a process's first call, for importing a library or starting a program
SHUTDOWN = 2.0  # seconds that all processes together have to end by themselves before they are killed


@dataclass(frozen=True)
class Limits:
    """Limits of one call: seconds of wall-clock time, and bytes of resident memory of its process and its children."""

    seconds: float = 30.0
    resident: int = 6 * 2**30


LIMITS = Limits()
NO_CHANGE: Mapping[str, str] = MappingProxyType({})  # of the variables of the environment

# The package is loaded from its file. Its folder on PYTHONPATH would make the packages beside it importable too, and
# hide the versions of them that another interpreter has.
_START = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("stabilitylab", sys.argv[1])
sys.modules["stabilitylab"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from stabilitylab.bench.worker import main
main()
"""


def worker_command(python: str) -> list[str]:
    """The command line of a worker process under the interpreter `python`; it ends when its standard input does."""
    return [python, "-c", _START, str(package_folder() / "__init__.py")]


def isolated_answer(
    library: Library,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    *,
    limits: Limits = LIMITS,
    python: str = sys.executable,
    watched: bool = False,
    environment: Mapping[str, str] = NO_CHANGE,
) -> Answer:
    """What a function of a module answers, called in the library's own process of the interpreter `python`.

    The process stays for the next call; one that had to be stopped, or died, is replaced. watched: as for `answer_of`.
    environment: variables that the process, and so the programs that it starts, have besides those of this one; each
    environment has a process of its own.
    """
    request = (function.__module__, function.__qualname__, arguments, watched)
    started = time.perf_counter()
    try:
        answer = _worker(library.name, python, environment).ask(request, limits)
    except _WorkerEndedError as error:
        return Answer(None, error.status, str(error), seconds=time.perf_counter() - started)
    assert isinstance(answer, Answer)
    return answer


def isolated_fact(
    worker: Library,
    module: str,
    name: str,
    method: Literal["version", "blas"],
    *,
    python: str = sys.executable,
    environment: Mapping[str, str] = NO_CHANGE,
) -> str:
    """What a method of the Library `module.name` gives in the process of the library `worker`.

    Raises StabilityLabError where that process ends instead.
    """
    return str(_worker(worker.name, python, environment).ask((module, name, (method,), False), LIMITS))


class _WorkerEndedError(StabilityLabError):
    """The worker process ended instead of answering; status: TIMED_OUT or DIED."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Worker:
    """A worker process, and the queue of its answers; None in the queue means that the process ended."""

    def __init__(self, python: str, environment: Mapping[str, str] = NO_CHANGE) -> None:
        self.process = subprocess.Popen(
            worker_command(python),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **ONE_THREAD, **environment},
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends this one
        )
        self.answers: SimpleQueue[Any] = SimpleQueue()
        self.fresh = True
        Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, request: tuple[Any, ...], limits: Limits) -> Any:
        """The answer to a request. Raises _WorkerEndedError when the process died or was stopped at a limit."""
        allowed = limits.seconds + (STARTUP if self.fresh else 0.0)
        deadline = time.monotonic() + allowed
        try:
            assert self.process.stdin is not None
            pickle.dump((*request, allowed), self.process.stdin)
            self.process.stdin.flush()
        except OSError:
            raise self._died() from None
        while True:
            try:
                answer = self.answers.get(timeout=POLL)
            except Empty:
                self._check(deadline, limits)
                continue
            if answer is None:
                raise self._died()
            self.fresh = False
            return answer

    def close_requests(self) -> None:
        """Close the standard input of the process, which then ends by itself after its current answer."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()

    def end(self) -> None:
        """Kill the process and its descendants."""
        with suppress(psutil.Error):
            children = psutil.Process(self.process.pid).children(recursive=True)
            for child in children:
                with suppress(psutil.Error):
                    child.kill()
        with suppress(OSError):
            self.process.kill()
        self.process.wait()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                self.answers.put(pickle.load(self.process.stdout))
        self.answers.put(None)

    def _check(self, deadline: float, limits: Limits) -> None:
        if time.monotonic() > deadline:
            self.end()
            raise _WorkerEndedError(Status.TIMED_OUT, f"stopped after {limits.seconds:g} s")
        resident = self._resident()
        if resident > limits.resident:
            self.end()
            raise _WorkerEndedError(Status.DIED, f"stopped at {resident / 2**30:.1f} GiB of resident memory")

    def _resident(self) -> int:
        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            total = 0
            for member in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    total += member.memory_info().rss
            return total
        return 0

    def _died(self) -> _WorkerEndedError:
        self.end()
        code = self.process.returncode
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return _WorkerEndedError(Status.DIED, f"its process ended {how}")


_workers: dict[tuple[str, str, frozenset[tuple[str, str]]], _Worker] = {}
_lock = Lock()


def _worker(name: str, python: str, environment: Mapping[str, str] = NO_CHANGE) -> _Worker:
    """The worker of a library under an interpreter; started where there is none, or where it has ended."""
    key = name, python, frozenset(environment.items())
    with _lock:
        worker = _workers.get(key)
        if worker is None or not worker.alive:
            worker = _workers[key] = _Worker(python, environment)
        return worker


@atexit.register
def end_all() -> None:
    """End every worker: by closing its input first, so that it can stop programs it started, then by killing it."""
    with _lock:
        for worker in _workers.values():
            worker.close_requests()
        deadline = time.monotonic() + SHUTDOWN
        for worker in _workers.values():
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            worker.end()
        _workers.clear()
