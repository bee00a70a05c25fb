"""A x and b - A x of a fit, row by row."""

from functools import cached_property, partial

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.exact.fit.inference import Inference
from stabilitylab.exact.rows import enclosed_by, nearest_of_rows
from stabilitylab.exact.solve.interval import Interval, exactly
from stabilitylab.exact.statistics import Accuracy


class RowByRow(Inference):
    """What a fit says of each row of its data, each number the nearest double."""

    @cached_property
    def fitted_values(self) -> Array:
        """A x (m,), each the double nearest to its exact value; for the rows of weight 0 as well.

        Cost: a few passes over A, once: the array stays, and cannot be written to. Raises InputError when the rows were
        not kept, or have changed since.
        """
        return fixed(self._of_rows(residual=False))

    @cached_property
    def residuals(self) -> Array:
        """b - A x (m,), each the double nearest to its exact value; cost and errors are those of `fitted_values`."""
        return fixed(self._of_rows(residual=True))

    @in_default_mode
    def _of_rows(self, *, residual: bool) -> Array:
        kept = self._kept()
        data, n = kept.data, len(self.x)
        square = self.certificate.rank == self.rows == len(data.b)
        if square or (self.system is not None and kept.weights is None and self._fits_exactly()):
            # b - A x = 0 in every row, and A x = b.
            nothing = [(lambda: [exactly(0)] * n, True)]
            return np.zeros(len(data.b)) if residual else nearest_of_rows(data, nothing, residual=True)
        at_hand = [(partial(enclosed_by, self.certificate), False)] if self.system is None else []
        solved = [(partial(self._coefficients, accuracy), True) for accuracy in (40, None)]
        return nearest_of_rows(data, [*at_hand, *solved], residual=residual)

    def _coefficients(self, accuracy: Accuracy) -> list[Interval]:
        return self.evidence.coefficients(accuracy)


def fixed(values: Array) -> Array:
    """The same array, which can no longer be written to: a figure of a fit is computed once."""
    values.flags.writeable = False
    return values
