"""SuiteSparseQR's way to solve least squares, from C++: the backslash of sparse matrices."""

import re
from pathlib import Path

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.compiled import COMPILER, compiled, solved_by

INCLUDE = "/usr/include/suitesparse"
HEADER = f"{INCLUDE}/SuiteSparseQR_definitions.h"


def _version() -> str:
    text = Path(HEADER).read_text("utf-8")
    return ".".join(re.findall(r"#define SPQR_(?:MAIN|SUB|SUBSUB)_VERSION +(\d+)", text))


SUITESPARSE = Library(
    name="suitesparse",
    title="SuiteSparseQR",
    programs=(COMPILER,),
    files=(HEADER,),
    install="apt install g++ libsuitesparse-dev",
    version=_version,
)

CODE = """
#include <algorithm>
#include <stdexcept>
#include <SuiteSparseQR.hpp>

static void answer(const std::string& method, double* entries, double* right, long m, long n) {
  cholmod_common common;
  cholmod_l_start(&common);
  cholmod_dense* full = cholmod_l_allocate_dense(m, n, m, CHOLMOD_REAL, &common);
  cholmod_dense* b = cholmod_l_allocate_dense(m, 1, m, CHOLMOD_REAL, &common);
  std::copy(entries, entries + m * n, static_cast<double*>(full->x));
  std::copy(right, right + m, static_cast<double*>(b->x));
  cholmod_sparse* A = cholmod_l_dense_to_sparse(full, 1, &common);
  cholmod_dense* x = SuiteSparseQR<double>(A, b, &common);
  const long rank = common.SPQR_istat[4];
  if (x) say("x", static_cast<double*>(x->x), n);
  const bool failed = !x;
  cholmod_l_free_dense(&x, &common);
  cholmod_l_free_dense(&b, &common);
  cholmod_l_free_dense(&full, &common);
  cholmod_l_free_sparse(&A, &common);
  cholmod_l_finish(&common);
  if (failed) throw std::runtime_error("SuiteSparseQR returned no solution");
  std::printf("rank: %ld\\n", rank);
}
"""


@route(
    "suitesparse.qr",
    SUITESPARSE,
    source="Davis, ACM Trans. Math. Software 38 (2011), article 8, sections 2.3 and 3; SuiteSparseQR user guide",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="columnwise",
    constant=0.14,
    deficient_answer="basic",
    cutoff=lambda m, n, eps: 20 * (m + n) * eps,
    cutoff_says="a column whose part orthogonal to those before it is below 20 (m + n) eps max |a_j| is dropped",
    default=True,
)
def suitesparse_qr(A: Array, b: Array) -> Fit:
    """x (n,) and rank: SuiteSparseQR<double>(A, b, &common), A (m, n) as a sparse matrix: a multifrontal QR.

    The backslash of MATLAB for sparse matrices that are not square. Columns whose remainder is below the tolerance get
    the coefficient 0; only the rank among the statistics shows it.
    Source: Davis, ACM Trans. Math. Software 38 (2011), article 8, sections 2.3 and 3; SuiteSparseQR user guide."""
    return solved_by(compiled(CODE, (f"-I{INCLUDE}", "-lspqr", "-lcholmod"), _version()), A, b)
