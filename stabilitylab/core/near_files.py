"""What a message says of a file that is not there: near names in its folder, or the tables that are there."""

import os
from itertools import islice
from pathlib import Path

from stabilitylab.core.errors import InputError
from stabilitylab.core.suggest import similar

TABLES = (".csv", ".tsv", ".txt", ".gz", ".npy", ".parquet", ".xlsx")  # endings of files that can be tables
LISTED = 12  # of them in a message
LOOKED_AT = 10_000  # entries of a folder
LIKELY = 0.6  # similarity of names: where a folder holds hundreds, half of a name is found by chance


def path_of(name: str | os.PathLike[str]) -> Path:
    """The path of that name. Raises InputError for one that holds NUL, which no file system has."""
    if "\0" in str(name):
        raise InputError(f"a path holds no NUL; got {str(name)!r}: give the path of one table")
    return Path(name)


def require_there(path: Path) -> None:
    """Raise InputError for a path at which there is nothing, and OSError for one that cannot be looked at."""
    if not os.path.lexists(path):
        raise InputError(no_such_file(path))
    path.stat()


def no_such_file(path: Path) -> str:
    """The message about a path at which there is nothing, with the way out. Names are written as texts."""
    folder = path.parent
    if not folder.is_dir():
        return f"{path} is not there, nor is its folder {folder}: give the path of a file"
    try:
        with os.scandir(folder) as entries:
            names = sorted(one.name for one in islice(entries, LOOKED_AT) if not one.name.startswith("."))
    except OSError:
        names = []
    names = [name for name in names if name.lower().endswith(TABLES)]
    stems = similar(path.stem, map(_stem, names), LIKELY)
    near = sorted((name for name in names if _stem(name) in stems), key=lambda name: stems.index(_stem(name)))
    if near := near[:3]:
        return f"{path} is not there: did you mean {', '.join(repr(str(folder / name)) for name in near)}?"
    if not names:
        return f"{path} is not there, and its folder holds no tables: give the path of a file"
    more = ", ..." if len(names) > LISTED else ""
    return f"{path} is not there; tables in its folder are {', '.join(map(repr, names[:LISTED]))}{more}: name one"


def _stem(name: str) -> str:
    return Path(name).stem
