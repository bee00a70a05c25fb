"""What the numbers depend on besides the problem: versions, BLAS and its threads, processor, source code."""

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_info

from stabilitylab.core import lapack

# As many processes as cores, so that a second BLAS thread in each would only wait for the others.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

PACKAGES = ("numpy", "scipy", "mpmath", "python-flint")


@lru_cache(maxsize=1)
def stamp() -> dict[str, Any]:
    """The environment as a flat record; paths and dates are left out, so that equal environments give equal stamps."""
    from stabilitylab.core.blas import system_blas

    lapack.load()  # so that its BLAS is among those listed
    blas = [
        {key: info.get(key) for key in ("internal_api", "version", "architecture", "threading_layer")}
        for info in threadpool_info()
        if info.get("user_api") == "blas"
    ]
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "packages": {name: _version(name) for name in PACKAGES},
        "blas": sorted(blas, key=str),  # they are listed in an order that differs from process to process
        "system BLAS": system_blas(),  # of programs, such as R
        "longdouble bits": int(np.finfo(np.longdouble).nmant) + 1,
    }


def digest() -> str:
    """SHA-256 of stamp: rows made under different stamps are not mixed."""
    return hashlib.sha256(repr(stamp()).encode()).hexdigest()


@lru_cache(maxsize=1)
def source_hash() -> str:
    """SHA-256 of every source and data file of the package: a row made by other code is not this code's row."""
    return hash_of(package_folder())


def package_folder() -> Path:
    """The folder of the package, which holds all its rooms."""
    return Path(__file__).parents[1]


def hash_of(folder: Path) -> str:
    """SHA-256 of the names and contents of all sources and data in a folder and the folders in it."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".csv", ".json"):
            total.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS on one thread inside the block: bits differ between thread counts.

    As `threadpoolctl.ThreadpoolController.limit`, which also asks every library for its name, version and processor:
    that takes as long as a small solve, twice. A BLAS that is loaded inside the block is not limited, which is why
    SciPy's is loaded before, except in a process whose environment limits each as it is loaded (ONE_THREAD).
    """
    before = [(blas, blas.get_num_threads()) for blas in _controller().lib_controllers if blas.user_api == "blas"]
    for blas, threads in before:
        if threads != 1:
            blas.set_num_threads(1)
    try:
        yield
    finally:
        for blas, threads in before:
            if blas.get_num_threads() != threads:
                blas.set_num_threads(threads)


def blas_thread_counts() -> tuple[int, ...]:
    """How many threads each BLAS of this process may take now."""
    return tuple(one.num_threads for one in _controller().lib_controllers if one.user_api == "blas")


def _version(name: str) -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _controller() -> ThreadpoolController:
    """The thread pools of this process: those of SciPy too, unless it is not loaded and will start with one thread."""
    if not lapack.is_loaded() and any(os.environ.get(name) != one for name, one in ONE_THREAD.items()):
        lapack.load()
    return _pools(lapack.is_loaded())


@lru_cache(maxsize=2)
def _pools(with_scipy: bool) -> ThreadpoolController:
    return ThreadpoolController()
