"""Eigen's ways to solve least squares, from C++: QR with and without pivoting, and the normal equations."""

import re
from pathlib import Path

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import NONE
from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.compiled import COMPILER, compiled, solved_by

INCLUDE = "/usr/include/eigen3"
MACROS = f"{INCLUDE}/Eigen/src/Core/util/Macros.h"


def _version() -> str:
    text = Path(MACROS).read_text("utf-8")
    return ".".join(re.findall(r"#define EIGEN_(?:WORLD|MAJOR|MINOR)_VERSION (\d+)", text))


EIGEN = Library(
    name="eigen",
    title="Eigen",
    programs=(COMPILER,),
    files=(MACROS,),
    install="apt install g++ libeigen3-dev",
    version=_version,
    blas_of=lambda: NONE,  # its own loops, in headers, unless a program is compiled with EIGEN_USE_BLAS
)

# Of each method a program of its own: together they would take a minute to compile. The SVD alone takes as long.
CODE = """
#include <Eigen/HEADER>

static void answer(const std::string& method, double* entries, double* right, long m, long n) {
  const Eigen::MatrixXd A = Eigen::Map<Eigen::MatrixXd>(entries, m, n);
  const Eigen::VectorXd b = Eigen::Map<Eigen::VectorXd>(right, m);
  const auto solver = SOLVER;
  const Eigen::VectorXd x = solver.solve(RIGHT);
  say("x", x.data(), x.size());
  RANK
}
"""
RANK = r'std::printf("rank: %ld\n", long(solver.rank()));'


def _solved(A: Array, b: Array, header: str, solver: str, right: str = "b", rank: str = RANK) -> Fit:
    """The Fit of Eigen's `solver.solve(right)`; rank: the statement that prints the rank, if the solver has one."""
    code = CODE.replace("HEADER", header).replace("SOLVER", solver).replace("RIGHT", right).replace("RANK", rank)
    return solved_by(compiled(code, (f"-I{INCLUDE}",), _version()), A, b)


DOCUMENTATION = "Eigen documentation, Solving linear least squares systems, "
STABLE = ("columnwise-backward-stable", "normwise-backward-stable")


@route(
    "eigen.colPivHouseholderQr",
    EIGEN,
    source=DOCUMENTATION + "and class ColPivHouseholderQR",
    tags=("scale-equivariant", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.1,
    cutoff=lambda m, n, eps: float(eps * np.sqrt((m - n + 1) / m)),
    cutoff_says="solve drops columns with a pivot below about eps times the largest, which round-off seldom leaves",
    default=True,
    fails={
        "drops_directions_where_its_rank_is_lower": "rank() counts pivots up to n eps, and solve drops none of these"
    },
)
def eigen_col_piv_householder_qr(A: Array, b: Array) -> Fit:
    """x (n,) and rank: A.colPivHouseholderQr().solve(b), A (m, n): Householder QR with column pivoting.

    rank() counts the pivots above min(m, n) eps times the largest, or above setThreshold; but solve goes by
    nonzeroPivots(), whose tolerance is no larger than round-off: a lower rank is reported, and yet all coefficients are
    solved for, those of exactly dependent columns large and arbitrary.
    Source: Eigen documentation, Solving linear least squares systems; class ColPivHouseholderQR, nonzeroPivots."""
    return _solved(A, b, "QR", "A.colPivHouseholderQr()")


@route(
    "eigen.completeOrthogonalDecomposition",
    EIGEN,
    source=DOCUMENTATION + "and class CompleteOrthogonalDecomposition",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="columnwise",
    constant=0.1,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: min(m, n) * eps,
    cutoff_says="pivots up to min(m, n) eps times the largest are dropped",
)
def eigen_complete_orthogonal_decomposition(A: Array, b: Array) -> Fit:
    """x (n,) and rank: A.completeOrthogonalDecomposition().solve(b), A (m, n).

    eigen.colPivHouseholderQr, reduced from the right where the rank is not full, hence the shortest x.
    Source: Eigen documentation, class CompleteOrthogonalDecomposition."""
    return _solved(A, b, "QR", "A.completeOrthogonalDecomposition()")


@route(
    "eigen.householderQr",
    EIGEN,
    source=DOCUMENTATION + "and class HouseholderQR; Higham (2002), section 20.2",
    tags=("scale-equivariant", "no-rank-test", *STABLE),
    law="columnwise",
    constant=0.11,
    fails={"has_a_stated_answer_to_singular_data": "a diagonal element that is exactly 0 is divided by: NaN"},
)
def eigen_householder_qr(A: Array, b: Array) -> Fit:
    """x (n,) = A.householderQr().solve(b), A (m, n): Householder QR, columns as they come.

    No rank test: exactly dependent columns get large coefficients that cancel, or NaN where a pivot is exactly 0.
    Source: Eigen documentation, class HouseholderQR; Higham (2002), section 20.2."""
    return _solved(A, b, "QR", "A.householderQr()", rank="")


@route(
    "eigen.ldlt_normal",
    EIGEN,
    source=DOCUMENTATION + "using normal equations; Higham (2002), section 20.4",
    tags=("no-rank-test",),
    law="normal",
    constant=1.5,
)
def eigen_ldlt_normal(A: Array, b: Array) -> Fit:
    """x (n,) = (A.transpose() * A).ldlt().solve(A.transpose() * b), A (m, n): the normal equations by pivoted LDL'.

    Error about u cond(A)**2. Where a pivot is 0 its quotient is taken as 0.
    Source: Eigen documentation, Solving linear least squares systems, section Using normal equations."""
    return _solved(A, b, "Cholesky", "(A.transpose() * A).ldlt()", "A.transpose() * b", rank="")
