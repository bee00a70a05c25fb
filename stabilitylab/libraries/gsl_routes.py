"""The GNU Scientific Library's ways to fit: multifit, multilarge and fit, and QR, COD and SVD as tools."""

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import failure

STABLE = ("columnwise-backward-stable", "normwise-backward-stable")
QUIET = "a pivot that is exactly 0 is divided by, without a warning"

_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)


class _Library:
    """The shared library with an error handler that makes exceptions: its default one ends the process."""

    def __init__(self) -> None:
        ctypes.CDLL(ctypes.util.find_library("gslcblas"), mode=ctypes.RTLD_GLOBAL)
        self.library = ctypes.CDLL(ctypes.util.find_library("gsl"))
        self.version = (ctypes.c_char_p.in_dll(self.library, "gsl_version").value or b"unknown").decode()
        self.reasons: list[str] = []
        self.handler = _HANDLER(self._record)
        self.library.gsl_set_error_handler(self.handler)

    def _record(self, reason: bytes, file: bytes, line: int, number: int) -> None:
        self.reasons.append(reason.decode())

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function that returns a status. Raises RejectedError, or SingularError, with the reasons it gave."""
        self.reasons.clear()
        if getattr(self.library, name)(*arguments):
            raise failure(f"{name}: {'; '.join(self.reasons)}")

    @contextmanager
    def workspace(self, kind: str, *arguments: Any) -> Iterator[Any]:
        """The workspace that {kind}_alloc(arguments) allocates, freed after the block."""
        allocate, free = getattr(self.library, f"{kind}_alloc"), getattr(self.library, f"{kind}_free")
        allocate.restype = ctypes.c_void_p
        work = ctypes.c_void_p(allocate(*arguments))
        try:
            yield work
        finally:
            free(work)


@lru_cache(maxsize=1)
def _gsl() -> _Library:
    return _Library()


GSL = Library(
    name="gsl",
    title="GNU Scientific Library",
    shared=("gslcblas", "gsl"),
    install="apt install libgsl-dev",
    version=lambda: _gsl().version,
    blas_of=lambda: "GSL CBLAS",  # the only one that `_Library` loads for it
)


class _Matrix(ctypes.Structure):
    """gsl_matrix: rows, columns, distance between rows, data, block, owner."""

    _fields_ = (*((name, ctypes.c_size_t) for name in ("m", "n", "tda", "data", "block")), ("owner", ctypes.c_int))


class _Vector(ctypes.Structure):
    """gsl_vector: size, stride, data, block, owner."""

    _fields_ = (*((name, ctypes.c_size_t) for name in ("n", "stride", "data", "block")), ("owner", ctypes.c_int))


def _as(array: Array) -> Any:
    """A pointer to a gsl_matrix or gsl_vector on the memory of an array in rows, which must outlive it."""
    assert array.flags.c_contiguous
    if array.ndim == 2:
        m, n = array.shape
        return ctypes.byref(_Matrix(m, n, n, array.ctypes.data, 0, 0))
    return ctypes.byref(_Vector(len(array), 1, array.ctypes.data, 0, 0))


def _copies(A: Array, b: Array) -> tuple[Array, Array, Array]:
    """Copies of A (m, n), in rows, and of b, for what works in place, and zeros (n,) for x."""
    return np.array(A, order="C"), np.array(b), np.zeros(A.shape[1])


def _size(n: int) -> Any:
    return ctypes.c_size_t(n)


def _roots(variances: Array) -> Array:
    """Standard errors; NaN for variances that are none, as where m = n."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(variances))


