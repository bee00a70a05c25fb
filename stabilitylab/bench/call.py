"""Calls a function in this process and returns an Answer: its result, or how it failed, and the warnings it raised."""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import (
    Breakdown,
    MissingLibraryError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
    StabilityLabError,
)
from stabilitylab.core.types import Fit, Status

HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
REFUSALS = (
    Breakdown,
    np.linalg.LinAlgError,
    MissingLibraryError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
)


@dataclass(frozen=True, eq=False)
class Answer:
    """The outcome of one call of a route.

    fit: the result; None where the call failed. failed: how it did (REFUSED, RAISED, TIMED_OUT or DIED); None where it
    returned. note: the error message. warnings: the Python warnings that a user would see, each once, as "Category:
    text". seconds: wall-clock time of the call. value_error: whether it failed by a ValueError, with which Python says
    that an argument is not taken. changed: the positions of the arguments that the call changed, where it was watched
    for that.
    """

    fit: Fit | None
    failed: Status | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    value_error: bool = False
    changed: tuple[int, ...] = ()


def answer_of(function: Callable[..., Any], arguments: Sequence[Any], *, watched: bool = False) -> Answer:
    """Call function(*arguments) on one BLAS thread, and record its warnings; no Exception or SystemExit gets out.

    watched: whether arrays among the arguments are compared with copies afterwards, for `Answer.changed`.
    """
    if watched:
        copies = [np.array(a, order="K") if isinstance(a, np.ndarray) else None for a in arguments]
        answer = answer_of(function, arguments)
        pairs = enumerate(zip(arguments, copies, strict=True))
        return replace(answer, changed=tuple(j for j, (a, copy) in pairs if copy is not None and not _same(a, copy)))
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
        fit = result if isinstance(result, Fit) else Fit(np.asarray(result))
    except (Exception, SystemExit) as error:
        failed = Status.REFUSED if _refuses(error) else Status.RAISED
        seconds = time.perf_counter() - started
        return Answer(None, failed, _said(error), _texts(caught), seconds, isinstance(error, ValueError))
    return Answer(fit, warnings=_texts(caught), seconds=seconds)


def _same(a: Array, copy: Array) -> bool:
    """Whether an array is what its copy is, number for number and NaN for NaN."""
    if (a.shape, a.dtype) != (copy.shape, copy.dtype):
        return False
    return bool(((a == copy) | ((a != a) & (copy != copy))).all())


def _refuses(error: BaseException) -> bool:
    """Whether an error says that the problem cannot be solved; some libraries have a LinAlgError of their own."""
    return isinstance(error, REFUSALS) or type(error).__name__.endswith("LinAlgError")


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if not isinstance(error, StabilityLabError) else str(error)


def _texts(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in caught))
