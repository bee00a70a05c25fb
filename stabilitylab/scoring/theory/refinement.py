"""How fast iterative refinement with factors in a short format converges, and where it stops doing so."""

from stabilitylab.core.arithmetic.formats import FormatLike, unit_roundoff
from stabilitylab.scoring.theory.condition import Conditioning

RATE = 0.5  # median of measured factors over u cond; nine in ten lie within a factor 3
CERTAIN, HOPELESS = 0.3, 3.0  # u cond up to which every refinement here converged, and from which none did


def refinement_factor(c: Conditioning, factor: FormatLike) -> float:
    """About 0.5 u_f cond, by which a step of refinement multiplies the error: QR factors with unit roundoff u_f.

    cond is that of A with columns of norm 1. With residuals in twice the precision of x the factor does not depend on
    the size of the residual b - A x. Refinement converges where it is below 1: cond must be below about 1/u_f.
    Source: Björck, BIT 7 (1967) 257-278, section 6; Carson, Higham and Pranesh, SIAM J. Sci. Comput. 42 (2020)
    A4063-A4083, theorem 2.2; the constant is measured.
    """
    return RATE * unit_roundoff(factor) * c.cond_scaled
