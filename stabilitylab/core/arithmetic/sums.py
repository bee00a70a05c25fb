"""Sums and products of arrays of any format, in a stated order, rounded after every operation or in a wide accumulator.

np.sum and `@` say no order, and add float16 in float32. Orders:
"pairwise": products rounded, then added in pairs; error at most (1 + log2 m) u sum |x_i y_i|.
"sequential": products rounded, then a running sum from the first; error at most m u sum |x_i y_i|.
"wide": exact products added one after another in a wider format and rounded once at the end, as matrix units do:
float32 for formats up to tensorfloat32, float64 for float32; float64 with the error of every operation added up
(Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005) 1955-1988, algorithm 5.3), as if in twice its precision.
Source: Higham (2002), section 4.2; Fasi, Higham, Mikaitis and Pranesh, PeerJ Comput. Sci. 7 (2021) e330 (accumulators).
"""

from typing import Any, Literal, TypeAlias

import numpy as np

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.error_free import two_sum
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, format_of
from stabilitylab.core.arithmetic.two_product import two_product
from stabilitylab.core.errors import InputError, ShapeError

Order: TypeAlias = Literal["pairwise", "sequential", "wide"]
ORDERS: tuple[Order, ...] = ("pairwise", "sequential", "wide")


def dot(x: Array, y: Array, order: Order = "pairwise") -> Any:
    """x'y of x (m,) and y (m,), both of one format; a number of that format."""
    if np.shape(x) != np.shape(y) or np.ndim(x) != 1:
        raise ShapeError(f"dot takes two vectors of one length; got shapes {np.shape(x)} and {np.shape(y)}")
    return sum_of_products(x, y, order)


def product(A: Array, x: Array, order: Order = "pairwise") -> Array:
    """A x (m,) of A (m, n) and x (n,), both of one format."""
    if np.ndim(A) != 2 or np.shape(x) != (np.shape(A)[1],):
        raise ShapeError(f"A x takes A (m, n) and x (n,); got shapes {np.shape(A)} and {np.shape(x)}")
    return np.asanyarray(sum_of_products(A.T, x[:, None], order))


def transposed_product(A: Array, r: Array, order: Order = "pairwise") -> Array:
    """A'r (n,) of A (m, n) and r (m,), both of one format."""
    if np.ndim(A) != 2 or np.shape(r) != (np.shape(A)[0],):
        raise ShapeError(f"A'r takes A (m, n) and r (m,); got shapes {np.shape(A)} and {np.shape(r)}")
    return np.asanyarray(sum_of_products(A, r[:, None], order))


def sum_of_products(x: Array, y: Array, order: Order = "pairwise") -> Any:
    """The sums over the first axis of x y, two arrays of one format that broadcast; a sum of nothing is 0."""
    require_choice("order", order, ORDERS)
    if order == "wide":
        return _wide(x, y)
    terms = x * y
    if not len(terms):
        return np.zeros_like(terms, shape=terms.shape[1:])
    return column_sums(terms) if order == "pairwise" else running_sums(terms)


def column_sums(terms: Array) -> Any:
    """Sum over the first axis, in pairs: error at most log2(m) u sum |terms|, each addition rounded to the format.

    Written out because np.sum, `@` and np.add.reduce over a contiguous axis add float16 in float32, and because a
    running sum's error grows with the number of rows. Needs at least one term.
    Source: Higham (2002), section 4.2.
    """
    while len(terms) > 1:
        half = (len(terms) + 1) // 2
        folded = terms[:half].copy()
        folded[: len(terms) - half] += terms[half:]
        terms = folded
    return terms[0]


def running_sums(terms: Array) -> Any:
    """Sum over the first axis from the first term to the last, each addition rounded to the format of the terms."""
    format = None if terms.dtype == object else format_of(terms)
    if format is None or not format.carried:
        # An accumulation gives every partial sum in the format, so that it can only be sequential.
        return np.add.accumulate(terms, axis=0)[-1]
    if terms.ndim == 1:
        total, rounded = 0.0, format.rounding.scalar
        for term in np.asarray(terms).tolist():
            total = rounded(total + term)
        return format.rounded(total)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _wide(x: Array, y: Array) -> Any:
    """The sums over the first axis of exact products, in the accumulator of the format, rounded once."""
    format = format_of(x)
    if format_of(y) != format:
        raise InputError(f"{format_of(y)} and {format} meet in one product: round one first")
    if format.precision > FLOAT64.precision:
        raise InputError(f'no wider accumulator for {format}: use the order "pairwise"')
    a, b = (np.asarray(values).astype(np.float64) for values in (x, y))
    if format == FLOAT64:
        return _compensated(*np.broadcast_arrays(a, b))
    products: Array = a * b  # exact: twice 24 bits at most
    if not len(products):
        return format.rounded(np.zeros(products.shape[1:]))
    if format.precision < 24:
        with np.errstate(over="ignore"):
            short = products.astype(np.float32)
        # Two numbers of 24 bits are added in float32 with one rounding either way (53 >= 2 24 + 2); a product outside
        # the range of float32 stays exact until it is added.
        products = short if (short == products).all() else _running_in_float32(products)
    with np.errstate(over="ignore", invalid="ignore"):
        return format.rounded(np.add.accumulate(products, axis=0)[-1])


def _running_in_float32(products: Array) -> Array:
    """The sum over the first axis (as an axis of length 1) of float64 products, each addition rounded to float32."""
    total = np.zeros(products.shape[1:], dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for term in products:
            total = np.asarray(total + term).astype(np.float32)
    return total[None]


def _compensated(x: Array, y: Array) -> Any:
    """The sums over the first axis of x y in float64, with the errors of products and additions added up beside."""
    shape = x.shape[1:]
    total, errors = np.zeros((2, int(np.prod(shape))))
    for a, b in zip(x.reshape(len(x), total.size), y.reshape(len(y), total.size), strict=True):
        p, error = two_product(a, b)
        total, lost = two_sum(total, p)
        errors = errors + (error + lost)
    return (total + errors).reshape(shape)[()]
