"""Triangular systems by substitution, a column at a time."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.solvers.scalars import require_finite, require_pivot


def back_substitution(R: Array, Z: Array, name: str = "R") -> Array:
    """X with R X = Z, R (n, n) upper triangular, Z (n,) or (n, k).

    Backward stable row by row whatever the condition of R: (R + dR) x = z, |dR| <= n u |R|. Only + - * / on entries.
    Raises Breakdown when a diagonal entry is 0 or not finite ("R[3, 3] is 0"), or an unknown overflows ("x[2] is inf").
    Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), section 8.1 (Algorithm 8.1, Theorem 8.5)."""
    X = Z.copy()
    for j in reversed(range(len(R))):
        require_pivot(R[j, j], f"{name}[{j}, {j}]")
        X[j] = X[j] / R[j, j]
        require_finite(X[j], "x", j)
        X[:j] -= np.multiply.outer(R[:j, j], X[j])
    return X
