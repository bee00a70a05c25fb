"""The process in which the routes of one library run: `isolation` starts it, and is its other end.

Requests come over standard input and answers go over standard output, pickled, between two processes of ours. What a
library prints goes to standard error.
"""

import faulthandler
import importlib
import os
import pickle
import sys
from typing import Any, BinaryIO

from stabilitylab.bench.call import Answer, answer_of

SPARE = 60.0  # seconds beyond its limit after which the process ends itself, should nobody be left to end it


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the requests end: (module, name, arguments, watched, seconds).

    The answer is an Answer where the name is that of a route, and the version where it is that of a Library.
    """
    with open(os.devnull, "w") as nowhere:
        while True:
            try:
                request = pickle.load(requests)
            except EOFError:
                return
            faulthandler.dump_traceback_later(request[-1] + SPARE, exit=True, file=nowhere)
            pickle.dump(_answered(*request[:-1]), answers)
            answers.flush()
            faulthandler.cancel_dump_traceback_later()


def _answered(module: str, name: str, arguments: tuple[Any, ...], watched: bool) -> Answer | str:
    found = getattr(importlib.import_module(module), name)
    if not callable(found):
        return str(found.version())
    return answer_of(found, arguments, watched=watched)


def main() -> None:
    """Keep the two channels for ourselves, so that nothing a library prints can be taken for an answer."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    serve(requests, answers)
