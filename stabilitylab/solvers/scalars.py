"""Arithmetic shared by the solvers whose text runs over any scalar: sums that stay in the format, and finite checks.

Generic text uses + - * /, abs and np.sqrt only, so that float16, longdouble, RoundedArrays of the formats that NumPy
lacks, and object arrays of double-double or arbitrary-precision numbers go through the same lines as float64.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.rounded_array import RoundedArray
from stabilitylab.core.arithmetic.sums import column_sums
from stabilitylab.core.errors import Breakdown, ShapeError, UnderdeterminedError

GENERIC: tuple[str, ...] = ("float16", "float32", "float64", np.dtype(np.longdouble).name, "object")


def joined(A: npt.ArrayLike, b: npt.ArrayLike) -> Array:
    """[A b] (m, n+1) as a fresh array in the format of A; integers become float64.

    Raises ShapeError when b does not fit A, and UnderdeterminedError when m < n.
    """
    A, b = (values if isinstance(values, RoundedArray) else np.asarray(values) for values in (A, b))
    if A.ndim != 2 or b.shape != A.shape[:1]:
        raise ShapeError(f"A must have shape (m, n) and b (m,); got {A.shape} and {b.shape}: pass b.ravel()")
    m, n = A.shape
    if m < n:
        raise UnderdeterminedError(f"A has {m} rows for {n} columns: give at least {n} rows, or drop columns")
    system = np.empty_like(A, dtype=A.dtype if A.dtype.kind in "fO" else np.float64, shape=(m, n + 1), order="C")
    system[:, :n] = A
    system[:, n] = b
    return system


def finite_system(A: npt.ArrayLike, b: npt.ArrayLike) -> Array:
    """[A b] (m, n+1) as from `joined`; raises Breakdown at the first entry that is not finite: "A[0, 2] is nan"."""
    system = joined(A, b)
    require_finite(system[:, :-1], "A")
    require_finite(system[:, -1], "b")
    return system


def scaled_norm(v: Array) -> tuple[Any, Array, Any]:
    """(scale, y, nu) with v = scale y, max |y_i| = 1 and nu = |y|, so that |v| = scale nu and no square overflows.

    The quotients are the same bits for v and 2**k v: no square root ever sees the power of two. v = 0 gives scale 0.
    """
    scale = np.max(np.abs(v))
    if not scale > 0:
        return scale, v, scale
    y = v / scale
    return scale, y, np.sqrt(column_sums(y * y))


def require_finite(values: Any, name: str, *row: int) -> None:
    """Raises Breakdown naming the first entry that is a NaN or an infinity: "A'A[0, 2] is inf".

    row: where values is a part of what the name means, the leading indices of that part.
    """
    values = np.asarray(values)
    bad = np.argwhere(~np.asarray(values - values == 0, dtype=bool))
    if len(bad):
        raise Breakdown(f"{name}[{', '.join(map(str, [*row, *bad[0]]))}] is {float(values[tuple(bad[0])]):.2g}")


def require_pivot(pivot: Any, name: str, *, positive: bool = False) -> None:
    """Raises Breakdown when a pivot is 0, not finite, or (where asked) negative: "pivot 7 of A'A is -8.6e-06"."""
    if not pivot - pivot == 0 or pivot == 0 or (positive and pivot < 0):
        raise Breakdown(f"{name} is {float(pivot):.2g}")
