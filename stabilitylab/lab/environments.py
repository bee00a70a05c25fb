"""Another version of a library, in a throw-away environment that pip makes once and the user's cache keeps.

An environment holds the version asked for, what a worker needs to import stabilitylab, and the NumPy and SciPy that
are here, so that only the library differs; where it cannot be had beside those, pip chooses others.
"""

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from stabilitylab import libraries
from stabilitylab.bench.isolation import isolated_version, worker_command
from stabilitylab.core.errors import InputError, StabilityLabError, UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.scoring.reference import cache_folder

PINNED = ("numpy", "scipy")  # what other libraries compute with
ON_SCREEN = ("click", "matplotlib", "rich")  # what draws and prints, which no worker does
PATIENCE = 1800.0  # seconds for pip
_CONFLICT = "ResolutionImpossible"  # pip's word where requirements cannot be met together

# Names as PEP 508 has them and versions as PEP 440 has them, without epochs, in ASCII.
_NAME = r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?"
_RELEASE = r"\d+(?:\.\d+)*"
_VERSION = rf"{_RELEASE}(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[A-Z0-9]+(?:[._-][A-Z0-9]+)*)?"
_REQUIREMENT = re.compile(rf"({_NAME})==({_VERSION})", re.ASCII | re.IGNORECASE)

Say = Callable[[str], None]


class VersionError(StabilityLabError):
    """A version cannot be had; the message is what pip, or the environment, said."""


@dataclass(frozen=True)
class Requirement:
    """A distribution of the Python package index, by its normalised name, in exactly one version."""

    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution}=={self.version}"

    @property
    def library(self) -> Library:
        """The library it is a version of. Raises UnknownNameError, naming the distributions that are known."""
        known = {normalised(one.distribution): one for one in libraries.each() if one.distribution}
        if self.distribution not in known:
            raise UnknownNameError(f"no route is of {self.distribution!r}: known are {', '.join(sorted(known))}")
        return known[self.distribution]


def requirement(text: str) -> Requirement:
    """What a text such as "scikit-learn==1.8.0" asks for. Raises InputError for a text of any other kind."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        raise InputError(f"expected a name and one version, such as scikit-learn==1.8.0; got {text!r}")
    return Requirement(normalised(found[1]), found[2].lower())


def normalised(name: str) -> str:
    """The name under which the index keeps a distribution: lower case with single hyphens. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def same(asked: str, found: str) -> bool:
    """Whether a version is the one asked for: 1.8 is 1.8.0, and 2.6.0+cpu is a 2.6.0. Source: PEP 440."""
    if "+" not in asked:
        found = found.partition("+")[0]
    return _parts(asked.lower()) == _parts(found.lower())


def release(version: str) -> tuple[int, ...]:
    """The numbers that order releases, without zeros at the end; a candidate has those of its release."""
    return _parts(version)[0]


def _parts(version: str) -> tuple[tuple[int, ...], str]:
    """The numbers of the release, and what follows them."""
    found = re.match(_RELEASE, version, re.ASCII)
    text = found[0] if found else ""
    numbers = [int(number) for number in text.split(".") if number]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), version[len(text) :]


# --- environments


def interpreter(wanted: Requirement, say: Say) -> str:
    """The Python of an environment with that version, made where there is none yet; say hears that it takes a while.

    Raises UnknownNameError for a distribution without routes, and VersionError where the version cannot be had.
    """
    library = wanted.library
    content = repr((_needs(wanted, pinned=True), sys.implementation.cache_tag, sys.base_prefix))
    name = cache_folder() / "versions" / hashlib.sha256(content.encode()).hexdigest()[:24]
    python = _python_of(name)
    if python is None:
        say(f"making an environment with {wanted}, which takes a minute or two and is kept")
        python = _made(name, wanted)
    found = version_in(python, library, library)
    if not same(wanted.version, found):
        raise VersionError(f"the environment made for {wanted} answers with version {found}: is PYTHONPATH set?")
    return python


def version_in(python: str, library: Library, worker: Library) -> str:
    """The version of a library that the process of a library, `worker`, has in another interpreter."""
    modules = {e.function.__module__ for e in libraries.catalog if e.label.library is library}
    places = [(m, key) for m in modules for key, value in vars(sys.modules[m]).items() if value is library]
    return isolated_version(worker, *places[0], python=python)


def core() -> tuple[str, ...]:
    """The requirements of stabilitylab that a worker has: none of an extra, and none of what draws and prints."""
    stated = importlib.metadata.requires("stabilitylab") or []
    return tuple(text for text in stated if "extra ==" not in text and not text.startswith(ON_SCREEN))


def _needs(wanted: Requirement, *, pinned: bool) -> tuple[str, ...]:
    """What pip is asked for: the version wanted; pinned: NumPy and SciPy as they are here; what else a worker needs."""
    needs = {normalised(re.split(r"[^\w.-]", text, maxsplit=1)[0]): text for text in core()}
    if pinned:
        needs |= {name: f"{name}=={importlib.metadata.version(name)}" for name in PINNED if name in needs}
    return tuple((needs | {wanted.distribution: str(wanted)}).values())


def _python_of(name: Path) -> str | None:
    """The Python of the folder that the file `name` names; None where there is no such file or no such Python.

    An environment cannot be moved, so that it is this file, written last, that says which one is complete.
    """
    try:
        python = _python(name.with_name(name.read_text("utf-8")))
    except (OSError, ValueError):
        return None
    return str(python) if python.exists() else None


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _made(name: Path, wanted: Requirement) -> str:
    """Make the environment in a folder of this process alone, and put its name into the file `name`."""
    for left in name.parent.glob(f"{name.name}.*"):
        maker = int(left.suffix[1:])
        if maker == os.getpid() or not psutil.pid_exists(maker):  # killed before it came to an end
            shutil.rmtree(left, ignore_errors=True)
    folder = name.with_name(f"{name.name}.{os.getpid()}")
    python = _python(folder)
    try:
        folder.mkdir(parents=True)
        _run([sys.executable, "-m", "venv", str(folder)], f"no environment can be made for {wanted}")
        _install(str(python), wanted)
        _run(worker_command(str(python)), f"no worker starts beside {wanted}")
        part = folder / "name"
        part.write_text(folder.name, "utf-8")
        os.replace(part, name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return str(python)


def _install(python: str, wanted: Requirement) -> None:
    """By pip, from built packages alone: to build one means to run its code, and may mean to compile for an hour."""
    pip = [python, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:", "--no-compile"]
    failed = f"pip cannot install {wanted}"
    try:
        _run([*pip, *_needs(wanted, pinned=True)], failed)
    except VersionError as error:
        if _CONFLICT not in str(error):
            raise
        _run([*pip, *_needs(wanted, pinned=False)], failed)


def _run(command: Sequence[str], failed: str) -> None:
    """Run a command to its end. Raises VersionError with what it calls errors, or with its last line."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VersionError(f"{failed}: {error}") from None
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR:")] or said[-1:] or ["it did not say why"]
        raise VersionError(f"{failed}: {' '.join(errors)}")