@route(
    "gsl.multifit_linear",
    GSL,
    source="GSL reference manual, chapter Linear Least-Squares Fitting, section Multi-parameter regression",
    tags=("columnwise-backward-stable", "normwise-backward-stable", "residual-optimal"),
    law="columnwise",
    constant=0.18,
    cutoff=lambda m, n, eps: eps,
    cutoff_says="singular values of the scaled matrix up to eps times the largest are dropped",
    scaled="powers of two",
    default=True,
)
def gsl_multifit_linear(A: Array, b: Array) -> Fit:
    """x (n,), rank and standard errors by gsl_multifit_linear, A (m, n): an SVD of A with its columns scaled.

    Golub and Reinsch's SVD, modified; scaling by powers of two is exact and makes it independent of units. Of a
    deficient A the answer is the shortest in the scaled columns. Only the rank shows it, by gsl_multifit_linear_rank
    with the same tolerance, eps.
    Source: GSL reference manual, gsl_multifit_linear; gsl_linalg_balance_columns."""
    gsl = _gsl()
    A, b, x = _copies(A, b)
    m, n = A.shape
    covariance, chisq = np.zeros((n, n)), ctypes.c_double()
    with gsl.workspace("gsl_multifit_linear", _size(m), _size(n)) as work:
        gsl.call("gsl_multifit_linear", _as(A), _as(b), _as(x), _as(covariance), ctypes.byref(chisq), work)
        rank = gsl.library.gsl_multifit_linear_rank(ctypes.c_double(2.0**-52), work)
    return Fit(x, rank=rank, standard_errors=_roots(covariance.diagonal()))


@route(
    "gsl.multilarge_normal",
    GSL,
    source="GSL reference manual, chapter Linear Least-Squares Fitting, section Large dense linear systems",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=0.7,
    scaled="unit norm",
)
def gsl_multilarge_normal(A: Array, b: Array) -> Fit:
    """x (n,) by gsl_multilarge_linear_normal, A (m, n) in one block: A'A, scaled to a diagonal of 1, by pivoted LDL'.

    Error about 0.7 u cond(A)**2. Raises SingularError, "matrix is not positive definite", where a pivot is not
    positive; round-off decides.
    Source: GSL reference manual, gsl_multilarge_linear_normal; multilarge/normal.c."""
    return _multilarge("gsl_multilarge_linear_normal", A, b)


@route(
    "gsl.multilarge_tsqr",
    GSL,
    source="GSL reference manual, chapter Linear Least-Squares Fitting, section Large dense linear systems",
    tags=("scale-equivariant", "no-rank-test", *STABLE),
    law="columnwise",
    constant=0.35,
    fails={"has_a_stated_answer_to_singular_data": QUIET},
)
def gsl_multilarge_tsqr(A: Array, b: Array) -> Fit:
    """x (n,) by gsl_multilarge_linear_tsqr, A (m, n) in one block: Householder QR of blocks of rows.

    No rank test: exactly dependent columns get large coefficients that cancel, or NaN where a pivot is exactly 0.
    Source: GSL reference manual, gsl_multilarge_linear_tsqr."""
    return _multilarge("gsl_multilarge_linear_tsqr", A, b)


def _multilarge(kind: str, A: Array, b: Array) -> Fit:
    gsl = _gsl()
    A, b, x = _copies(A, b)
    method = ctypes.c_void_p.in_dll(gsl.library, kind)
    norms = [ctypes.byref(ctypes.c_double()) for _ in range(2)]
    with gsl.workspace("gsl_multilarge_linear", method, _size(A.shape[1])) as work:
        gsl.call("gsl_multilarge_linear_accumulate", _as(A), _as(b), work)
        gsl.call("gsl_multilarge_linear_solve", ctypes.c_double(0), _as(x), *norms, work)
    return Fit(x)


@route(
    "gsl.QR_lssolve",
    GSL,
    source="GSL reference manual, chapter Linear Algebra, section QR decomposition; Higham (2002), section 20.2",
    tags=("scale-equivariant", "no-rank-test", *STABLE),
    law="columnwise",
    constant=0.18,
    fails={"has_a_stated_answer_to_singular_data": QUIET},
)
def gsl_qr_lssolve(A: Array, b: Array) -> Fit:
    """x (n,) by gsl_linalg_QR_decomp and gsl_linalg_QR_lssolve, A (m, n): Householder QR, columns as they come.

    No rank test: exactly dependent columns get large coefficients that cancel, or NaN where a pivot is exactly 0.
    Source: GSL reference manual, gsl_linalg_QR_lssolve; Higham (2002), section 20.2."""
    gsl = _gsl()
    A, b, x = _copies(A, b)
    tau, residual = np.zeros(min(A.shape)), np.zeros(len(b))
    gsl.call("gsl_linalg_QR_decomp", _as(A), _as(tau))
    gsl.call("gsl_linalg_QR_lssolve", _as(A), _as(tau), _as(b), _as(x), _as(residual))
    return Fit(x)


