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
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import MappingProxyType
from typing import Any, Literal, NoReturn

import psutil

from stabilitylab.bench import processes
from stabilitylab.bench.call import Answer, said, shortened
from stabilitylab.bench.worker import read_frame, write_frame
from stabilitylab.core.environment import ONE_THREAD, package_folder
from stabilitylab.core.errors import StabilityLabError, UnusableProgramError
from stabilitylab.core.library import Library
from stabilitylab.core.types import Status

POLL = 0.2  # seconds between two checks of time and memory; one check takes milliseconds
STARTUP = 120.0  # seconds added to the limit of a process's first call, for importing a library or starting a program
SHUTDOWN = 2.0  # seconds that all processes together have to end by themselves before they are killed
PIPE = 4096  # bytes that a pipe takes at once on every system; more may wait until the process reads
OUTPUT = 2**20  # bytes of what a process prints that are kept on disk between two checks
LINE = 4096  # bytes at the end of that, in which the last line is looked for


@dataclass(frozen=True)
class Limits:
    """Limits of one call: seconds of wall-clock time, and bytes of resident memory of its process and its children."""

    seconds: float = 30.0
    resident: int = 6 * 2**30


LIMITS = Limits()
NO_CHANGE: Mapping[str, str] = MappingProxyType({})  # of the variables of the environment

# The package is loaded from its file. Its folder on PYTHONPATH would make the packages beside it importable too, and
# hide the versions of them that another interpreter has. Routes need a third of its modules: what `__init__` brings,
# here and in `bench`, is loaded when a name of it is asked for.
_START = """
import importlib.util, pathlib, sys

bare = {}

def package(name, path):
    def asked(attribute):
        if attribute.startswith("_") and attribute not in ("__all__", "__version__"):
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}")
        for each in ("stabilitylab", name):
            if each in bare:
                loader = bare.pop(each)
                del sys.modules[each].__getattr__
                loader.exec_module(sys.modules[each])
        return getattr(module, attribute)

    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    bare[name], module.__getattr__ = spec.loader, asked
    return module

top, room = sys.argv[1:]
name = pathlib.Path(room).parent.name
setattr(package("stabilitylab", top), name, package(f"stabilitylab.{name}", room))
from stabilitylab.bench.worker import main
main()
"""


def worker_command(python: str) -> list[str]:
    """The command line of a worker process under the interpreter `python`; it ends when its standard input does."""
    return [
        python,
        "-c",
        _START,
        *(str(folder / "__init__.py") for folder in (package_folder(), Path(__file__).parent)),
    ]


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

    The process stays for the next call. One that was stopped, died, sent something else than the answer to this
    request, or has threads left from the call is ended with all that it started, and replaced; so is one that is
    interrupted here. UNUSABLE where no process can be started. watched: as for `answer_of`. environment: variables
    that the process, and so the programs that it starts, have besides those of this one; each environment has a process
    of its own.
    """
    request = (function.__module__, function.__qualname__, arguments, watched)
    started = time.perf_counter()
    try:
        reply = _reply((library.name, python, environment), request, limits)
        return reply if isinstance(reply, Answer) else Answer(None, Status.RAISED, f"its process sent {type(reply)}")
    except _WorkerEndedError as error:
        return Answer(None, error.status, str(error), seconds=time.perf_counter() - started)
    except UnusableProgramError as error:
        return Answer(None, Status.UNUSABLE, str(error))


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

    Raises StabilityLabError where that process ends instead, or the method raises.
    """
    reply = _reply((worker.name, python, environment), (module, name, (method,), False), LIMITS)
    if isinstance(reply, Answer):
        raise _WorkerEndedError(reply.failed or Status.RAISED, reply.note)
    return str(reply)


def _reply(place: tuple[str, str, Mapping[str, str]], request: tuple[Any, ...], limits: Limits) -> Any:
    """The reply of the worker of a library, interpreter and environment; threads of this process take turns."""
    while True:
        worker = _worker(*place)
        with worker.turn:
            if not worker.ended:  # by another thread, meanwhile
                return worker.ask(request, limits)


