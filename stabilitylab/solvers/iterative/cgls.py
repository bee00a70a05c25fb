"""CGLS: conjugate gradients on the normal equations, without forming them."""

from collections.abc import Iterator

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import product, transposed_product
from stabilitylab.solvers.descent import Iterate
from stabilitylab.solvers.iterative import method
from stabilitylab.solvers.iterative.lengths import unit


@method(
    "iterative.cgls",
    source="Hestenes and Stiefel (1952), section 10; Björck (1996), algorithm 7.4.1",
    steps=lambda n: 10 * n + 10,
    tags=("scale-equivariant",),
    deficient_answer="minimum-norm",
    fails={"cuts_off_where_it_says": "the tolerance 4 u ends it before a direction 1e17 times shorter is resolved"},
)
def cgls(A: Array, b: Array, x: Array) -> Iterator[Iterate]:
    """x_k minimises |b - A x| over x_0 + span of (A'A)^j A'r_0, j < k: exact after n steps, but for rounding.

    The error falls by (cond - 1)/(cond + 1) a step, usually faster. r is updated and not recomputed, so that it drifts
    from b - A x by about u cond; carried on after convergence it may diverge on inconsistent data.
    Here s and p are the textbook's over |A'r|, whose square, and A times which, may leave the range of a short format.
    Source: Hestenes and Stiefel, J. Res. NBS 49 (1952) 409-436, doi:10.6028/jres.049.044, section 10; Paige and
    Saunders, ACM TOMS 8 (1982) 43-71, doi:10.1145/355984.355989, section 7.1; Björck, Numerical Methods for Least
    Squares Problems (1996), doi:10.1137/1.9781611971484, algorithm 7.4.1."""
    r = b - product(A, x)
    size, s = unit(transposed_product(A, r))
    p = s
    while size > 0:
        # 1. The step along p that minimises |r|: |A'r| / |A p|².
        q = product(A, p)
        length, _ = unit(q)
        alpha = size / length / length
        x, r = x + alpha * p, r - alpha * q
        yield Iterate(x, {"r": r, "p": p})
        # 2. The next direction, conjugate to all before.
        before = size
        size, s = unit(transposed_product(A, r))
        p = s + (size / before) * p
