"""Programs that are not Python: a session that stays open for many questions, and numbers that arrive as they left.

Numbers go exactly, in binary or as hexadecimal floats, where a program can read them. Where it cannot they go with 17
significant digits, which a correct reader turns back into the same doubles; the program prints them again, and what
its reader made of them is measured.
"""

import atexit
import subprocess
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array
from stabilitylab.errors import StabilityLabError

END = "-- end of answer --"  # the line with which a session's program ends each answer


class ProgramError(StabilityLabError, RuntimeError):
    """A program ended, or said that it failed; the message is what it said."""


class Session:
    """A running program: a question is text on its standard input, the answer its output up to the line END.

    The program's standard error is heard too. command: what starts it; the program must read until its input ends.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        atexit.register(self.end)

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
        raise ProgramError(f"{self.command[0]} ended: {''.join(lines).strip() or 'without a word'}")

    def end(self) -> None:
        """Stop the program."""
        self.process.kill()
        self.process.wait()
        atexit.unregister(self.end)


_sessions: dict[tuple[str, ...], Session] = {}


def session(command: tuple[str, ...]) -> Session:
    """The session of a command, started when it is first asked for and when the last one has ended."""
    found = _sessions.get(command)
    if found is None or not found.alive:
        found = _sessions[command] = Session(command)
    return found


def decimal(value: float) -> str:
    """17 significant digits: a reader that rounds correctly turns them back into the same double."""
    return f"{value:.17g}"


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
