"""Routes of a library in a process of their own, with a time and a memory limit: what hangs, swells or crashes is data.

Resident memory is polled; a limit on address space would break libraries that reserve more than they use.
"""

import atexit
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import psutil

from stabilitylab.bench.call import Answer
from stabilitylab.core.environment import ONE_THREAD, package_folder
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.library import Library
from stabilitylab.core.types import Status

TICK = 0.2  # seconds between two looks at the clock and the memory, which takes milliseconds
STARTING = 120.0  # seconds that a library's first call may take beyond the limit: importing it, starting a program
PATIENCE = 2.0  # seconds for all processes together to end when they are asked


@dataclass(frozen=True)
class Limits:
    """What one call may take: seconds, and bytes of resident memory of its process and that process's children."""

    seconds: float = 30.0
    resident: int = 6 * 2**30


LIMITS = Limits()

# This package by its file: a folder on PYTHONPATH would bring all that stands beside it, and hide what another
# interpreter has of it.
_START = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("stabilitylab", sys.argv[1])
sys.modules["stabilitylab"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from stabilitylab.bench.worker import main
main()
"""


def worker_command(python: str) -> list[str]:
    """What starts a process that answers requests, with another interpreter; it ends when its input ends."""
    return [python, "-c", _START, str(package_folder() / "__init__.py")]


def isolated_answer(
    library: Library,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    *,
    limits: Limits = LIMITS,
    python: str = sys.executable,
    watched: bool = False,
) -> Answer:
    """What a function of a module answers, called in the library's own process of the interpreter `python`.

    The process stays for the next call; one that had to be stopped, or died, is replaced. watched: as for `answer_of`.
    """
    request = (function.__module__, function.__qualname__, arguments, watched)
    started = time.perf_counter()
    try:
        answer = _worker(library.name, python).ask(request, limits)
    except _GoneError as gone:
        return Answer(None, gone.status, str(gone), seconds=time.perf_counter() - started)
    assert isinstance(answer, Answer)
    return answer


def isolated_version(library: Library, module: str, name: str, *, python: str) -> str:
    """The version of a library as another interpreter has it; `module.name` is where the Library stands."""
    return str(_worker(library.name, python).ask((module, name, (), False), LIMITS))


class _GoneError(StabilityLabError):
    """The process did not answer; status says how it ended."""

    def __init__(self, status: Status, said: str) -> None:
        super().__init__(said)
        self.status = status


class _Worker:
    """One process and what it sends."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen(
            worker_command(python),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends this one
        )
        self.answers: SimpleQueue[Any] = SimpleQueue()
        self.fresh = True
        Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, request: tuple[Any, ...], limits: Limits) -> Any:
        """The answer to a request. Raises _GoneError, and then the process is no more."""
        allowed = limits.seconds + (STARTING if self.fresh else 0.0)
        deadline = time.monotonic() + allowed
        try:
            assert self.process.stdin is not None
            pickle.dump((*request, allowed), self.process.stdin)
            self.process.stdin.flush()
        except OSError:
            raise self._died() from None
        while True:
            try:
                answer = self.answers.get(timeout=TICK)
            except Empty:
                self._check(deadline, limits)
                continue
            if answer is None:
                raise self._died()
            self.fresh = False
            return answer

    def dismiss(self) -> None:
        """Say that there will be no more requests, upon which the process ends when it has answered."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()

    def end(self) -> None:
        """Stop the process and all that it started."""
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
            raise _GoneError(Status.TIMED_OUT, f"stopped after {limits.seconds:g} s")
        resident = self._resident()
        if resident > limits.resident:
            self.end()
            raise _GoneError(Status.DIED, f"stopped at {resident / 2**30:.1f} GiB of resident memory")

    def _resident(self) -> int:
        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            total = 0
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    total += one.memory_info().rss
            return total
        return 0

    def _died(self) -> _GoneError:
        self.end()
        code = self.process.returncode
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return _GoneError(Status.DIED, f"its process ended {how}")


_workers: dict[tuple[str, str], _Worker] = {}
_lock = Lock()


def _worker(name: str, python: str) -> _Worker:
    """The library's process, started when it is first asked and when the last one is gone."""
    with _lock:
        found = _workers.get((name, python))
        if found is None or not found.alive:
            found = _workers[name, python] = _Worker(python)
        return found


@atexit.register
def end_all() -> None:
    """Stop every process that was started here; each is asked first, so that it can stop what it started itself."""
    with _lock:
        for worker in _workers.values():
            worker.dismiss()
        deadline = time.monotonic() + PATIENCE
        for worker in _workers.values():
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            worker.end()
        _workers.clear()
