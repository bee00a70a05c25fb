"""What a route says when it is called, whatever happens: the only place where its exceptions become data."""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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
    """fit: what came back, None where nothing did. failed: how the call ended then, and note what was said.

    heard: what the caller could hear: warnings, once each, as "Category: text".
    """

    fit: Fit | None
    failed: Status | None = None
    note: str = ""
    heard: tuple[str, ...] = ()
    seconds: float = 0.0


def answer_of(function: Callable[..., Any], arguments: Sequence[Any]) -> Answer:
    """Call the function with one BLAS thread and ears for its warnings."""
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
        return Answer(None, failed, _said(error), _texts(heard), time.perf_counter() - started)
    return Answer(fit, heard=_texts(heard), seconds=seconds)


def _refuses(error: BaseException) -> bool:
    """Whether an error says that the problem cannot be solved; some libraries have a LinAlgError of their own."""
    return isinstance(error, REFUSALS) or type(error).__name__.endswith("LinAlgError")


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if not isinstance(error, StabilityLabError) else str(error)


def _texts(heard: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in heard))
