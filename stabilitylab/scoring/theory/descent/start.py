"""A least-squares problem and a start as the laws see them: eigenvalues, and the error along each eigenvector."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format


@dataclass(frozen=True, eq=False)
class Start:
    """f(x) = (factor/2) |A x - b|² and x_0, in the eigenvectors of its Hessian factor A'A, in float64.

    A (m, n) of full column rank, b (m,), x0 (n,); factor: that of the loss. Errors: about u relative to the largest
    eigenvalue, so that an eigenvalue below 1e-16 L is not to be trusted.
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

    @property
    def eigenvalues(self) -> Array:
        """lambda (n,) of factor A'A, the largest first."""
        return np.asarray(self.factor * self._svd[1] ** 2)

    @property
    def eigenvectors(self) -> Array:
        """V (n, n), by column, in the order of the eigenvalues."""
        return self._svd[2].T

    @cached_property
    def minimiser(self) -> Array:
        """x* (n,)."""
        U, s, Vt = self._svd
        return np.asarray(Vt.T @ (U.T @ np.asarray(self.b, dtype=np.float64) / s))

    @cached_property
    def components(self) -> Array:
        """c = V'(x_0 - x*) (n,). From U'b / s, which a large minimiser does not cancel."""
        U, s, Vt = self._svd
        b = np.asarray(self.b, dtype=np.float64)
        return np.asarray(Vt @ np.asarray(self.x0, dtype=np.float64) - U.T @ b / s)

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
