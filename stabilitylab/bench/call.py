"""Calls a function in this process and returns an Answer: its result, or how it failed, and the warnings it raised."""

import os
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import numpy as np

from stabilitylab.bench.state import unchanged_state
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import (
    Breakdown,
    InputError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
    StabilityLabError,
    UnusableProgramError,
)
from stabilitylab.core.plain_fit import plain_fit
from stabilitylab.core.types import Fit, Status

HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
REFUSALS = (
    Breakdown,
    np.linalg.LinAlgError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
)
# What the dynamic linkers of Linux and macOS say; Python raises it as ImportError, ctypes as OSError.
UNLOADED = re.compile("cannot open shared object file|Library not loaded|image not found|undefined symbol")

LONGEST = 2000  # characters kept of one text that a route gave: some libraries put a whole matrix into a message
MOST = 50  # warnings kept of one call


@dataclass(frozen=True, eq=False)
class Answer:
    """The outcome of one call of a route.

    fit: the result, as plain data; None where the call failed. failed: how it did (REFUSED, RAISED, UNUSABLE, TIMED_OUT
    or DIED); None where it returned. note: the error message. warnings: the Python warnings that a user would see, each
    once, as "Category: text". seconds: wall-clock time of the call. value_error: whether it failed by a ValueError,
    with which Python says that an argument is not taken. changed: the positions of the arguments that the call changed,
    where it was watched for that. changed_state: what it changed in its process, in the words of `unchanged_state`;
    that was set back.
    """

    fit: Fit | None
    failed: Status | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    value_error: bool = False
    changed: tuple[int, ...] = ()
    changed_state: tuple[str, ...] = ()


def answer_of(function: Callable[..., Any], arguments: Sequence[Any], *, watched: bool = False) -> Answer:
    """Call function(*arguments) on one BLAS thread, and record its warnings; no Exception or SystemExit gets out.

    The state of the process is set back afterwards (see `unchanged_state`). A child process that the function forked,
    and that returns from it too, ends here: the caller continues once. watched: whether arrays among the arguments are
    compared with copies afterwards, for `Answer.changed`.
    """
    copies = [np.array(a, order="K") if watched and isinstance(a, np.ndarray) else None for a in arguments]
    process = os.getpid()
    try:
        with unchanged_state() as state:
            answer = _called(function, arguments)
    finally:
        if os.getpid() != process:
            os._exit(0)
    pairs = enumerate(zip(arguments, copies, strict=True))
    changed = tuple(j for j, (a, copy) in pairs if copy is not None and not _same(a, copy))
    return replace(answer, changed=changed, changed_state=tuple(state)) if changed or state else answer


def _called(function: Callable[..., Any], arguments: Sequence[Any]) -> Answer:
    caught: list[warnings.WarningMessage] = []
    started = time.perf_counter()
    try:
        with one_blas_thread(), warnings.catch_warnings(record=True, action="always") as caught:
            # Python by default hides these categories from the user of a library.
            for category in HIDDEN:
                warnings.simplefilter("ignore", category)
            started = time.perf_counter()
            result = function(*arguments)
        seconds = time.perf_counter() - started
    except (Exception, SystemExit) as error:
        seconds = time.perf_counter() - started
        return replace(failure(error), warnings=_texts(caught), seconds=seconds)
    try:
        fit = plain_fit(result)
    except Exception as error:
        note = str(error) if isinstance(error, InputError) else f"returned what is no array of numbers: {said(error)}"
        return Answer(None, Status.RAISED, note, _texts(caught), seconds)
    if len(fit.note) > LONGEST:
        fit = replace(fit, note=shortened(fit.note))
    return Answer(fit, warnings=_texts(caught), seconds=seconds)


def failure(error: BaseException) -> Answer:
    """The Answer of a call that raised this error."""
    failed = Status.UNUSABLE if _keeps_from_starting(error) else Status.REFUSED if _refuses(error) else Status.RAISED
    return Answer(None, failed, said(error), value_error=isinstance(error, ValueError))


def shortened(text: str) -> str:
    """A text of more than LONGEST characters as its beginning, its length and its end."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} … ({len(text):,} characters) … {text[-LONGEST // 4 :]}"


def said(error: BaseException) -> str:
    """The message of an error, with the name of its type unless it is this package's; shortened."""
    text = _text(error)
    return shortened(text if isinstance(error, StabilityLabError) else f"{type(error).__name__}: {text}")


def _text(message: object) -> str:
    try:
        return str(message)
    except Exception as error:
        return f"its text cannot be read, {type(error).__name__}"


def _keeps_from_starting(error: BaseException) -> bool:
    """Whether an error says that the library or program of a route did not start: the route never saw the data.

    That is an import that failed, whatever was raised in it; a shared library that was not found; a program that the
    system could not execute.
    """
    if isinstance(error, ImportError | UnusableProgramError):
        return True
    if isinstance(error, OSError) and UNLOADED.search(_text(error)):
        return True
    places = list(_places(error.__traceback__))
    executing = isinstance(error, OSError) and places[-1:] == [("subprocess", "_execute_child")]
    return executing or any(name == "<module>" for _, name in places)


def _places(traceback: TracebackType | None) -> list[tuple[str, str]]:
    """(module, name of the function) for each frame; the body of a module that is imported is named "<module>".

    So is what `exec` and `eval` run, which does not come from the file of its module and is left out."""
    places = []
    while traceback is not None:
        code, names = traceback.tb_frame.f_code, traceback.tb_frame.f_globals
        if code.co_name != "<module>" or code.co_filename == names.get("__file__"):
            places.append((str(names.get("__name__")), code.co_name))
        traceback = traceback.tb_next
    return places


def _same(a: Array, copy: Array) -> bool:
    """Whether an array is what its copy is, number for number and NaN for NaN."""
    if (a.shape, a.dtype) != (copy.shape, copy.dtype):
        return False
    return bool(((a == copy) | ((a != a) & (copy != copy))).all())


def _refuses(error: BaseException) -> bool:
    """Whether an error says that the problem cannot be solved; some libraries have a LinAlgError of their own."""
    return isinstance(error, REFUSALS) or type(error).__name__.endswith("LinAlgError")


def _texts(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    texts = tuple(dict.fromkeys(shortened(f"{w.category.__name__}: {_text(w.message)}") for w in caught))
    return texts if len(texts) <= MOST else (*texts[:MOST], f"and {len(texts) - MOST:,} other warnings")
