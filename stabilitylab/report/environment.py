"""What a record of an environment says in words, and which of it the rows of a library depend on."""

from collections.abc import Iterable, Mapping
from typing import Any

from stabilitylab.core.library import Library
from stabilitylab.core.types import BLAS

LIBRARIES = "libraries"  # the key of a record under which libraries are, each with its version and BLAS
SOURCE = "source of stabilitylab"
IN_PROCESS = "BLAS of NumPy and SciPy"
_PACKAGES = {"numpy": "NumPy", "scipy": "SciPy"}  # as their users write them, and the records of libraries
_NAMES = {"python": "Python", "system BLAS": "BLAS of the system", "source": SOURCE}
_EVERYWHERE = ("processor", "system", SOURCE)
_IN_PYTHON = ("NumPy", "SciPy", "Python")


def blas_key(title: str) -> str:
    """The key of `described` under which the BLAS of a library is."""
    return f"{BLAS.upper()} of {title}"


def described(record: Mapping[str, Any]) -> dict[str, str]:
    """A record of an environment (see `committed.environment_of`) as one text for each thing in it.

    Libraries are under their titles, their BLAS under `blas_key`; records of earlier versions, which hold versions of
    libraries alone, are read too.
    """
    said: dict[str, str] = {}
    for key, value in record.items():
        if key == "packages" and isinstance(value, Mapping):
            said |= {str(_PACKAGES.get(name, name)): str(version) for name, version in value.items()}
        elif key == "blas" and isinstance(value, list):
            said[IN_PROCESS] = ", ".join(map(_implementation, value))
        elif key == LIBRARIES and isinstance(value, Mapping):
            for title, of in value.items():
                said |= _library(title, of)
        else:
            said[_NAMES.get(key, key)] = str(value)
    return said


def relevant_to(library: Library | None) -> tuple[str, ...]:
    """The keys of `described` that the rows of a library depend on, or, of None, those of the package's own solvers."""
    if library is None:
        return (*_IN_PYTHON, IN_PROCESS, "python-flint", "mpmath", *_EVERYWHERE)
    own = (library.title, blas_key(library.title))
    return tuple(dict.fromkeys((*own, *(_IN_PYTHON if library.modules else ()), *_EVERYWHERE)))


def differences(before: Mapping[str, str], after: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    """For each of the keys that both have and differ in, what it was and is: "R 4.3.3 -> 4.5.0"."""
    return tuple(
        difference(key, before[key], after[key])
        for key in keys
        if key in before and key in after and before[key] != after[key]
    )


def difference(key: str, old: str, new: str) -> str:
    """What a key of `described` was and is, in words: a BLAS names itself, and a source has no name to show."""
    if key == SOURCE:
        return f"another {SOURCE}"
    return f"{old} -> {new}" if key.startswith(BLAS.upper()) else f"{key} {old} -> {new}"


def _implementation(loaded: Any) -> str:
    if not isinstance(loaded, Mapping):
        return str(loaded)
    name = str(loaded.get("internal_api"))
    words = ("OpenBLAS" if name == "openblas" else name, loaded.get("version"), loaded.get("architecture"))
    return " ".join(str(word) for word in words if word)


def _library(title: str, of: Any) -> dict[str, str]:
    if not isinstance(of, Mapping):
        return {title: str(of)}
    return {title: str(of.get("version")), **({blas_key(title): str(of[BLAS])} if BLAS in of else {})}
