"""Lengths of vectors and of pairs of numbers in any format, without squares that leave its range."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.solvers.scalars import scaled_norm


def unit(v: Array) -> tuple[Any, Array]:
    """(beta, u) with v = beta u, |u| = 1; (0, v) for v = 0."""
    scale, y, nu = scaled_norm(v)
    return (scale, v) if not scale > 0 else (scale * nu, y / nu)


def hypotenuse(a: Any, b: Any) -> Any:
    """sqrt(a² + b²) of two numbers."""
    larger, smaller = np.maximum(abs(a), abs(b)), np.minimum(abs(a), abs(b))
    if not larger > 0:
        return larger
    ratio = smaller / larger
    return larger * np.sqrt(1 + ratio * ratio)
