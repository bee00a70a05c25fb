"""Registers `exact.lstsq` in the catalogue of solvers, so that it is listed, examined and compared like the others."""

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact import lstsq
from stabilitylab.solvers import solver


@solver(
    "exact.certified",
    source="Ozaki, Ogita, Oishi, Rump (2012); Rump, Acta Numerica 19 (2010), section 10",
    works_in="float64",
    reference_solver=True,
)
def certified(A: Array, b: Array) -> Array:
    """x (n,) minimising |b - A x|, each entry the double nearest to the exact solution; see `lstsq`.

    Source: Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59 (2012) 95-118; Rump, Acta Numerica 19 (2010) 287-449."""
    return lstsq(A, b).x
