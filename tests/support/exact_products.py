"""Products of matrices of fractions, in integers."""

import numpy as np

from stabilitylab.conformance.rational import integers


def product(*factors):
    """The product of arrays of fractions, two dimensions each or one at the ends: an array of fractions, or a fraction.

    Each factor is made integers by its least common denominator: a sum of fractions looks for common divisors at every
    term, which takes ten times as long as the products.
    """
    total, unit = integers(np.asarray(factors[0], dtype=object))
    for factor in factors[1:]:
        of, scale = integers(np.asarray(factor, dtype=object))
        total, unit = total @ of, unit * scale
    return total * unit