class _WorkerEndedError(StabilityLabError):
    """The worker process ended instead of answering, or gave no version; status: TIMED_OUT, DIED or the answer's."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Worker:
    """A worker process, and the queue of the frames that it sent; None in the queue means that there will be no more.

    turn: held by the thread that waits for an answer.
    """

    def __init__(self, python: str, environment: Mapping[str, str] = NO_CHANGE) -> None:
        self.mark = processes.new_mark()
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self.printed = 0  # bytes that it had printed before the current request
        try:
            self.process = subprocess.Popen(
                worker_command(python),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.output,
                env={**processes.marked_environment(self.mark), **ONE_THREAD, **environment},
                start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends this one
            )
        except OSError as error:
            self.output.close()
            raise UnusableProgramError(f"{python} cannot be started here: {error.strerror}") from None
        self.frames: SimpleQueue[tuple[bytes, bytes] | None] = SimpleQueue()
        self.turn = Lock()
        self.fresh = True
        self.ended = self.swept = False
        Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return not self.ended and self.process.poll() is None

    def ask(self, request: tuple[Any, ...], limits: Limits) -> Any:
        """The reply to a request. Raises _WorkerEndedError when the process died or was stopped at a limit.

        Whatever interrupts this, such as Ctrl-C, ends the process: its answer would come to the next request. That
        bears another number besides, which its answer must repeat.
        """
        allowed = limits.seconds + (STARTUP if self.fresh else 0.0)
        content = pickle.dumps((*request, allowed), pickle.HIGHEST_PROTOCOL)
        number = os.urandom(16)
        self.printed = self._bytes_printed()
        deadline = time.monotonic() + allowed
        try:
            self._send(number, content)
            reply, clean = self._received(number, deadline, limits)
        except BaseException:
            self.end()
            raise
        self.fresh = False
        if not clean:
            self.end()
        return reply

    def close_requests(self) -> None:
        """Close the standard input of the process, which then ends by itself after its current answer."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()

    def end(self) -> None:
        """Kill the process and all that it started."""
        self.ended = True
        if not self.swept:
            self.stop()
            processes.end_marked({self.mark})
            self.swept = True

    def stop(self) -> None:
        """Kill the process and its descendants, and close its pipes; those that left its tree are not looked for."""
        self.ended = True
        if self.process.poll() is None:  # else its number may be another process's
            family: list[psutil.Process] = []
            with suppress(psutil.Error):
                family = psutil.Process(self.process.pid).children(recursive=True)
            self.process.kill()
            for member in family:
                with suppress(psutil.Error):
                    member.kill()
            self.process.wait()
        self.close_requests()
        self.output.close()

    def _send(self, number: bytes, content: bytes) -> None:
        """Write a request; a long one in a thread, since a process that does not read it would block this one."""
        assert self.process.stdin is not None
        if len(content) > PIPE:
            Thread(target=self._write, args=(number, content), daemon=True).start()
        else:
            self._write(number, content)

    def _write(self, number: bytes, content: bytes) -> None:
        assert self.process.stdin is not None
        with suppress(OSError, ValueError):  # the process has ended, which whoever waits for the answer sees
            write_frame(self.process.stdin, number, content)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with suppress(OSError), self.process.stdout as stream:
            while (frame := read_frame(stream)) is not None:
                self.frames.put(frame)
        self.frames.put(None)

    def _received(self, number: bytes, deadline: float, limits: Limits) -> tuple[Any, bool]:
        """The reply with that number, and whether its process is as before."""
        while True:
            try:
                frame = self.frames.get(timeout=POLL)
            except Empty:
                if self.alive:
                    self._check(deadline, limits)
                    continue
                frame = self._last_frame()
            if frame is None:
                self._died()
            if frame[0] != number:
                raise _WorkerEndedError(Status.DIED, "its process sent something else than the answer to this call")
            try:
                reply: tuple[Any, bool] = pickle.loads(frame[1])
            except Exception as error:
                note = f"returned what cannot be read outside of its process: {said(error)}"
                return Answer(None, Status.RAISED, note), True
            return reply

    def _last_frame(self) -> tuple[bytes, bytes] | None:
        """What a process that has ended sent before; there is no end of its pipe while a child that it forked lives."""
        try:
            return self.frames.get(timeout=POLL)
        except Empty:
            return None

    def _check(self, deadline: float, limits: Limits) -> None:
        if time.monotonic() > deadline:
            raise _WorkerEndedError(Status.TIMED_OUT, f"stopped after {limits.seconds:g} s")
        resident = self._resident()
        if resident > limits.resident:
            raise _WorkerEndedError(Status.DIED, f"stopped at {resident / 2**30:.1f} GiB of resident memory")
        if self._bytes_printed() - self.printed > OUTPUT:
            os.truncate(self.output.fileno(), 0)  # what comes next stands behind a hole, which takes no space
            self.printed = self._bytes_printed()

    def _resident(self) -> int:
        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            total = 0
            for member in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    total += member.memory_info().rss
            return total
        return 0

    def _died(self) -> NoReturn:
        """Raise the error that says how the process ended, with the last line that it printed in this call."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SHUTDOWN)
        code = self.process.returncode
        if code is None:  # so that it has closed the pipe
            raise _WorkerEndedError(Status.DIED, f"its process {self._became()}")
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        line = self._last_line()
        raise _WorkerEndedError(Status.DIED, f"its process ended {how}{line and ': '}{line}")

    def _became(self) -> str:
        with suppress(psutil.Error):
            command = psutil.Process(self.process.pid).cmdline()
            if command and command != worker_command(command[0]):
                return f"became another program: {shortened(' '.join(command))}"
        return "closed the pipe for its answer"

    def _bytes_printed(self) -> int:
        return os.fstat(self.output.fileno()).st_size

    def _last_line(self) -> str:
        """The last line that it printed since the request; "" where there is none, or the system cannot tell."""
        if not hasattr(os, "pread"):  # Windows: to read there would move the place at which the process writes
            return ""
        start = max(self.printed, self._bytes_printed() - LINE)
        lines = os.pread(self.output.fileno(), LINE, start).decode("utf-8", "replace").strip("\0 \n").splitlines()
        return lines[-1].strip() if lines else ""


_workers: dict[tuple[str, str, frozenset[tuple[str, str]]], _Worker] = {}
_lock = Lock()


def _worker(name: str, python: str, environment: Mapping[str, str] = NO_CHANGE) -> _Worker:
    """The worker of a library under an interpreter; started where there is none, or where it has ended."""
    key = name, python, frozenset(environment.items())
    with _lock:
        worker = _workers.get(key)
        if worker is None or not worker.alive:
            if worker is not None:
                worker.end()
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
            worker.stop()
        if _workers:
            processes.end_marked({worker.mark for worker in _workers.values()})
        _workers.clear()


def _forget_all() -> None:
    """In a forked child: its parent's workers answer its parent."""
    global _lock
    _lock = Lock()
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
