"""Error-free transformations in float64: a sum and its rounding error, and rounding to odd, after which one may round.

A number rounded to odd keeps, in its last bit, that something was lost. Rounding it once more, to at least two bits
fewer, gives what rounding the exact number would have given.
Source: Boldo and Melquiond, IEEE Trans. Computers 57 (2008) 462-471, section 2 and theorem 3.
"""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """s = fl(a + b) and e with s + e = a + b exactly, unless s overflows.

    Source: Knuth, The Art of Computer Programming 2 (1998), section 4.2.2, theorem B.
    """
    s = np.add(a, b)
    of_b = s - a
    return s, (a - (s - of_b)) + (b - of_b)


def to_odd(s: Array, e: Array) -> Array:
    """s + e rounded to odd in float64, for s = fl(s + e): s if e = 0 or s has an odd significand, else the neighbour of
    s on the side of e.

    An infinite or undefined s is returned as it is.
    """
    s = np.array(s, dtype=np.float64)
    bits = s.view(np.int64)
    inexact = (np.asarray(e) != 0) & (bits & 1 == 0) & np.isfinite(s)
    # The bits of a float64 count its magnitude: one more is away from zero.
    bits += np.where(inexact, np.where((np.asarray(e) > 0) == (s > 0), 1, -1), 0)
    return s