@route(
    "gsl.COD_lssolve",
    GSL,
    source="GSL reference manual, chapter Linear Algebra, section Complete orthogonal decomposition",
    tags=("scale-equivariant", *STABLE),
    law="columnwise",
    constant=0.15,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: 14 * (m + n) * eps,
    cutoff_says="pivots up to 20 (m + n) eps times the power of two below the largest: on average 14 (m + n) eps of it",
)
def gsl_cod_lssolve(A: Array, b: Array) -> Fit:
    """x (n,) and rank by gsl_linalg_COD_decomp and gsl_linalg_COD_lssolve, A (m, n): pivoted QR, then from the right.

    Columnwise backward stable while the rank is full. The rank is the number of pivots above the tolerance.
    Source: GSL reference manual, gsl_linalg_COD_decomp; linalg/cod.c."""
    gsl = _gsl()
    A, b, x = _copies(A, b)
    m, n = A.shape
    tau_q, tau_z, work, residual = np.zeros(min(m, n)), np.zeros(min(m, n)), np.zeros(n), np.zeros(m)
    rank = ctypes.c_size_t()
    with gsl.workspace("gsl_permutation", _size(n)) as order:
        factors = _as(A), _as(tau_q), _as(tau_z), order
        gsl.call("gsl_linalg_COD_decomp", *factors, ctypes.byref(rank), _as(work))
        gsl.call("gsl_linalg_COD_lssolve", *factors, rank, _as(b), _as(x), _as(residual))
    return Fit(x, rank=rank.value)


@route(
    "gsl.SV_solve",
    GSL,
    source="GSL reference manual, chapter Linear Algebra, section Singular value decomposition",
    tags=("scale-equivariant", "no-rank-test", "normwise-backward-stable"),
    law="normwise",
    constant=0.33,
    untriangled=True,
)
def gsl_sv_solve(A: Array, b: Array) -> Fit:
    """x (n,) by gsl_linalg_SV_decomp and gsl_linalg_SV_solve, A (m, n): Golub and Reinsch's SVD, unscaled.

    Normwise but not columnwise backward stable. Singular values that are exactly 0 are left out, no others: exactly
    dependent columns mostly get large coefficients that cancel.
    Source: GSL reference manual, gsl_linalg_SV_solve."""
    gsl = _gsl()
    A, b, x = _copies(A, b)
    n = A.shape[1]
    V, s, work = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    gsl.call("gsl_linalg_SV_decomp", _as(A), _as(V), _as(s), _as(work))
    gsl.call("gsl_linalg_SV_solve", _as(A), _as(V), _as(s), _as(b), _as(x))
    return Fit(x)


@route(
    "gsl.fit_linear",
    GSL,
    source="GSL reference manual, chapter Linear Least-Squares Fitting, section Linear regression; fit/linear.c",
    tags=("no-rank-test",),
    fails={"has_a_stated_answer_to_singular_data": "where all x are equal it divides 0 by 0, without a warning"},
    call_form="line",
    centred="means",
)
def gsl_fit_linear(x: Array, y: Array) -> Fit:
    """Intercept, slope (2,) and their standard errors by gsl_fit_linear, x and y (m,).

    Two passes: means by updating, then means of products of deviations. Where all x are equal both are NaN.
    Source: GSL reference manual, gsl_fit_linear; fit/linear.c."""
    x, y = np.array(x), np.array(y)
    outputs = [ctypes.c_double() for _ in range(6)]
    columns = ((ctypes.c_void_p(a.ctypes.data), _size(1)) for a in (x, y))
    _gsl().call("gsl_fit_linear", *chain(*columns), _size(len(x)), *(ctypes.byref(v) for v in outputs))
    intercept, slope, variance, _, slope_variance, _ = (v.value for v in outputs)
    return Fit(np.array([intercept, slope]), standard_errors=_roots(np.array([variance, slope_variance])))
