"""The main loop of the process in which the routes of one library run; `bench.isolation` starts and stops it.

Requests come on standard input and replies go to standard output, in frames (see `write_frame`); both processes are
this package's. What a library prints, from Python or from C, is redirected to standard error.
"""

import importlib
import os
import pickle
import signal
import struct
import sys
import threading
from dataclasses import replace
from typing import Any, BinaryIO

from stabilitylab.bench.call import Answer, answer_of, failure, said
from stabilitylab.bench.processes import adopt_orphans, end_with_parent
from stabilitylab.bench.state import new_threads
from stabilitylab.core.types import Status

SPARE = 60.0  # seconds of CPU time beyond the limit of a call, for each core, after which the process ends
CORES = os.cpu_count() or 1
_HEADER = struct.Struct("<4s16sQ")
_MAGIC = b"\x93lab"


def write_frame(stream: Any, number: bytes, content: bytes) -> None:
    """Write a message: four fixed bytes, the 16 bytes of its request's number, its length, its content."""
    stream.write(_HEADER.pack(_MAGIC, number, len(content)) + content)
    stream.flush()


def read_frame(stream: Any) -> tuple[bytes, bytes] | None:
    """(number, content) of the next message; None at the end.

    A message that does not begin as one, or is cut off, has the number b"": no request has that.
    """
    header = stream.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        return b"", b""
    _, number, length = _HEADER.unpack(header)
    content = stream.read(length)
    return (number, content) if len(content) == length else (b"", b"")


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Reply until the requests end: (module, name, arguments, watched, seconds).

    The reply is a pair. First an Answer where the name is that of a route; where it is that of a Library, the arguments
    name its method, `version` or `blas`, and the first is a text. Then whether this process is fit for another request.
    """
    process = os.getpid()
    while (frame := read_frame(requests)) is not None:
        reply = _reply(frame[1])
        if os.getpid() != process:  # a child that the route forked
            os._exit(0)
        write_frame(replies, frame[0], reply)


def _reply(content: bytes) -> bytes:
    """The pickled reply to a request; an error in making it is an Answer too."""
    threads = set(threading.enumerate())
    try:
        module, name, arguments, watched, seconds = pickle.loads(content)
        _end_after(seconds + SPARE)
        answer = _answered(module, name, arguments, watched)
    except BaseException as error:  # of every kind: KeyboardInterrupt, and the panics of libraries written in Rust
        answer = failure(error)
    _end_after(0)
    clean = not new_threads(threads)
    try:
        return pickle.dumps((answer, clean), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        note = f"returned what cannot be sent to another process: {said(error)}"
        return pickle.dumps((Answer(None, Status.RAISED, note), clean), pickle.HIGHEST_PROTOCOL)


def _end_after(seconds: float) -> None:
    """Have the system end this process after so many seconds of CPU time on every core; 0: never.

    Its parent ends it long before, or if that is gone `end_with_parent`, which compiled code can keep from running.
    """
    if hasattr(signal, "ITIMER_PROF"):
        signal.setitimer(signal.ITIMER_PROF, seconds * CORES)


def _answered(module: str, name: str, arguments: tuple[Any, ...], watched: bool) -> Answer | str:
    try:
        attribute = getattr(importlib.import_module(module), name)
    except Exception as error:
        absent = failure(error)
        return replace(absent, note=f"its process cannot load {module}.{name}: {absent.note}")
    if not callable(attribute):
        return str(getattr(attribute, *arguments)())
    return answer_of(attribute, arguments, watched=watched)


def main() -> None:
    """Serve on duplicates of standard input and output, and redirect these, so that prints are not read as answers."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    adopt_orphans()
    end_with_parent(os.getppid())
    serve(requests, replies)
