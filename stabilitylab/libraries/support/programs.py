"""Programs that are not Python: a session that stays open for many questions, and numbers that arrive as they left.

Numbers go exactly, as the doubles of a binary file, where a program can read them; where it reads text only, what its
reader made of them is measured. Answers come in lines "key: value", with 17 digits, which make the same doubles again.
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
from stabilitylab.core.errors import Breakdown, StabilityLabError
from stabilitylab.core.types import Fit

END = "-- end of answer --"  # the line with which a session's program ends each answer


class ProgramError(StabilityLabError, RuntimeError):
    """A program ended, or did not answer as agreed; the message is what it said."""


class RejectedError(ProgramError, ValueError):
    """A program said that it cannot answer for these data."""


class SingularError(RejectedError, Breakdown):
    """A program said that it cannot answer because a matrix is singular."""


class Session:
    """A running program: a question is text on its standard input, the answer its output up to the line END.

    The program's standard error is heard too. command: what starts it; the program must read until its input ends.
    opening: the first question, to which END is the answer: the program is ready. files: texts by name, in the folder
    where the program starts; that folder, its home too, is removed as soon as the program is ready.
    """

    def __init__(self, command: Sequence[str], opening: str = "", files: Mapping[str, str] | None = None) -> None:
        self.command = tuple(command)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (files or {}).items():
                (Path(folder) / name).write_text(text, "utf-8")
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
            atexit.register(self.end)
            self.ask(opening)

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self.process.poll() is None

    def ask(self, question: str) -> str:
        """The answer to a question. Raises ProgramError when the program ends instead."""
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
        self.end()
        raise ProgramError(f"{self.command[0]} ended: {' '.join(''.join(lines).split()) or 'without a word'}")

    def end(self) -> None:
        """Stop the program, and those that it started: some are scripts around the program proper."""
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
    """The session of a command and what it starts with, started when it is first asked for or the last one ended."""
    key = (*command, opening, *(files or {}).values())
    found = _sessions.get(key)
    if found is None or not found.alive:
        found = _sessions[key] = Session(command, opening, files)
    return found


def failure(said: str) -> RejectedError:
    """The error for what a program said that is wrong with the data: a SingularError where that is it.

    LAPACK's dtrtrs, which solves with a triangle, fails for no other reason."""
    text = " ".join(said.split())
    singular = re.search("singular|collinear|rank deficient|positive definite|dtrtrs", text, re.IGNORECASE)
    return SingularError(text) if singular else RejectedError(text)


def fit(answer: str) -> Fit:
    """The Fit that an answer describes, in lines "key: value"; what else a program prints is passed over.

    x, standard_errors: numbers; r_squared, rank, iterations: one number; dropped: indices from 0; note: text. A line
    "warning: ..." becomes a Python warning. Raises RejectedError, or SingularError, for a line "error: ...", and
    ProgramError where there is no x.
    """
    lines = re.findall(r"^(\w+): *(.*)$", answer, re.MULTILINE)
    for text in (value.strip() for key, value in lines if key == "warning"):
        warnings.warn(text, stacklevel=3)
    said = dict(lines)
    if "error" in said:
        raise failure(said["error"])
    if "x" not in said:
        raise ProgramError(f"no coefficients in {answer.strip()!r}")
    return Fit(
        numbers(said["x"]),
        rank=int(said["rank"]) if "rank" in said else None,
        iterations=int(said["iterations"]) if "iterations" in said else None,
        standard_errors=numbers(said["standard_errors"]) if "standard_errors" in said else None,
        r_squared=float(said["r_squared"]) if "r_squared" in said else None,
        note=said.get("note", ""),
        dropped=tuple(int(word) for word in said.get("dropped", "").split()),
    )


@contextmanager
def doubles(*arrays: npt.ArrayLike, name: str = "data", header: bytes = b"") -> Iterator[str]:
    """The path of a binary file: a header, and the doubles of some arrays, column by column; gone after the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(header + b"".join(np.asarray(a, dtype=np.float64).tobytes("F") for a in arrays))
        yield path.as_posix()


def reader_ulps(sent: npt.ArrayLike, read: npt.ArrayLike) -> float:
    """The largest difference between what was sent and what a program read, in units in the last place; 0 for none."""
    a, b = np.asarray(sent, dtype=np.float64).ravel(), np.asarray(read, dtype=np.float64).ravel()
    if a.shape != b.shape:
        raise ProgramError(f"{a.size} numbers were sent, and {b.size} came back")
    return float(np.max(np.abs(a - b) / np.spacing(np.abs(a)), initial=0.0))


def numbers(text: str) -> Array:
    """The numbers of a text, separated by white space. Raises ProgramError where it is none."""
    try:
        return np.array([float(word) for word in text.split()])
    except ValueError:
        raise ProgramError(f"expected numbers; got {text.strip()!r}") from None
