"""A least-squares problem and a start as the laws see them: eigenvalues, and the error along each eigenvector."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format


@dataclass(frozen=True, eq=False)
class Start:
    """f(x) = (factor/2) |A x - b|² and x_0, in the eigenvectors of its Hessian factor A'A, in float64.

    A (m, n), b (m,), x0 (n,); factor: that of the loss. Errors: about u relative to the largest eigenvalue. Directions
    whose singular value is below m u of the largest are taken for dependent columns: along them the gradient is 0, and
    so is the error, whatever x is.
    """

    A: Array
    b: Array
    x0: Array
    factor: float = 1.0

    @cached_property
    def _svd(self) -> tuple[Array, Array, Array]:
        A = np.asarray(self.A, dtype=np.float64)
        U, s, Vt = np.linalg.svd(A, full_matrices=False)
        return U, s, Vt

    @cached_property
    def _along(self) -> Array:
        """V'x* (n,) = U'b / s, 0 for dependent columns."""
        U, s, _ = self._svd
        projected = U.T @ np.asarray(self.b, dtype=np.float64)
        return np.divide(projected, s, out=np.zeros_like(s), where=self._determined)

    @property
    def _determined(self) -> Array:
        s = self._svd[1]
        return np.asarray(s > max(self.A.shape) * 2.0**-53 * s[0])

    @property
    def eigenvalues(self) -> Array:
        """lambda (n,) of factor A'A, the largest first; infinite where float64 does not hold it."""
        with np.errstate(over="ignore"):
            return np.asarray(self.factor * self._svd[1] ** 2)

    @property
    def eigenvectors(self) -> Array:
        """V (n, n), by column, in the order of the eigenvalues."""
        return self._svd[2].T

    @cached_property
    def minimiser(self) -> Array:
        """x* (n,), that of minimum norm where there are several."""
        return np.asarray(self._svd[2].T @ self._along)

    @cached_property
    def components(self) -> Array:
        """c = V'(x_0 - x*) (n,). From U'b / s, which a large minimiser does not cancel."""
        along = self._svd[2] @ np.asarray(self.x0, dtype=np.float64)
        return np.where(self._determined, along - self._along, 0.0)

    @cached_property
    def residual(self) -> Array:
        """A x* - b (m,)."""
        U = self._svd[0]
        b = np.asarray(self.b, dtype=np.float64)
        return np.asarray(U @ (U.T @ b) - b)


def stored(value: float, format: Format) -> float:
    """A hyperparameter as a format holds it: what a Python number becomes beside arrays of the format."""
    number: Any = format.rounded(value)
    return float(number)
