"""a b + c and a + b + c with one rounding, in any format: in float64 with error-free transformations, rounded to odd.

Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd, IEEE
Trans. Computers 57 (2008) 462-471, figures 1 and 2.
"""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.error_free import to_odd, two_sum
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, Format, format_of, is_finite
from stabilitylab.core.arithmetic.two_product import two_product
from stabilitylab.core.errors import InputError, OutOfRangeError

WIDEST_PRODUCT = 26  # bits of operands whose product float64 holds exactly


def fma(a: Array, b: Array, c: Array) -> Array:
    """a b + c, entry by entry, rounded once to their format.

    In float64 it is exact before the rounding unless |a| or |b| is beyond 2**996, the product overflows, or a last bit
    of it is below 2**-1074. Raises InputError where two formats meet.
    """
    format = _one_format(a, b, c)
    if format.precision > FLOAT64.precision:
        return _of_fractions(lambda x, y, z: x * y + z, (a, b, c), format)
    x, y, z = _doubles(a, b, c)
    with np.errstate(over="ignore", invalid="ignore"):
        if format.precision <= WIDEST_PRODUCT:
            return _rounded(to_odd(*two_sum(x * y, z)), x * y + z, format)
        high, low = two_product(x, y)
        # Figure 1: the low part of the product goes to c first, and its leftover is added rounded to odd.
        return _rounded(_sum_of_three(z, low, high), x * y + z, format)


def sum_of_three(a: Array, b: Array, c: Array) -> Array:
    """a + b + c, entry by entry, rounded once to their format, unless a sum of two overflows in float64.

    Raises InputError where two formats meet.
    """
    format = _one_format(a, b, c)
    if format.precision > FLOAT64.precision:
        return _of_fractions(lambda x, y, z: x + y + z, (a, b, c), format)
    x, y, z = _doubles(a, b, c)
    with np.errstate(over="ignore", invalid="ignore"):
        if format == FLOAT64:
            return _rounded(_sum_of_three(x, y, z), x + y + z, format)
        high, low = two_sum(y, z)
        top, rest = two_sum(x, high)
        tail = to_odd(*two_sum(rest, low))
        return _rounded(to_odd(*two_sum(top, tail)), x + y + z, format)


def _sum_of_three(x: Array, y: Array, z: Array) -> Array:
    """x + y + z rounded once to float64. Figure 2: the exact tail of the sum is rounded to odd before it is added."""
    high, low = two_sum(x, y)
    top, rest = two_sum(z, high)
    return np.asarray(top + to_odd(*two_sum(rest, low)))


def _rounded(value: Array, plain: Array, format: Format) -> Array:
    """float64 numbers rounded to the format; where an operand or a sum is not finite, the plain formula tells what."""
    finite = np.isfinite(value)
    return format.rounded(value if finite.all() else np.where(finite, value, plain))


def _one_format(*values: Array) -> Format:
    format = format_of(values[0])
    for other in values[1:]:
        if format_of(other) != format:
            raise InputError(f"{format_of(other)} and {format} meet in one operation: round one first")
    return format


def _doubles(*values: Array) -> tuple[Array, ...]:
    return tuple(np.asarray(value).astype(np.float64) for value in values)


def _of_fractions(formula: Any, values: tuple[Array, ...], format: Format) -> Array:
    """A formula in exact fractions, entry by entry; by the format's own operations where an entry is not finite."""
    arrays = np.broadcast_arrays(*values)
    out = np.empty(arrays[0].shape, dtype=format.dtype)
    for place in np.ndindex(out.shape):
        entries = [array[place] for array in arrays]
        if not all(is_finite(entry) for entry in entries):
            out[place] = formula(*entries)
            continue
        exact = formula(*map(format.exact, entries))
        try:
            out[place] = format.nearest(exact)
        except OutOfRangeError:
            out[place] = format.rounded(np.array(np.inf if exact > 0 else -np.inf))[()]
    return out
