"""Euclidean norms of arrays whose squares may over- or underflow, and scaling by powers of two."""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array


def column_norms(A: Array) -> Array:
    """|a_j|_2 (n,) of A (m, n), to a few u; 1 for a column of zeros, so that columns can be divided by it.

    Squares are formed of columns scaled by powers of two, so that entries may be as large as the format allows.
    """
    largest = np.abs(A).max(axis=0)
    exponents = np.where(largest > 0, np.frexp(largest)[1], 0)
    norms = np.ldexp(np.linalg.norm(np.ldexp(A, -exponents), axis=0), exponents)
    return np.where(largest > 0, norms, 1.0)


def norm(values: Array) -> Any:
    """|v|_2 of v (m,), in the format of v."""
    exponent = unit_exponent(values)
    return np.ldexp(np.linalg.norm(np.ldexp(values, -exponent)), exponent)


def unit_exponent(values: Array) -> int:
    """e with max |values| in [2**(e-1), 2**e): values times 2**-e can be squared. 0 for zeros."""
    return int(np.frexp(np.abs(values).max())[1])


def times_powers_of_two(values: Array, exponents: Any) -> Array:
    """values 2**exponents, exactly unless it leaves the range of their format; arrays of objects included."""
    if values.dtype.kind == "O":
        return np.asarray(values * np.ldexp(1.0, exponents))
    return np.asanyarray(np.ldexp(values, exponents))
