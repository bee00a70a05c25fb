"""The main loop of the process in which the routes of one library run; `bench.isolation` starts and stops it.

Requests come on standard input and answers go to standard output, both pickled; both processes are this package's. What
a library prints is redirected to standard error.
"""

import faulthandler
import importlib
import os
import pickle
import sys
from typing import Any, BinaryIO

from stabilitylab.bench.call import Answer, answer_of

SPARE = 60.0  # seconds beyond the limit of a call after which the process ends itself, in case its parent is gone


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the requests end: (module, name, arguments, watched, seconds).

    The answer is an Answer where the name is that of a route; where it is that of a Library, the arguments name its
    method, `version` or `blas`, and the answer is a text.
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
    attribute = getattr(importlib.import_module(module), name)
    if not callable(attribute):
        return str(getattr(attribute, *arguments)())
    return answer_of(attribute, arguments, watched=watched)


def main() -> None:
    """Serve on duplicates of standard input and output, and redirect these, so that prints are not read as answers."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    serve(requests, answers)
