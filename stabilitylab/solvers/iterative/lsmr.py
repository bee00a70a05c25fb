"""LSMR: MINRES on the normal equations, by Golub-Kahan bidiagonalisation."""

from collections.abc import Iterator

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import product, transposed_product
from stabilitylab.solvers.descent import Iterate, zeros
from stabilitylab.solvers.iterative import method
from stabilitylab.solvers.iterative.lengths import hypotenuse, unit


@method(
    "iterative.lsmr",
    source="Fong and Saunders, SIAM J. Sci. Comput. 33 (2011), section 2",
    steps=lambda n: 10 * n + 10,
    tags=("scale-equivariant",),
    deficient_answer="minimum-norm",
    fails={"cuts_off_where_it_says": "the tolerance 4 u ends it before a direction 1e17 times shorter is resolved"},
)
def lsmr(A: Array, b: Array, x: Array) -> Iterator[Iterate]:
    """x_k minimises |A'(b - A x)| over the Krylov space in which LSQR minimises |b - A x|.

    |A'r| falls in every step, which in LSQR it does not: a run that is ended early is nearer to a least-squares
    solution.
    Source: Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971, doi:10.1137/10079687X, section 2."""
    # Initialise.
    beta, u = unit(b - product(A, x))
    alpha, v = unit(transposed_product(A, u))
    one = alpha / alpha if alpha > 0 else alpha
    alpha_bar, zeta_bar, rho, rho_bar, c_bar, s_bar = alpha, alpha * beta, one, one, one, 0 * one
    h, h_bar = v, zeros(v)
    while beta > 0 and alpha > 0:
        # 1. Continue the bidiagonalisation.
        beta, u = unit(product(A, v) - alpha * u)
        alpha, v = unit(transposed_product(A, u) - beta * v)
        # 2. and 3. The rotation of the lower bidiagonal matrix.
        rho_before, rho = rho, hypotenuse(alpha_bar, beta)
        c, s = alpha_bar / rho, beta / rho
        theta, alpha_bar = s * alpha, c * alpha
        # 4. The rotation of R'.
        rho_bar_before, theta_bar = rho_bar, s_bar * rho
        rho_bar = hypotenuse(c_bar * rho, theta)
        c_bar, s_bar = c_bar * rho / rho_bar, theta / rho_bar
        zeta, zeta_bar = c_bar * zeta_bar, -s_bar * zeta_bar
        # 5. h_bar, x and h. Quotients one after the other, so that no product of two lengths leaves the range.
        h_bar = h - (theta_bar / rho_before) * (rho / rho_bar_before) * h_bar
        x = x + (zeta / rho / rho_bar) * h_bar
        h = v - (theta / rho) * h
        yield Iterate(x, {"u": u, "v": v, "h": h, "h_bar": h_bar})
