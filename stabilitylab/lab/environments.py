"""Another version of a library, in an environment of its own that pip makes once and the user's cache keeps.

An environment holds the version asked for, what a worker needs to import stabilitylab, and the NumPy and SciPy that
are here, so that only the library differs; where it cannot be had beside those, pip chooses others.
"""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from packaging import requirements
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from stabilitylab import libraries
from stabilitylab.bench.isolation import isolated_fact, worker_command
from stabilitylab.bench.loaded import stands_in
from stabilitylab.core.cache import cache_folder
from stabilitylab.core.errors import InputError, StabilityLabError, UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.suggest import did_you_mean

PINNED = ("numpy", "scipy")  # what other libraries compute with
DISPLAY = ("click", "matplotlib", "rich")  # what draws and prints, which no worker does
PIP_SECONDS = 1800.0  # that pip, or another command, may take
_CONFLICT = "ResolutionImpossible"  # pip's word where requirements cannot be met together

Notify = Callable[[str], None]
"""Is told, in a sentence, that something takes a while."""


class VersionError(StabilityLabError):
    """A version cannot be had; the message is what pip, or the environment, said."""


@dataclass(frozen=True)
class Requirement:
    """A distribution of the Python package index, by its normalised name, in exactly one version (PEP 440)."""

    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution}=={self.version}"

    @property
    def library(self) -> Library:
        """The library it is a version of. Raises UnknownNameError, with similar distributions or all that are known."""
        known = {str(canonicalize_name(one.distribution)): one for one in libraries.each() if one.distribution}
        if self.distribution not in known:
            hint = did_you_mean(self.distribution, sorted(known), plural="distributions with routes")
            raise UnknownNameError(f"no route is of {self.distribution!r}: {hint}")
        return known[self.distribution]


def requirement(text: str) -> Requirement:
    """What a text such as "scikit-learn==1.8.0" asks for: a name (PEP 503), "==" and one version (PEP 440).

    Both are kept as those standards normalise them: "Scikit_Learn==1.9RC1" is scikit-learn==1.9rc1. What is kept holds
    letters, digits and . - + ! in ASCII alone, so that no option, path or marker can reach pip.
    Raises InputError for any other text, and for a version that is none.
    """
    name, _, version = text.partition("==")
    try:
        if not text.isascii() or text.split() != [text]:
            raise InvalidVersion(text)
        return Requirement(str(canonicalize_name(name, validate=True)), str(Version(version)))
    except (InvalidName, InvalidVersion):
        raise InputError(f"expected a name and one version, such as scikit-learn==1.8.0; got {text!r}") from None


def release_order(version: str) -> Version:
    """A key that sorts versions from old to new: 1.9.0.dev1 < 1.9.0rc1 < 1.9.0 = 1.9 < 1.9.0+cpu < 1.9.0.post1.

    Raises VersionError for a text that is no version by PEP 440, which has no place in that order.
    """
    try:
        return Version(version)
    except InvalidVersion:
        raise VersionError(
            f"{version!r} is no version as PEP 440 writes them, so that older or newer is unknown"
        ) from None


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is the one wanted: 1.8.0 is a 1.8, and 2.6.0+cpu is a 2.6.0, which has any local label.

    Source: PEP 440, "Version matching". Raises VersionError where one of them is no version.
    """
    there, asked = release_order(version), release_order(wanted)
    return (there if asked.local else Version(there.public)) == asked


# --- environments


def interpreter(wanted: Requirement, notify: Notify) -> str:
    """The path of a Python that has that version, in an environment that is made where there is none yet.

    Raises UnknownNameError for a distribution without routes, and VersionError where the version cannot be had.
    """
    library = wanted.library
    content = repr((_needs(wanted, pinned=True), sys.implementation.cache_tag, sys.base_prefix))
    name = cache_folder() / "versions" / hashlib.sha256(content.encode()).hexdigest()[:24]
    python = _recorded_python(name)
    if python is None:
        notify(f"making an environment with {wanted}, which takes a minute or two and is kept")
        python = _make_environment(name, wanted)
    there = version_in(python, library, library)
    if not satisfies(there, wanted.version):
        raise VersionError(f"the environment made for {wanted} answers with version {there}: is PYTHONPATH set?")
    return python


def version_in(python: str, library: Library, worker: Library) -> str:
    """The version of a library that the process of a library, `worker`, has in another interpreter."""
    return isolated_fact(worker, *stands_in(library), "version", python=python)


def worker_requirements() -> tuple[str, ...]:
    """The requirements of stabilitylab that a worker has: none of an extra, and none of what draws and prints."""
    stated = importlib.metadata.requires("stabilitylab") or []
    return tuple(text for text in stated if "extra ==" not in text and not text.startswith(DISPLAY))


def _needs(wanted: Requirement, *, pinned: bool) -> tuple[str, ...]:
    """What pip is asked for: the version wanted; pinned: NumPy and SciPy as they are here; what else a worker needs."""
    needs = {str(canonicalize_name(requirements.Requirement(text).name)): text for text in worker_requirements()}
    if pinned:
        needs |= {name: f"{name}=={importlib.metadata.version(name)}" for name in PINNED if name in needs}
    return tuple((needs | {wanted.distribution: str(wanted)}).values())


def _recorded_python(name: Path) -> str | None:
    """The Python of the folder that the file `name` names; None where there is no such file or no such Python.

    An environment cannot be moved, so that it is this file, written last, that says which one is complete.
    """
    try:
        python = _python_in(name.with_name(name.read_text("utf-8")))
    except (OSError, ValueError):
        return None
    return str(python) if python.exists() else None


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make_environment(name: Path, wanted: Requirement) -> str:
    """Make the environment in a folder of this process alone, and put its name into the file `name`."""
    for left in name.parent.glob(f"{name.name}.*"):
        maker = int(left.suffix[1:])
        if maker == os.getpid() or not psutil.pid_exists(maker):  # killed before it came to an end
            shutil.rmtree(left, ignore_errors=True)
    folder = name.with_name(f"{name.name}.{os.getpid()}")
    python = _python_in(folder)
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
            timeout=PIP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VersionError(f"{failed}: {error}") from None
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR:")] or said[-1:] or ["it did not say why"]
        raise VersionError(f"{failed}: {' '.join(errors)}")
