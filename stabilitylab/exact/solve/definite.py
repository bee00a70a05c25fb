"""Whether sums can be those of rows at all: [A b]'[A b] is positive semidefinite, whatever A and b are."""

from dataclasses import replace

import flint
import numpy as np

from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.limbs import TERMS
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.inverse_factor import inverse_factor

FEW = 24  # columns of [A b] up to which a characteristic polynomial costs less than an inverse factor
LARGEST_EXACT = 100  # columns of [A b] up to which a characteristic polynomial takes seconds


def is_of_rows(normal: NormalEquations) -> bool:
    """Whether [A b]'[A b] as summed is positive semidefinite; then A'A is, and no residual sum of squares is negative.

    1. Of more than a few columns: X with |I - X'G X|_F < 1 proves G positive definite. Where G is singular, and P are
    columns of G that span the others, exactly (`dependence`), G = [I F]' G_PP [I F] for its symmetry, so that it is
    enough that G_PP is. 2. Otherwise the roots of the characteristic polynomial of G, which are real, are not negative
    if and only if the signs of its coefficients alternate, zeros aside (Descartes). Raises NotCertifiedError where
    neither decides and 2 would take too long.
    """
    bordered = _with_right_side(normal)
    if any(entry < 0 for entry in bordered.diagonal):
        return False
    if FEW < bordered.n <= TERMS and _is_semidefinite(bordered):
        return True
    if bordered.n > LARGEST_EXACT:
        raise NotCertifiedError(
            f"whether the sums of {normal.n} columns can be those of rows was not decided: drop columns that depend on "
            "others, or sum the rows that remain anew"
        )
    coefficients = flint.fmpz_mat(bordered.C).charpoly().coeffs()
    return all(int(value) * (-1) ** (len(coefficients) - 1 - k) >= 0 for k, value in enumerate(coefficients))


def _is_semidefinite(bordered: NormalEquations) -> bool:
    """Whether an inverse factor proves it; False where none does, whatever the reason."""
    if inverse_factor(bordered) is not None:
        return True
    try:
        # More rows than columns, so that dependence is not inferred from a number of rows, which is in doubt here.
        independent = independent_columns(replace(bordered, rows=bordered.n + 1))
    except NotCertifiedError:
        return False
    if len(independent) == bordered.n:
        return False
    core = bordered.restricted([*independent, bordered.n])
    return core.n == 0 or inverse_factor(core) is not None


def _with_right_side(normal: NormalEquations) -> NormalEquations:
    """[A b]'[A b] as the left side of normal equations, whose right side is 0."""
    levels = np.pad(normal.levels, ((0, 0), (0, 1), (0, 1)))
    scales = None if normal.scales is None else (*normal.scales, normal.scales[-1])
    return replace(normal, levels=levels, exponents=np.append(normal.exponents, 0), scales=scales)
