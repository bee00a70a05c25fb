"""Armadillo's ways to solve least squares, from C++: solve and pinv."""

import re
from pathlib import Path

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.compiled import COMPILER, compiled, solved_by

HEADER = "/usr/include/armadillo_bits/arma_version.hpp"


def _version() -> str:
    text = Path(HEADER).read_text("utf-8")
    return ".".join(re.findall(r"#define ARMA_VERSION_(?:MAJOR|MINOR|PATCH) +(\d+)", text))


ARMADILLO = Library(
    name="armadillo",
    title="Armadillo",
    programs=(COMPILER,),
    files=(HEADER,),
    install="apt install g++ libarmadillo-dev",
    version=_version,
)

CODE = """
#include <armadillo>

static void answer(const std::string& method, double* entries, double* right, long m, long n) {
  const arma::mat A(entries, m, n);
  const arma::vec b(right, m);
  const arma::vec x = method == "pinv" ? arma::vec(arma::pinv(A) * b) : arma::vec(arma::solve(A, b));
  say("x", x.memptr(), n);
}
"""


def _solved(method: str, A: Array, b: Array) -> Fit:
    return solved_by(compiled(CODE, ("-larmadillo",), _version()), A, b, method)


@route(
    "armadillo.solve",
    ARMADILLO,
    source="Armadillo API reference, solve; LAPACK Users' Guide (1999), section 2.3.1 (gels, gelsd)",
    tags=("scale-equivariant", "uncertain-rank"),
    law="columnwise",
    constant=0.13,
    square=("partial-pivoting", 1.0),
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: eps,
    cutoff_says="where LAPACK's estimate of 1/cond(R) is below eps, an SVD with LAPACK's own cut-off is taken instead",
    default=True,
)
def armadillo_solve(A: Array, b: Array) -> Fit:
    """x (n,) = solve(A, b), A (m, n): Householder QR, LAPACK's gels; where R is nearly singular gelsd, with a warning.

    The warning, "system is singular; attempting approx solution", comes on standard error. A square A is solved by
    elimination with partial pivoting, which may grow.
    Source: Armadillo API reference, solve, with its options; LAPACK Users' Guide (1999), section 2.3.1."""
    return _solved("solve", A, b)


@route(
    "armadillo.pinv",
    ARMADILLO,
    source="Armadillo API reference, pinv; Higham (2002), section 20.1",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.2,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * eps,
    cutoff_says="singular values up to max(m, n) eps times the largest are dropped",
)
def armadillo_pinv(A: Array, b: Array) -> Fit:
    """x (n,) = pinv(A) * b, A (m, n).

    Forward error as from an SVD, but not backward stable. Directions are dropped without a warning.
    Source: Armadillo API reference, pinv; Higham (2002), section 20.1 (the pseudo-inverse)."""
    return _solved("pinv", A, b)
