"""What a route says when it is called, whatever happens: the only place where its exceptions become data."""

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

UNHEARD = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
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
    """fit: what came back, None where nothing did. failed: how the call ended then, and note what was said;
    value_error: whether by a ValueError, with which Python says that an argument is not taken.

    heard: what the caller could hear: warnings, once each, as "Category: text". changed: the positions of the arguments
    that the call changed, where it was watched for that.
    """

    fit: Fit | None
    failed: Status | None = None
    note: str = ""
    heard: tuple[str, ...] = ()
    seconds: float = 0.0
    value_error: bool = False
    changed: tuple[int, ...] = ()


def answer_of(function: Callable[..., Any], arguments: Sequence[Any], *, watched: bool = False) -> Answer:
    """Call the function with one BLAS thread and ears for its warnings.

    watched: whether arrays among the arguments are held against copies afterwards, for `Answer.changed`.
    """
    if watched:
        copies = [np.array(a, order="K") if isinstance(a, np.ndarray) else None for a in arguments]
        answer = answer_of(function, arguments)
        pairs = enumerate(zip(arguments, copies, strict=True))
        return replace(answer, changed=tuple(j for j, (a, copy) in pairs if copy is not None and not _same(a, copy)))
    heard: list[warnings.WarningMessage] = []
    started = time.perf_counter()
    try:
        with one_blas_thread(), warnings.catch_warnings(record=True, action="always") as heard:
            # What Python does not show outside a test or __main__ is no warning to the user of a library.
            for unheard in UNHEARD:
                warnings.simplefilter("ignore", unheard)
            started = time.perf_counter()
            result = function(*arguments)
        seconds = time.perf_counter() - started
        fit = result if isinstance(result, Fit) else Fit(np.asarray(result))
    except (Exception, SystemExit) as error:
        failed = Status.REFUSED if _refuses(error) else Status.RAISED
        seconds = time.perf_counter() - started
        return Answer(None, failed, _said(error), _texts(heard), seconds, isinstance(error, ValueError))
    return Answer(fit, heard=_texts(heard), seconds=seconds)


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


def _texts(heard: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in heard))
