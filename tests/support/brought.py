"""Another distribution that brings a library route and a solver of its own, by an entry point."""

from pathlib import Path

ROUTES = '''"""Routes that are no part of stabilitylab."""

import numpy as np

from stabilitylab.core.library import python_library
from stabilitylab.libraries import route
from stabilitylab.solvers import solver

BROUGHT = python_library("brought", title="Brought", modules=("numpy",), distribution="brought")


@route(
    "brought.lstsq",
    BROUGHT,
    source="written for a test",
    works_in="float64",
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * 2.0**-52,
    cutoff_says="as numpy.linalg.lstsq",
    tags=("residual-optimal",),
    default=True,
)
def brought_lstsq(A, b):
    """x (n,) = numpy.linalg.lstsq(A, b)[0], A (m, n).

    Source: NumPy reference, numpy.linalg.lstsq."""
    return np.linalg.lstsq(A, b)[0]


@solver("brought.solver", source="written for a test", tags=("no-rank-test",))
def brought_solver(A, b):
    """x (n,) by LAPACK's Householder QR of A (m, n).

    Source: Higham (2002), section 20.2."""
    Q, R = np.linalg.qr(A)
    return np.linalg.solve(R, Q.T @ b)
'''


def installed(folder: Path, version: str) -> Path:
    """A folder for the path of an interpreter, in which the distribution is."""
    info = folder / f"brought-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: brought\nVersion: {version}\n", "utf-8")
    (info / "entry_points.txt").write_text("[stabilitylab.routes]\nbrought = brought_routes\n", "utf-8")
    (folder / "brought_routes.py").write_text(ROUTES, "utf-8")
    return folder
