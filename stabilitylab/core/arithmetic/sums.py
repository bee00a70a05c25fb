"""Sums and products of arrays in any format, in a stated order of additions, each addition rounded to the format."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array


def column_sums(terms: Array) -> Any:
    """Sum over the first axis, in pairs: error at most log2(m) u sum |terms|, each addition rounded to the format.

    Written out because np.sum, `@` and np.add.reduce over a contiguous axis add float16 in float32, and because a
    running sum's error grows with the number of rows.
    Source: Higham (2002), section 4.2.
    """
    while len(terms) > 1:
        half = (len(terms) + 1) // 2
        folded = terms[:half].copy()
        folded[: len(terms) - half] += terms[half:]
        terms = folded
    return terms[0]


def product(A: Array, x: Array) -> Array:
    """A x (m,), A (m, n), x (n,): each product and each addition rounded to the format."""
    return np.asanyarray(column_sums((A * x).T))


def transposed_product(A: Array, r: Array) -> Array:
    """A'r (n,), A (m, n), r (m,): each product and each addition rounded to the format."""
    return np.asanyarray(column_sums(A * r[:, None]))
