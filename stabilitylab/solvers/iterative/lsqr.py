"""LSQR: Golub-Kahan bidiagonalisation and a QR factorisation of the bidiagonal matrix."""

from collections.abc import Iterator

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import product, transposed_product
from stabilitylab.solvers.descent import Iterate
from stabilitylab.solvers.iterative import method
from stabilitylab.solvers.iterative.lengths import hypotenuse, unit


@method(
    "iterative.lsqr",
    source="Paige and Saunders, ACM TOMS 8 (1982), section 4",
    steps=lambda n: 10 * n + 10,
    tags=("scale-equivariant",),
    deficient_answer="minimum-norm",
    fails={"cuts_off_where_it_says": "the tolerance 4 u ends it before a direction 1e17 times shorter is resolved"},
)
def lsqr(A: Array, b: Array, x: Array) -> Iterator[Iterate]:
    """x_k minimises |b - A x| over the Krylov space of CGLS: the same iterates, but for rounding.

    |r| falls in every step, and no squares of lengths are formed. Its error is about that of a backward stable method
    where the residual is small, and some cond**2 u |r| otherwise.
    Source: Paige and Saunders, ACM TOMS 8 (1982) 43-71, doi:10.1145/355984.355989, section 4."""
    # 1. beta_1 u_1 = b, alpha_1 v_1 = A'u_1.
    beta, u = unit(b - product(A, x))
    alpha, v = unit(transposed_product(A, u))
    w, phi_bar, rho_bar = v, beta, alpha
    while beta > 0 and alpha > 0:
        # 3. Bidiagonalisation: beta u = A v - alpha u, alpha v = A'u - beta v.
        beta, u = unit(product(A, v) - alpha * u)
        alpha, v = unit(transposed_product(A, u) - beta * v)
        # 4. The rotation that removes beta.
        rho = hypotenuse(rho_bar, beta)
        c, s = rho_bar / rho, beta / rho
        theta, rho_bar = s * alpha, -c * alpha
        phi, phi_bar = c * phi_bar, s * phi_bar
        # 5. x and the next direction.
        x = x + (phi / rho) * w
        w = v - (theta / rho) * w
        yield Iterate(x, {"u": u, "v": v, "w": w})
