"""The floating-point mode of this thread: rounding to nearest with subnormal numbers, on which every proof rests.

A processor can round upwards, downwards or towards zero, replace results below the normal range by zero (flush to
zero, FTZ), and read such numbers as zero (denormals are zero, DAZ). The mode belongs to a thread, and a thread starts
with that of the one that made it. A library linked with `-ffast-math` sets FTZ and DAZ in the thread that loads it.
"""

import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from stabilitylab.core.errors import ProcessorModeError

if TYPE_CHECKING:  # loaded where a mode must be changed, which is seldom
    import ctypes

P = ParamSpec("P")
R = TypeVar("R")

# By their bits, for the mode in which this is imported or compiled may be another; and variables, for Python computes
# with constants when it compiles. 2**e is (e + 1023) 2**52, and 2**-1074 is 1.
_ONE, _HALF, _LARGE, _BELOW_ULP, _HALF_BELOW, _LEAST_NORMAL, _LEAST = struct.unpack(
    "<7d", struct.pack("<7q", *((e + 1023) << 52 for e in (0, -1, 60, -53, -54, -1022)), 1)
)
_ROOM = 512  # bytes for an environment: glibc has 28 or 32 on x86-64, and other systems have fewer than this


def is_default_mode() -> bool:
    """Whether this thread rounds to nearest, ties to even, and keeps subnormal results and operands.

    2**-1022 / 2 is 0 under FTZ; 2**-1074 2**60 is 0 under DAZ. 1 + 2**-53 is more than 1 under upward rounding, 1 -
    2**-54 less than 1 under downward rounding or towards zero; their negatives show the same for each direction once
    more. Cost: half a microsecond.
    """
    return bool(
        _LEAST_NORMAL * _HALF != 0.0
        and _LEAST * _LARGE != 0.0
        and _ONE + _BELOW_ULP == _ONE
        and _ONE - _HALF_BELOW == _ONE
        and -_ONE - _BELOW_ULP == -_ONE
        and _HALF_BELOW - _ONE == -_ONE
    )


@contextmanager
def default_mode() -> Iterator[None]:
    """This thread in the default mode inside the block, and as it was after it.

    Raises ProcessorModeError where the mode is another and the C library has no way to change it.
    """
    if is_default_mode():
        yield
        return
    library = _environments()
    if library is None:
        raise ProcessorModeError(_WAY_OUT)
    import ctypes

    before = ctypes.create_string_buffer(_ROOM)
    library.get(before)
    library.set(library.default)
    try:
        if not is_default_mode():
            raise ProcessorModeError(_WAY_OUT)
        yield
    finally:
        library.set(before)


def in_default_mode(function: Callable[P, R]) -> Callable[P, R]:
    """The function, run inside `default_mode` where the mode of the calling thread is another."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if is_default_mode():
            return function(*args, **kwargs)
        with default_mode():
            return function(*args, **kwargs)

    return run


_WAY_OUT = (
    "this thread does not round to nearest with subnormal numbers, so that nothing can be proven in float64: a library "
    "has changed the processor's mode (one linked with -ffast-math does); call from a thread started before it was "
    "loaded, or restore the mode with fesetenv(FE_DFL_ENV)"
)


class _Environments:
    """fegetenv and fesetenv of the C library, and what it calls FE_DFL_ENV."""

    def __init__(self, library: "ctypes.CDLL", default: Any) -> None:
        self.get, self.set, self.default = library.fegetenv, library.fesetenv, default


@cache
def _environments() -> _Environments | None:
    """The C library's access to the mode; None where it is not known how it names the default one."""
    import ctypes
    import ctypes.util

    name = ctypes.util.find_library("m") or ctypes.util.find_library("c")
    if sys.platform == "win32" or name is None:
        return None
    try:
        library = ctypes.CDLL(name)
        if sys.platform == "darwin":
            default: Any = ctypes.byref(ctypes.c_char.in_dll(library, "_FE_DFL_ENV"))
        else:
            default = ctypes.c_void_p(-1)  # in glibc and musl, which clear FTZ and DAZ with it
        return _Environments(library, default)
    except (OSError, ValueError, AttributeError):
        return None
