"""Newton's method, which on least squares is one solution of the normal equations, and afterwards refinement."""

from collections.abc import Iterator

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import product
from stabilitylab.solvers.descent import Iterate
from stabilitylab.solvers.iterative import method
from stabilitylab.solvers.normal_equations import normal_cholesky


@method(
    "iterative.newton",
    source="Nocedal and Wright (2006), section 10.3; Higham (2002), section 20.5",
    steps=lambda n: 10,
    tags=("no-rank-test",),
)
def newton(A: Array, b: Array, x: Array) -> Iterator[Iterate]:
    """x + (A'A)^(-1) A'(b - A x): the minimiser after one step, whatever x, in exact arithmetic.

    In rounded arithmetic the first step has the error of the normal equations, cond**2 u, and each further one
    multiplies it by as much, down to cond u + cond**2 u |r|: refinement in the format. Raises Breakdown where Cholesky
    does, from cond**2 u about 1 on.
    Source: Nocedal and Wright, Numerical Optimization (2006), doi:10.1007/978-0-387-40065-5, section 10.3; Higham
    (2002), section 20.5 (fixed precision refinement)."""
    while True:
        x = x + normal_cholesky(A, b - product(A, x))
        yield Iterate(x)
