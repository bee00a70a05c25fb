"""Lineax's ways to fit: linear_solve as JAX comes, and by QR, SVD and the normal equations with 64-bit types."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

LINEAX = python_library("lineax", title="Lineax", modules=("lineax",), distribution="lineax")

BOTH = ("float32", "float64")
EPS32 = float(np.finfo(np.float32).eps)


def _solved(A: Array, b: Array, solver: Any) -> Any:
    import jax.numpy as jnp
    import lineax

    operator = lineax.MatrixLinearOperator(jnp.asarray(A))
    # As an exception a failure is a long traceback; as a result it is the one sentence at the end of that.
    solution = lineax.linear_solve(operator, jnp.asarray(b), solver=solver, throw=False)
    if solution.result != lineax.RESULTS.successful:
        raise Breakdown(" ".join(lineax.RESULTS[solution.result].partition("\n\n")[0].split()))
    return solution


@route(
    "lineax.AutoLinearSolver",
    LINEAX,
    source="lineax.AutoLinearSolver, documentation; JAX documentation, default dtypes and the X64 flag",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.26,
    works_in="float32",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: 2 * max(m, n) * EPS32,
    cutoff_says="singular values up to 2 max(m, n) 2**-23 times the largest are dropped, for float64 data too",
    fails={
        "agrees_with_the_exact_solution": "64-bit types are off by default: float64 becomes float32 without a warning",
        "returns_the_format_of_its_input": "64-bit types are off by default: the answer is float32",
    },
    default=True,
)
def lineax_auto(A: Array, b: Array) -> Array:
    """x (n,) = linear_solve(MatrixLinearOperator(A), b, solver=AutoLinearSolver(well_posed=False)).value, A (m, n).

    What the documentation of linear_solve recommends for least squares, with JAX's defaults: an SVD, all in float32,
    with a cut-off to match. It reports no rank, so that the caller cannot see that directions were dropped.
    Source: Lineax documentation, lineax.linear_solve and lineax.AutoLinearSolver."""
    import jax
    import lineax

    with jax.enable_x64(False):
        return np.asarray(_solved(A, b, lineax.AutoLinearSolver(well_posed=False)).value)


@route(
    "lineax.QR_x64",
    LINEAX,
    source="lineax.QR, documentation and lineax/_solver/qr.py",
    called_under="jax_enable_x64",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.1,
    scalars=BOTH,
)
def lineax_qr_x64(A: Array, b: Array) -> Array:
    """x (n,) = linear_solve(MatrixLinearOperator(A), b, solver=QR()).value with jax_enable_x64, A (m, n).

    Householder QR, which AutoLinearSolver(well_posed=None) takes too when m != n. Columnwise backward stable; the rank
    is not tested, and where x is not finite, as for a column of zeros, it fails with a message that says so.
    Source: Lineax documentation, lineax.QR; Higham (2002), section 20.2."""
    import jax
    import lineax

    with jax.enable_x64(True):
        return np.asarray(_solved(A, b, lineax.QR()).value)


@route(
    "lineax.SVD_x64",
    LINEAX,
    source="lineax.SVD, documentation and lineax/_misc.py, resolve_rcond",
    called_under="jax_enable_x64",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="normwise",
    constant=0.15,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: 2 * max(m, n) * eps,
    cutoff_says="singular values up to 2 max(m, n) eps times the largest are dropped, eps of the format of A",
)
def lineax_svd_x64(A: Array, b: Array) -> Fit:
    """x (n,) = linear_solve(MatrixLinearOperator(A), b, solver=SVD()).value with jax_enable_x64, A (m, n).

    Normwise but not columnwise backward stable. The cut-off is twice that of numpy.linalg.lstsq, and only the rank
    among the statistics shows that the cut-off dropped a direction; AutoLinearSolver(well_posed=False) is the same
    without the rank.
    Source: Lineax documentation, lineax.SVD; lineax/_misc.py, resolve_rcond."""
    import jax
    import lineax

    with jax.enable_x64(True):
        solution = _solved(A, b, lineax.SVD())
        return Fit(np.asarray(solution.value), rank=int(solution.stats["rank"]))


@route(
    "lineax.Normal_x64",
    LINEAX,
    source="lineax.Normal and lineax.Cholesky, documentation; Higham (2002), section 20.4",
    called_under="jax_enable_x64",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=0.8,
    scalars=BOTH,
)
def lineax_normal_x64(A: Array, b: Array) -> Array:
    """x (n,) = linear_solve(MatrixLinearOperator(A), b, solver=Normal(Cholesky())).value with jax_enable_x64, A (m, n).

    The normal equations: error about u cond(A)**2. Where the factorisation breaks down it fails with a message that
    says so.
    Source: Lineax documentation, lineax.Normal; Higham (2002), section 20.4."""
    import jax
    import lineax

    with jax.enable_x64(True):
        return np.asarray(_solved(A, b, lineax.Normal(lineax.Cholesky())).value)
