"""Dask's way to solve least squares: array.linalg.lstsq, by QR of blocks of rows."""

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

DASK = python_library("dask", title="Dask", modules=("dask",), distribution="dask")


@route(
    "dask.lstsq",
    DASK,
    source="dask.array.linalg.lstsq and tsqr, API; Benson, Gleich and Demmel, IEEE Big Data (2013) 264-272",
    tags=("scale-equivariant", "no-rank-test", "normwise-backward-stable", "columnwise-backward-stable"),
    law="columnwise",
    constant=0.14,
    scalars=("float32", "float64"),
    fails={
        "drops_directions_where_its_rank_is_lower": "the rank is counted from the singular values of R, apart from x"
    },
    default=True,
)
def dask_lstsq(A: Array, b: Array) -> Fit:
    """x (n,) and rank of dask.array.linalg.lstsq(from_array(A), from_array(b)), A (m, n), two blocks of rows.

    Householder QR of each block, then of their triangles, and R x = Q'b by substitution. The rank is counted afterwards
    from the singular values of R, with numpy's cut-off, and changes nothing: exactly dependent columns get large
    coefficients that cancel. Raises LinAlgError where a diagonal element of R is exactly 0.
    Source: Dask API, dask.array.linalg.lstsq; dask/array/linalg.py, tsqr and lstsq."""
    import dask
    import dask.array as da

    m, n = A.shape
    rows = max(n, (m + 1) // 2)  # a block has at least as many rows as columns
    with dask.config.set(scheduler="synchronous"):
        x, _, rank, _ = da.linalg.lstsq(da.from_array(A, chunks=(rows, n)), da.from_array(b, chunks=rows))
        x, rank = dask.compute(x, rank)
    return Fit(x, rank=int(rank))
