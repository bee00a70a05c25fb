"""Other modes of the processor, set by the C library: three directions of rounding, and subnormal numbers flushed."""

import ctypes
import ctypes.util
import platform
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

AVAILABLE = sys.platform == "linux" and platform.machine() == "x86_64"
"""Whether `in_mode` knows this system."""

ROUNDING = {"upward": 0x4000, "downward": 0x2000, "towards zero": 0x6000}  # bits 13 and 14 of MXCSR
FLUSHING = {"flush to zero": 0x8000, "denormals are zero": 0x0040, "both": 0x8040}
MODES = {**ROUNDING, **FLUSHING}
_MXCSR = 28  # its place in the environment of glibc on x86-64


@contextmanager
def in_mode(name: str) -> Iterator[None]:
    """This thread in a mode of MODES inside the block, and as it was after it."""
    libm = _libm()
    before = ctypes.create_string_buffer(512)
    libm.fegetenv(before)
    changed = ctypes.create_string_buffer(before.raw, 512)
    (mxcsr,) = struct.unpack_from("<I", changed, _MXCSR)
    struct.pack_into("<I", changed, _MXCSR, mxcsr | MODES[name])
    libm.fesetenv(changed)
    try:
        yield
    finally:
        libm.fesetenv(before)


@cache
def _libm() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("m"))  # which starts a program to find it
