"""Which BLAS and LAPACK the processes of libraries had loaded, as a record and as a sentence for a page."""

from collections.abc import Iterable, Mapping

from stabilitylab import libraries
from stabilitylab.core.blas import NONE
from stabilitylab.core.types import BLAS, Measurement


def blas_used(rows: Iterable[Measurement]) -> dict[str, str]:
    """For each library that is here, by title, the BLAS that its rows name, or several joined by "or", sorted.

    Rows made under another version, which they have as a condition, are left out. A library has "" where its rows lack
    the fact, or were made under several BLAS, which is their condition then.
    """
    found: dict[str, set[str]] = {}
    for row in rows:
        library = libraries.of_route(row.solver)
        if library is not None and not library.missing and "version" not in row.conditions:
            names = found.setdefault(library.title, set())
            if BLAS in row.facts and BLAS not in row.conditions:
                names.add(str(row.facts[BLAS]))
    return {title: " or ".join(sorted(names)) for title, names in sorted(found.items())}


def blas_sentence(used: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """ "BLAS and LAPACK loaded: OpenBLAS 0.3.26 in R 4.3.3; none in DuckDB 1.1."; "" where none is known.

    used: as of `blas_used`. versions: by the same titles.
    """
    users: dict[str, list[str]] = {}
    for title, name in used.items():
        if name:
            users.setdefault(name, []).append(" ".join(filter(None, (title, versions.get(title, "")))))
    said = [f"{name} in {', '.join(users[name])}" for name in sorted(users, key=lambda name: (name == NONE, name))]
    return f"BLAS and LAPACK loaded: {'; '.join(said)}." if said else ""
