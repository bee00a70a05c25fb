"""A test whether BLAS multiplies matrices in true float64: the exact sums and every rounding bound rest on it.

Some libraries compute "float64" products otherwise: from slices of fewer bits (TF32, bfloat16 or integer tensor
units), by Strassen's recursion, which adds operands before it multiplies, or by accumulating in float32. Then sums of
integers below 2**53 come out wrong, or bounds such as |fl(x'y) - x'y| <= gamma_k |x|'|y| do not hold.
"""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import UntrustedBLASError

ROWS = 2048
TOP = 2**21
SMALL = 1e6  # multiplications of a product for which NumPy's BLAS is as fast as SciPy's, which takes long to load
Integers = npt.NDArray[np.int64]
Product = Callable[[Array, Array], Array]
Update = Callable[[Array, Array], None]


def syrk(plane: Array, C: Array) -> None:
    """C (n, n) += plane plane', for plane (n, k), in the upper triangle of C and in place, by SciPy's rank-k update."""
    lapack.dsyrk(1.0, plane.T, beta=1.0, c=C.T, trans=1, lower=1, overwrite_c=1)


def add_gram(plane: Array, C: Array) -> None:
    """C (n, n) += plane plane', for plane (n, k), of which only the upper triangle is meant: sums that are exact.

    Small products are NumPy's. Raises UntrustedBLASError where SciPy's rank-k update does not add exactly.
    """
    if plane.size * len(plane) < SMALL:
        C += plane @ plane.T
        return
    _require(_syrk_is_exact_here())
    syrk(plane, C)


def blas_is_exact(matmul: Product = np.matmul, update: Update = syrk, columns: int = 6) -> bool:
    """Whether products of 22-bit signed limbs, 2048 to a sum, and sums up to 2**53, come out without any error.

    D (2048, columns) and E (2048, columns // 2) hold limbs just below 2**21 in magnitude: the first column of D and
    the last of E are positive, so that the sum reaches nearly 2**53; the others have mixed signs. Asked of matmul are
    D'D with one array (syrk), D'E (gemm), products with a vector and with a single column (gemv), and D'E once more
    with row i of D times 2**s_i and row i of E times 2**-s_i, which is the same sum: a library whose numbers are fixed
    point relative to the largest of a column loses it. Then numbers of 53 bits times a 1 among zeros: all their bits
    must come through. Asked of update is D'D, added up over two halves in place.
    The truth is computed in int64, where nothing here overflows. A library may use another algorithm for large
    matrices only: call it with more columns too (the command `doctor` does).
    Source: Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59 (2012) 95-118, for when such sums are exact.
    """
    limbs = _limbs(columns + max(columns // 2, 1))
    truth = np.asarray(limbs.T.copy() @ limbs)  # int64: at most 2048 (2**21)**2 = 2**53 in magnitude
    pairs = _products(matmul, update, limbs.astype(np.float64), truth, columns)
    return all(np.array_equal(computed, exact) for computed, exact in pairs)


def require_true_float64_blas() -> None:
    """Raise UntrustedBLASError unless NumPy's products pass `blas_is_exact`, which is tested once per process."""
    _require(_is_exact_here())


def _require(exact: bool) -> None:
    if not exact:
        raise UntrustedBLASError(
            "sums of integer products below 2**53 must come out of matmul and dsyrk without error, and they do not: "
            "the BLAS does not multiply in true float64; switch its emulation or fast mode off, or use another BLAS"
        )


@cache
def _is_exact_here() -> bool:
    return blas_is_exact(update=add_gram)


@cache
def _syrk_is_exact_here() -> bool:
    return blas_is_exact()  # when it is first used, for SciPy is loaded then


def _limbs(columns: int) -> Integers:
    """(2048, columns) integers within 2**12 of 2**21 in magnitude; the first column and the last are positive."""
    i, j = np.ogrid[:ROWS, :columns]
    # A linear congruential mix: no random state, the same numbers everywhere.
    mixed = ((i * 40_503 + j * 30_011 + 12_345) * 48_271 + i * j * 7_919) % 65_537
    limbs: Integers = TOP - 1 - mixed % 4096
    limbs[:, 1:-1][(mixed[:, 1:-1] // 4096) % 2 == 1] *= -1
    return limbs


def _products(matmul: Product, update: Update, limbs: Array, truth: Integers, n: int) -> Iterator[tuple[Array, Array]]:
    """Pairs of a product as computed and as it is."""
    D, E = np.ascontiguousarray(limbs[:, :n]), np.ascontiguousarray(limbs[:, n:])
    DD, DE = truth[:n, :n], truth[:n, n:]
    yield matmul(D.T, D), DD
    yield matmul(D.T, E), DE
    yield matmul(D.T, E[:, -1]), DE[:, -1]
    yield matmul(E[:, -1], D), DE[:, -1]
    yield matmul(D.T, E[:, -1:]), DE[:, -1:]
    scales = np.ldexp(1.0, np.arange(ROWS) * 37 % 401 - 200)[:, None]
    yield matmul((D * scales).T, E / scales), DE
    # All 53 bits of an operand, picked out by a 1 among zeros, from either side.
    wide = limbs[:, ::-1][:, :n] + D * 2.0**31
    pick = np.zeros((ROWS, 2))
    pick[[ROWS // 3, ROWS - 2], [0, 1]] = 1.0
    picked = wide[[ROWS // 3, ROWS - 2]]
    yield matmul(pick.T, wide), picked
    yield matmul(wide.T, pick), picked.T
    C = np.zeros((n, n))
    for half in (D[: ROWS // 2], D[ROWS // 2 :]):
        update(np.ascontiguousarray(half.T), C)
    yield np.triu(C), np.triu(DD)
