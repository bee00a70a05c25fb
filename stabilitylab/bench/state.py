"""State of this process that a call of a route finds and leaves as it was: working directory, locale, rounding mode."""

import ctypes
import gc
import importlib
import locale
import os
import platform
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

FINISHING = 0.05  # seconds that threads of a call have to end by themselves before they count as left running
_ENVIRONMENT_BYTES = 64  # more than glibc's fenv_t takes: 32 bytes on x86-64, 8 on AArch64


@contextmanager
def unchanged_state() -> Iterator[list[str]]:
    """Sets the state of this process back after the block to what it was before; the list then says what had changed.

    The entries are phrases such as "changed the working directory". Covered: working directory, environment variables,
    locale, signal handlers, the interval timer, file mode mask, recursion limit, garbage collection, standard streams,
    NumPy's error handling and print options, and of the floating-point unit the rounding direction, the treatment of
    subnormal numbers and the precision of x87. Python threads that the block started and that still run are named, but
    not ended: Python cannot end them. Not seen: handlers and variables set in C behind Python's back, and the state of
    random number generators, which is the library's own.
    """
    changed: list[str] = []
    before, threads = _state(), set(threading.enumerate())
    try:
        yield changed
    finally:
        after = _state()
        if after != before:
            for (name, restore), old, new in zip(_PARTS, before, after, strict=True):
                if old != new:
                    restore(old)
                    changed.append(f"changed {name}")
        changed.extend(f"left the thread {thread.name!r} running" for thread in new_threads(threads))


def new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    """The Python threads that run now and not before; threads of a native library that only call Python are none."""
    if threading.active_count() == len(before):
        return []
    new = [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]
    for thread in new:
        thread.join(FINISHING / len(new))
    return [thread for thread in new if thread.is_alive()]


# --- working directory, environment variables


def _directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was removed
        return None


def _set_directory(path: str | None) -> None:
    if path is not None:
        with suppress(OSError):  # it was removed
            os.chdir(path)


def _set_variables(before: dict[Any, Any]) -> None:
    now = dict(os.environ._data)  # type: ignore[attr-defined]
    for key in now.keys() | before.keys():
        if key not in before:
            del os.environ[os.fsdecode(key)]
        elif now.get(key) != before[key]:
            os.environ[os.fsdecode(key)] = os.fsdecode(before[key])


def _file_mode_mask() -> int:
    mask = os.umask(0o077)  # it cannot be read alone; a file that another thread makes meanwhile is too private at most
    os.umask(mask)
    return mask


def _set_file_mode_mask(mask: int) -> None:
    os.umask(mask)


def _set_locale(name: str) -> None:
    locale.setlocale(locale.LC_ALL, name)


# --- signals: Python sets handlers in its main thread only

_SIGNALS = tuple(sorted(signal.valid_signals()))
_HAS_TIMER = hasattr(signal, "getitimer")  # not on Windows
# What `signal.getsignal` calls to make an Enum of the result.
_handler: Callable[[int], Any] = importlib.import_module("_signal").getsignal


def _set_handlers(handlers: list[Any]) -> None:
    if threading.current_thread() is threading.main_thread():
        for number, handler in zip(_SIGNALS, handlers, strict=True):
            if handler is not None and _handler(number) != handler:
                signal.signal(number, handler)


def _stop_timer(was_set: bool) -> None:
    if not was_set:
        signal.setitimer(signal.ITIMER_REAL, 0)


# --- NumPy and the floating-point unit


def _c_math() -> Any:
    """The C library with fegetenv and fesetenv, with which Python itself is linked; None where it is not found."""
    with suppress(OSError, TypeError, AttributeError):
        library = ctypes.PyDLL(None)  # which holds the interpreter's lock: the calls take nanoseconds
        return library if library.fegetenv and library.fesetenv else None
    return None


def _control_bits() -> int:
    """The bits of fenv_t, as a little-endian integer, that are modes and no flags; 0 where its layout is unknown.

    x86-64: the control word of x87 in bytes 0 and 1, and MXCSR in bytes 28 to 31, whose lowest six bits are flags.
    AArch64: FPCR in bytes 0 to 3. Source: glibc, sysdeps/x86/fpu/bits/fenv.h and sysdeps/aarch64/fpu/bits/fenv.h.
    """
    if platform.system() != "Linux":
        return 0
    return {"x86_64": 0xFFFF | (0xFFFFFFC0 << 8 * 28), "aarch64": 0xFFFFFFFF}.get(platform.machine(), 0)


_C, _CONTROL = _c_math(), _control_bits()
_Environment = ctypes.c_char * _ENVIRONMENT_BYTES


def _floating_point() -> int:
    if _C is None or not _CONTROL:
        return 0
    saved = _Environment()
    _C.fegetenv(saved)
    return int.from_bytes(saved.raw, "little") & _CONTROL


def _set_floating_point(modes: int) -> None:
    """Set the modes; the flags, which are 0 in `modes`, are cleared."""
    _C.fesetenv(modes.to_bytes(_ENVIRONMENT_BYTES, "little"))


def _set_collection(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()


def _set_streams(before: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr = before


def _state() -> tuple[Any, ...]:
    """All that `unchanged_state` covers, in the order of _PARTS.

    Read at once and as stored: to decode every variable, or to make an Enum of each handler, as the public functions
    do, would take longer than a short solve.
    """
    return (
        _floating_point(),
        _directory(),
        dict(os.environ._data),  # type: ignore[attr-defined]
        locale.setlocale(locale.LC_ALL),
        list(map(_handler, _SIGNALS)),
        _HAS_TIMER and signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        _file_mode_mask(),
        sys.getrecursionlimit(),
        gc.isenabled(),
        (sys.stdin, sys.stdout, sys.stderr),
        np.geterr(),
        np.get_printoptions(),
    )


# The floating-point unit comes first, so that nothing that is computed here is rounded in another way.
_PARTS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("the modes of the floating-point unit", _set_floating_point),
    ("the working directory", _set_directory),
    ("environment variables", _set_variables),
    ("the locale", _set_locale),
    ("signal handlers", _set_handlers),
    ("the interval timer", _stop_timer),
    ("the file mode mask", _set_file_mode_mask),
    ("the recursion limit", sys.setrecursionlimit),
    ("garbage collection", _set_collection),
    ("the standard streams of Python", _set_streams),
    ("NumPy's error handling", lambda modes: np.seterr(**modes)),
    ("NumPy's print options", lambda options: np.set_printoptions(**options)),
)
"""For each value of `_state` its name, and how it is set to what it was."""
