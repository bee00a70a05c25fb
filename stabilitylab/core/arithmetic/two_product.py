"""The product of float64 numbers and its rounding error, as two float64 numbers, in float64 arithmetic."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array

HALVES = 2.0**27 + 1  # v HALVES - (v HALVES - v) is v rounded to 26 bits


def two_product(a: Array, b: Array, product: Array | None = None, error: Array | None = None) -> tuple[Array, Array]:
    """p = fl(a b) and e with p + e = a b exactly, entry by entry; written to `product` and `error` where given.

    Exact unless an operand is beyond 2**996, the product overflows, or a last bit of a b is below 2**-1074.
    Source: Dekker, Numer. Math. 18 (1971) 224-242, with Veltkamp's splitting of the operands.
    """
    product = np.multiply(a, b, out=product)
    b1 = b * HALVES
    b1 = b1 - (b1 - b)
    b2 = b - b1
    a1 = a * HALVES
    part = a1 - a
    np.subtract(a1, part, out=a1)
    a2 = np.subtract(a, a1, out=part)
    error = np.multiply(a1, b1, out=error)
    np.subtract(error, product, out=error)
    part = a2 * b1
    np.add(error, part, out=error)
    np.multiply(a1, b2, out=part)
    np.add(error, part, out=error)
    np.multiply(a2, b2, out=part)
    np.add(error, part, out=error)
    return product, error
