"""Programs that are not Python: a process that stays open for many requests, and exact transfer of float64 data.

Data go to the program as float64 in a binary file where it can read that; where it reads text only, the numbers that it
read are compared with those sent (`reader_ulps`). Results come back in lines "key: value" with 17 significant digits,
which determine a float64.
"""

import atexit
import os
import re
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.environment import ONE_THREAD
from stabilitylab.core.errors import Breakdown, StabilityLabError, UnusableProgramError
from stabilitylab.core.types import Fit

END = "-- end of answer --"  # the line with which the program ends each answer
NOT_EXECUTED = (126, 127)  # exit codes of shells, and of dynamic linkers, for a program that they could not execute
UNLOADED = re.compile("error while loading shared libraries|Library not loaded|symbol lookup error")


class ProgramError(StabilityLabError, RuntimeError):
    """A program ended, or its output is not in the agreed form; the message holds that output."""


class RejectedError(ProgramError, ValueError):
    """A program reported an error for these data."""


class SingularError(RejectedError, Breakdown):
    """A program reported that a matrix is singular."""


class Session:
    """A running program: requests go to its standard input, an answer is its output up to the line END.

    Standard error counts as output. command: the command line; the program must read requests until its input ends.
    opening: the first request, which END must follow when the program is ready. files: text files by name, written to
    the folder in which the program starts, its working and home directory; removed when the program is ready. Raises
    UnusableProgramError where the program cannot be executed, or ends before it is ready: it has seen no data then.
    """

    def __init__(self, command: Sequence[str], opening: str = "", files: Mapping[str, str] | None = None) -> None:
        self.command = tuple(command)
        self.owner = os.getpid()
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (files or {}).items():
                (Path(folder) / name).write_text(text, "utf-8")
            try:
                self.process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    cwd=folder,
                    env={**os.environ, **ONE_THREAD, "LC_ALL": "C.UTF-8", "HOME": folder},
                )
            except OSError as error:
                raise unusable(self.command[0], error.strerror) from None
            atexit.register(self.end)
            try:
                self.ask(opening)
            except ProgramError as error:
                raise unusable(self.command[0], str(error).partition(": ")[2]) from None

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self.process.poll() is None

    def ask(self, question: str) -> str:
        """The answer to a request. Raises ProgramError when the program ends instead.

        An interruption, such as Ctrl-C, ends the program: its answer would be taken for that to the next request."""
        try:
            return self._answer(question)
        except BaseException:
            self.end()
            raise

    def _answer(self, question: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        lines: list[str] = []
        with suppress(BrokenPipeError):
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            if line.rstrip() == END:
                return "".join(lines)
            lines.append(line)
        raise ProgramError(f"{self.command[0]} ended: {' '.join(''.join(lines).split()) or 'without output'}")

    def end(self) -> None:
        """Kill the program and its descendants: some commands are scripts that start the program.

        Nothing where this process was forked from the one that started it."""
        if os.getpid() != self.owner:
            return
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        self.process.kill()
        with suppress(BrokenPipeError), self.process:  # which closes its pipes and waits
            pass
        atexit.unregister(self.end)


_sessions: dict[tuple[str, ...], Session] = {}


def session(command: Sequence[str], opening: str = "", files: Mapping[str, str] | None = None) -> Session:
    """The session with these arguments; started where there is none, or where it has ended."""
    key = (*command, opening, *(files or {}).values())
    running = _sessions.get(key)
    if running is None or not running.alive:
        running = _sessions[key] = Session(command, opening, files)
    return running


if hasattr(os, "register_at_fork"):  # the programs of a process answer that process, and not its forked children
    os.register_at_fork(after_in_child=_sessions.clear)


def ran(
    command: Sequence[str], *, input: str | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a program printed that was run once, and its exit code.

    Raises UnusableProgramError where it, its interpreter or a shared library that it needs is not here."""
    try:
        done = subprocess.run(command, input=input, capture_output=True, text=True, env=env, check=False)
    except OSError as error:
        raise unusable(command[0], error.strerror) from None
    if done.returncode in NOT_EXECUTED or UNLOADED.search(done.stderr):
        raise unusable(command[0], done.stderr)
    return done


def unusable(program: str, reason: str | None) -> UnusableProgramError:
    """The exception for a program that could not be started."""
    return UnusableProgramError(
        f"{program} could not be started here: {' '.join((reason or '').split()) or 'no reason'}"
    )


def failure(message: str) -> RejectedError:
    """The exception for a program's error message: a SingularError where it names a singular matrix.

    Or LAPACK's dtrtrs, a triangular solve, which fails for no other reason."""
    text = " ".join(message.split())
    singular = re.search("singular|collinear|rank deficient|positive definite|dtrtrs", text, re.IGNORECASE)
    return SingularError(text) if singular else RejectedError(text)


def fit(answer: str) -> Fit:
    """The Fit that an answer describes in lines "key: value"; other lines are ignored.

    x, standard_errors: numbers; r_squared, rank, iterations: one number; dropped: indices from 0; note: text. A line
    "warning: ..." becomes a Python warning. Raises RejectedError, or SingularError, for a line "error: ...", and
    ProgramError where there is no x.
    """
    lines = re.findall(r"^(\w+): *(.*)$", answer, re.MULTILINE)
    for text in (value.strip() for key, value in lines if key == "warning"):
        warnings.warn(text, stacklevel=3)
    values = dict(lines)
    if "error" in values:
        raise failure(values["error"])
    if "x" not in values:
        raise ProgramError(f"no coefficients in {answer.strip()!r}")
    return Fit(
        numbers(values["x"]),
        rank=int(values["rank"]) if "rank" in values else None,
        iterations=int(values["iterations"]) if "iterations" in values else None,
        standard_errors=numbers(values["standard_errors"]) if "standard_errors" in values else None,
        r_squared=float(values["r_squared"]) if "r_squared" in values else None,
        note=values.get("note", ""),
        dropped=tuple(int(word) for word in values.get("dropped", "").split()),
    )


@contextmanager
def doubles(*arrays: npt.ArrayLike, name: str = "data", header: bytes = b"") -> Iterator[str]:
    """The path of a binary file: a header, and arrays as float64 in column-major order; removed after the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(header + b"".join(np.asarray(a, dtype=np.float64).tobytes("F") for a in arrays))
        yield path.as_posix()


def reader_ulps(sent: npt.ArrayLike, read: npt.ArrayLike) -> float:
    """The largest difference of the numbers sent and those that a program read, in units in the last place."""
    a, b = np.asarray(sent, dtype=np.float64).ravel(), np.asarray(read, dtype=np.float64).ravel()
    if a.shape != b.shape:
        raise ProgramError(f"{a.size} numbers were sent, and {b.size} came back")
    return float(np.max(np.abs(a - b) / np.spacing(np.abs(a)), initial=0.0))


def numbers(text: str) -> Array:
    """The numbers of a text, separated by white space. Raises ProgramError for a word that is no number."""
    try:
        return np.array([float(word) for word in text.split()])
    except ValueError:
        raise ProgramError(f"expected numbers; got {text.strip()!r}") from None
