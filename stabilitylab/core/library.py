"""A real library or program on the bench: whether it is here, in which version, over which BLAS, and how to get it."""

import ctypes.util
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from stabilitylab.core import blas


@dataclass(frozen=True, kw_only=True)
class Library:
    """What the routes of one library share.

    name: the family in the names of its routes. title: as its users write it. modules, programs, shared, files: what
    must be importable, on PATH, loadable, or there. install: the command that brings it. version: asked of what is
    installed. blas_of: finds out `blas` where neither the modules nor the file of the program tell.
    distribution: its name on the Python package index, for `stabilitylab libraries --against`; "" where it has none.
    isolated: whether its routes run in a process of their own.
    """

    name: str
    title: str
    install: str
    version: Callable[[], str]
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    distribution: str = ""
    isolated: bool = True
    blas_of: Callable[[], str] | None = None

    def blas(self) -> str:
        """The BLAS and LAPACK that its process has loaded: "OpenBLAS 0.3.26 (openblas-pthread)", "none", "unknown".

        Of modules, what they have brought into this process, which is to be the one that answers
        (`bench.loaded_blas`); of a program, what is linked with it, or what `blas_of` finds in it as it runs.
        """
        if self.blas_of is not None:
            return self.blas_of()
        if self.modules:
            return blas.blas_of_modules(self.modules, self.distribution)
        if self.files:  # what answers is made by a compiler or launcher of these files, and is linked otherwise
            return blas.UNKNOWN
        paths = filter(None, map(shutil.which, self.programs[:1]))
        return next(map(blas.blas_of_program, paths), blas.NONE)

    @property
    def missing(self) -> str:
        """What is not here, with the way to get it; "" when all is."""
        return _missing(self.modules, self.programs, self.shared, self.files, self.install)


def python_library(
    name: str,
    *,
    title: str,
    modules: tuple[str, ...],
    distribution: str,
    isolated: bool = True,
    blas_of: Callable[[], str] | None = None,
) -> Library:
    """A library from the Python package index; its version is that of the distribution."""
    return Library(
        name=name,
        title=title,
        modules=modules,
        distribution=distribution,
        install=f"pip install {distribution}",
        version=lambda: importlib.metadata.version(distribution),
        isolated=isolated,
        blas_of=blas_of,
    )


def program(
    name: str,
    *,
    title: str,
    programs: tuple[str, ...],
    ask: tuple[str, ...],
    package: str,
    blas_of: Callable[[], str] | None = None,
) -> Library:
    """A program on PATH, from a Debian package; `ask` is the command that prints its version."""
    return Library(
        name=name,
        title=title,
        programs=programs,
        install=f"apt install {package}",
        version=lambda: printed_version(ask),
        blas_of=blas_of,
    )


@lru_cache(maxsize=64)
def printed_version(command: tuple[str, ...]) -> str:
    """The first number with a dot in what a command prints, as "4.2.2"; "unknown" where it prints none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    if done.returncode in (126, 127):  # not executed: a number in the message is that of a shared library
        return "unknown"
    match = re.search(r"\d+(?:\.\d+)+\w*|\b20\d\d[a-z]\b", done.stdout + done.stderr)
    return match[0] if match else "unknown"


@lru_cache(maxsize=256)
def _missing(
    modules: tuple[str, ...], programs: tuple[str, ...], shared: tuple[str, ...], files: tuple[str, ...], install: str
) -> str:
    absent = [f"the module {m!r} is not installed" for m in modules if importlib.util.find_spec(m) is None]
    absent += [f"the program {p!r} is not on PATH" for p in programs if shutil.which(p) is None]
    absent += [f"the shared library {s!r} is not installed" for s in shared if ctypes.util.find_library(s) is None]
    absent += [f"the file {f} is not there" for f in files if not Path(f).is_file()]
    return f"{'; '.join(absent)}: {install}" if absent else ""
