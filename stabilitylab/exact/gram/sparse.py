"""Sparse matrices of scipy.sparse as exact numbers: every stored entry as it is, the others 0, nothing made dense."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import ComplexError, NotNumericError, ShapeError
from stabilitylab.data.frames import exact_in_float64
from stabilitylab.data.kinds import is_sparse
from stabilitylab.data.places import Places
from stabilitylab.exact.gram.numbers import Rest, exact_numbers


def sparse_table(values: Any) -> Any | None:
    """A sparse matrix, or a table of pandas with sparse columns of one type as one; None for anything else."""
    if is_sparse(values):
        return values
    types = list(getattr(values, "dtypes", ())) if hasattr(values, "iloc") and getattr(values, "ndim", 0) == 2 else []
    if not types or not str(types[0]).startswith("Sparse") or any(one != types[0] for one in types):
        return None
    return values.sparse.to_coo() if types[0].fill_value == 0 else None


def exact_sparse(A: Any, places: Places) -> tuple[Array, Rest | None]:
    """A (m, n) in CSR of float64, and what is to be added to some of its columns, sparse too; A is not touched.

    An array that is such already is not copied. Raises ComplexError, NotFiniteError, and NotNumericError for a type
    that is not served, and for an entry that is stored twice, whose sum scipy would round.
    """
    if A.dtype.kind == "c":
        raise ComplexError(f"{places.what} is complex; stack real and imaginary parts as rows of a real problem")
    if A.dtype.kind not in "biuf" or A.dtype.itemsize > 8:
        raise NotNumericError(
            f"a sparse {places.what} must hold floats of 64 bits at most, or integers; its dtype is {A.dtype}: pass "
            f"{places.what}.toarray()"
        )
    csr = _fresh(A.tocsr())
    if csr.nnz and not (int(csr.indices.min()) >= 0 and int(csr.indices.max()) < csr.shape[1]):
        raise ShapeError(
            f"{places.what} is sparse, has {csr.shape[1]} columns, and an entry in column "
            f"{int(csr.indices.max())}: make it anew"
        )
    if not csr.has_sorted_indices:
        csr = csr.copy()
        csr.sort_indices()
        csr = _fresh(csr)
    # From COO and BSR entries that are stored twice have been added up by now.
    if not csr.has_canonical_format or (A.format in ("coo", "bsr") and csr.nnz != A.nnz):
        raise NotNumericError(
            f"{places.what} is sparse with an entry that is stored twice, whose sum is rounded when it is added up: "
            f"call {places.what}.sum_duplicates() first"
        )
    finite = np.isfinite(csr.data)
    if not finite.all():
        k = int(np.flatnonzero(~finite)[0])
        row = int(np.searchsorted(csr.indptr, k, side="right")) - 1
        raise places.not_finite(csr.data[k], row, int(csr.indices[k]))
    if exact_in_float64(csr.data):
        return (csr if csr.dtype == np.float64 else csr.astype(np.float64)), None
    (upper, lower), _ = exact_numbers(csr.data, places)
    whole = type(csr)((upper, csr.indices, csr.indptr), shape=csr.shape)
    # With indices of its own, for zeros are taken out in place.
    rest = type(csr)((lower, csr.indices.copy(), csr.indptr.copy()), shape=csr.shape)
    rest.eliminate_zeros()
    columns = np.unique(rest.indices)
    return whole, Rest(rest[:, columns], tuple(columns.tolist()))


def _fresh(csr: Any) -> Any:
    """The same arrays as a matrix that reads off them whether they are in order, where another may remember it."""
    return type(csr)((csr.data, csr.indices, csr.indptr), shape=csr.shape)
