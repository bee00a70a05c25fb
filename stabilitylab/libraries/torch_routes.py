"""PyTorch's ways to fit on a CPU: linalg.lstsq with each of its four drivers, linalg.pinv and the normal equations."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import blas_of_modules
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

TORCH = python_library("torch", title="PyTorch", modules=("torch",), distribution="torch", blas_of=lambda: _blas())

BOTH = ("float32", "float64")
CUTOFF_SAYS = "singular values up to max(m, n) eps times the largest are dropped, eps of the format of A"


def _blas() -> str:
    """What it was built with, by its own word: MKL lies inside its libraries; others are files beside them."""
    import torch

    match = re.search(r"Math Kernel Library Version ([\d.]+)", torch.__config__.show())
    return f"MKL {match[1]} (inside torch)" if match else blas_of_modules(("torch",), "torch")


def _m_eps(m: int, n: int, eps: float) -> float:
    return max(m, n) * eps


@contextmanager
def _filled_memory() -> Iterator[None]:
    """torch.use_deterministic_algorithms: memory that torch does not write is filled, always with the same bits."""
    import torch

    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def _lstsq(A: Array, b: Array, driver: str | None = None) -> Any:
    import torch

    return torch.linalg.lstsq(torch.tensor(A), torch.tensor(b), driver=driver)


@route(
    "torch.lstsq_gelsy",
    TORCH,
    source="torch.linalg.lstsq, documentation; LAPACK Users' Guide (1999), section 2.3.1 (gelsy)",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable"),
    law="columnwise",
    constant=0.13,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_m_eps,
    cutoff_says="a triangle whose condition is estimated to pass 1/(max(m, n) eps) is cut there, eps of A's format",
    fails={
        "has_a_stated_answer_to_singular_data": "columns are not exchanged, so the columns behind a dependent one are "
        "cut off with it: the residual is not the smallest, and the rank is too low"
    },
    default=True,
    called_under="torch.use_deterministic_algorithms(True), which fills memory that torch leaves unwritten",
)
def torch_lstsq_gelsy(A: Array, b: Array) -> Fit:
    """x (n,) = torch.linalg.lstsq(A, b).solution, A (m, n): the default driver on a CPU, gelsy.

    gelsy is a QR with column pivoting, but torch hands it the permutation JPVT as unwritten memory, and a column whose
    entry is not 0 stays where it is: which columns are exchanged, and with it rank and x of a deficient A, depends on
    what that memory held (pytorch/pytorch issue 187411). It is called here under torch.use_deterministic_algorithms,
    which fills such memory, so that no column is ever exchanged: a plain Householder QR, and behind a column that is
    dependent, or merely short, all others are cut off with it. Raises RuntimeError for NaN.
    Source: PyTorch documentation, torch.linalg.lstsq; LAPACK, dgelsy.f, argument JPVT."""
    with _filled_memory():
        result = _lstsq(A, b)
    return Fit(result.solution.numpy(), rank=int(result.rank))


@route(
    "torch.lstsq_gels",
    TORCH,
    source="torch.linalg.lstsq, documentation; LAPACK Users' Guide (1999), section 2.3.1 (gels)",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.13,
    scalars=BOTH,
)
def torch_lstsq_gels(A: Array, b: Array) -> Array:
    """x (n,) = torch.linalg.lstsq(A, b, driver="gels").solution, A (m, n): Householder QR, the only driver on CUDA.

    Columnwise backward stable. It assumes full rank and tests for nothing but a diagonal element that is exactly 0,
    for which it raises LinAlgError.
    Source: PyTorch documentation, torch.linalg.lstsq; LAPACK Users' Guide (1999), section 2.3.1 (gels)."""
    x: Array = _lstsq(A, b, "gels").solution.numpy()
    return x


@route(
    "torch.lstsq_gelsd",
    TORCH,
    source="torch.linalg.lstsq, documentation; LAPACK Users' Guide (1999), section 2.3.1 (gelsd)",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="normwise",
    constant=0.13,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_m_eps,
    cutoff_says=CUTOFF_SAYS,
)
def torch_lstsq_gelsd(A: Array, b: Array) -> Fit:
    """x (n,) = torch.linalg.lstsq(A, b, driver="gelsd").solution, A (m, n): an SVD by divide and conquer.

    Normwise but not columnwise backward stable. The cut-off is that of numpy.linalg.lstsq, in the format of A.
    Source: PyTorch documentation, torch.linalg.lstsq, argument rcond."""
    result = _lstsq(A, b, "gelsd")
    return Fit(result.solution.numpy(), rank=int(result.rank))


@route(
    "torch.lstsq_gelss",
    TORCH,
    source="torch.linalg.lstsq, documentation; LAPACK Users' Guide (1999), section 2.3.1 (gelss)",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="normwise",
    constant=0.13,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_m_eps,
    cutoff_says=CUTOFF_SAYS,
)
def torch_lstsq_gelss(A: Array, b: Array) -> Fit:
    """x (n,) = torch.linalg.lstsq(A, b, driver="gelss").solution, A (m, n): an SVD by QR iteration.

    As gelsd, slower.
    Source: PyTorch documentation, torch.linalg.lstsq, argument rcond."""
    result = _lstsq(A, b, "gelss")
    return Fit(result.solution.numpy(), rank=int(result.rank))


@route(
    "torch.pinv",
    TORCH,
    source="torch.linalg.pinv, documentation; Higham (2002), section 20.1",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.19,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_m_eps,
    cutoff_says=CUTOFF_SAYS,
)
def torch_pinv(A: Array, b: Array) -> Array:
    """x (n,) = torch.linalg.pinv(A) @ b, A (m, n).

    Forward error as from an SVD, but not backward stable: the residual is off by u cond(A). Its cut-off max(m, n) eps
    is that of torch.linalg.lstsq, where numpy.linalg.pinv has 1e-15.
    Source: PyTorch documentation, torch.linalg.pinv, argument rtol; Higham (2002), section 20.1."""
    import torch

    x: Array = (torch.linalg.pinv(torch.tensor(A)) @ torch.tensor(b)).numpy()
    return x


@route(
    "torch.solve_normal",
    TORCH,
    source="torch.linalg.solve, documentation; Higham (2002), section 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=1.0,
    gram="pivoting",
    scalars=BOTH,
)
def torch_solve_normal(A: Array, b: Array) -> Array:
    """x (n,) = torch.linalg.solve(A.T @ A, A.T @ b), A (m, n): the normal equations by LU with partial pivoting.

    Error about u cond(A)**2. Raises LinAlgError when a pivot is exactly 0.
    Source: PyTorch documentation, torch.linalg.solve; Higham (2002), section 20.4."""
    import torch

    matrix, vector = torch.tensor(A), torch.tensor(b)
    x: Array = torch.linalg.solve(matrix.T @ matrix, matrix.T @ vector).numpy()
    return x
