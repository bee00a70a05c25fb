"""What a fit says of rows: A x and b - A x, leverages, Cook's distances, and predictions for other rows."""

from fractions import Fraction
from functools import cached_property, partial
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import INTERVAL_KINDS, IntervalKind
from stabilitylab.data.index import index_of
from stabilitylab.exact.distributions import exact_level
from stabilitylab.exact.fit.inference import Inference
from stabilitylab.exact.fit.prediction import Prediction, bounds
from stabilitylab.exact.gram.exact_input import ExactInput
from stabilitylab.exact.influence import cooks_distances
from stabilitylab.exact.leverage import IN_PAIRS, RowForms
from stabilitylab.exact.new_table import new_rows
from stabilitylab.exact.rows import enclosed_by, enclosed_rows, nearest_of_rows
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.interval import Interval, exactly
from stabilitylab.exact.statistics import Accuracy


class RowByRow(Inference):
    """What a fit says of each row of its data, and of other rows, each number the nearest double."""

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

    @cached_property
    @in_default_mode
    def leverage(self) -> Array | None:
        """h (m,), the diagonal of the hat matrix A (A'A)^-1 A' that makes A x of b: each the nearest double.

        With weights that of sqrt(w) A, h_i = w_i a_i (A'diag(w) A)^-1 a_i', as R's hatvalues has it: 0 in a row of
        weight 0. At a lower rank that of independent columns of A, which is the same matrix. h_i = 1 where row i alone
        determines some combination of the coefficients, so that its residual is 0 whatever b_i is; the sum is the rank.
        None with a penalty (`why_no_standard_errors`). Cost: some m n² operations by BLAS, n³ for the inverse factor of
        A'A. Raises InputError as `fitted_values` does.
        """
        if self.ridge is not None:
            return None
        blocks = self._kept().data.blocks()
        if not self.certificate.rank:  # every column is 0
            return fixed(np.zeros(len(self._kept().data.b)))
        return fixed(np.concatenate([self._forms.of_block(rows, block).nearest() for rows, block in blocks]))

    @cached_property
    @in_default_mode
    def cooks_distance(self) -> Array | None:
        """r_i² w_i h_i / (p s² (1 - h_i)²) (m,), p the rank, s² = rss / (m - p), or 1 with absolute weights.

        Each the nearest double: how far the coefficients move, all at once, in the metric of their covariance matrix,
        when row i is left out. NaN where h_i = 1 exactly, for r_i is 0 too then, and without row i no fit is unique;
        NaN in every row where the fit is exact, for s² is 0 too then. None when m = p and s² is to be estimated. Cost:
        that of `leverage`, which it is None with, and some 50 microseconds a row. Errors: those of `fitted_values`.
        Source: Cook, Technometrics 19 (1977) 15-18; as R's cooks.distance.
        """
        if self.ridge is not None:
            return None
        kept = self._kept()
        if not self.certificate.rank:
            return fixed(np.full(len(kept.data.b), np.nan))
        if self.weighting == "relative":
            if not self.degrees_of_freedom:
                return None
            if self._fits_exactly():
                return fixed(np.full(len(kept.data.b), np.nan))
        distances = []
        for rows, block in kept.data.blocks():
            weights = None if kept.weights is None else kept.weights.rows(rows)
            forms = self._forms.of_block(rows, block)
            distances.append(cooks_distances(self.evidence, forms, weights, self._error_variance))
        return fixed(np.concatenate(distances))

    @overload
    def predict(self, A_new: npt.ArrayLike) -> Array:
        """The values alone."""

    @overload
    def predict(self, A_new: npt.ArrayLike, *, interval: IntervalKind, level: Any = 0.95) -> Prediction:
        """The values with intervals around them."""

    @in_default_mode
    def predict(self, A_new: Any, *, interval: IntervalKind | None = None, level: Any = 0.95) -> Array | Prediction:
        """a x (k,) for each row a of A_new (k, n): each the double nearest to its exact value for the exact x.

        A_new: numbers of every kind that `lstsq` takes, exactly as they are; without the column of ones where
        intercept=True put one in front; a table whose columns have names is taken by these, in any order.
        interval: "confidence" for a x -/+ q sqrt(s² h), which covers the mean of b at a, or "prediction" for
        a x -/+ q sqrt(s² (1 + h)), which covers one more observation of weight 1; h = a (A'A)^-1 a', s² and q as for
        `conf_int`: of Student's t with m - n degrees of freedom, or 1 and normal with absolute weights. Then the
        result is a Prediction. level: 0.95 is 19/20, as written; text and Fractions are taken as well.
        At a lower rank the prediction is that of the solution of least norm, and has no interval. No row of the fit is
        needed, but for one whose normal equations have not been formed.
        Raises InputError and its kinds as `new_table.new_rows` does, and for an interval where there is no variance to
        estimate; OutOfRangeError; NotCertifiedError where a bound is not settled.
        """
        if interval is None:
            data = new_rows(A_new, self.names, intercept=self.intercept)
            return nearest_of_rows(data, self._ways, residual=False)
        require_choice("interval", interval, INTERVAL_KINDS)
        exact = exact_level(level)
        self._require_a_variance()
        data = new_rows(A_new, self.names, intercept=self.intercept)
        ends = [self._bounds(block, interval, exact) for _, block in data.blocks()]
        lower, upper = (np.concatenate(side) for side in zip(*ends, strict=True))
        values = nearest_of_rows(data, self._ways, residual=False)
        return Prediction(values, lower, upper, exact, interval, index_of(A_new))

    def _bounds(self, data: ExactInput, interval: IntervalKind, level: Fraction) -> tuple[Array, Array]:
        """Both ends (k,) of the intervals around the predictions for some dense rows."""
        evidence = self.evidence
        normal = evidence.normal
        forms = RowForms(normal, data, tuple(range(normal.n)), start=self._start)
        unit = normal.weight_unit

        def values(left: Array, accuracy: Accuracy) -> list[Interval]:
            coefficients = evidence.coefficients(accuracy)
            return enclosed_rows(data.rows(left), coefficients, residual=False, in_pairs_first=accuracy == IN_PAIRS)

        def variances(left: Array, accuracy: Accuracy) -> list[Interval]:
            s2, h = self._error_variance(accuracy), forms.enclosed(left, accuracy)
            p, q = unit.as_integer_ratio()
            one = p if interval == "prediction" else 0
            # In the units of the weights h q/p, or 1 + h q/p.
            return [Interval(v.low * q + one * v.over, v.high * q + one * v.over, v.over * p) * s2 for v in h]

        df = None if self.weighting == "absolute" else self.degrees_of_freedom
        return bounds(data.called.start + np.arange(len(data.b)), values, variances, level, df)

    def _require_a_variance(self) -> None:
        """Raise InputError where no interval around a prediction is to be had."""
        if self.ridge is not None:
            raise InputError(f"{self.why_no_standard_errors}; or predict without an interval")
        if self.certificate.rank < len(self.x):
            raise InputError(
                f"A has rank {self.certificate.rank} of {len(self.x)}, so that intervals around predictions depend on "
                f"the choice of the coefficients: drop columns that depend on others, or predict without an interval"
            )
        if self.weighting == "relative" and not self.degrees_of_freedom:
            raise InputError(
                f"{self.rows} rows leave no degree of freedom beside {len(self.x)} coefficients, and there is no "
                f"variance to estimate: predict without an interval, or fit more rows"
            )

    def _error_variance(self, accuracy: Accuracy) -> Interval:
        """s², that of an observation of weight 1: rss / (m - rank), or 1 with absolute weights."""
        if self.weighting == "absolute":
            return exactly(1)
        return self.evidence.rss(accuracy) * Fraction(1, self.degrees_of_freedom)

    @in_default_mode
    def _of_rows(self, *, residual: bool) -> Array:
        kept = self._kept()
        data, n = kept.data, len(self.x)
        square = self.ridge is None and self.certificate.rank == self.rows == len(data.b)
        if square or (self.system is not None and kept.weights is None and self._fits_exactly()):
            # b - A x = 0 in every row, and A x = b.
            nothing = [(lambda: [exactly(0)] * n, True)]
            return np.zeros(len(data.b)) if residual else nearest_of_rows(data, nothing, residual=True)
        return nearest_of_rows(data, self._ways, residual=residual)

    @property
    def _ways(self) -> list[Any]:
        """Ways to intervals of x (n,), as `nearest_of_rows` takes them."""
        at_hand = [(partial(enclosed_by, self.certificate), False)] if self.system is None else []
        return [*at_hand, *((partial(self._coefficients, accuracy), True) for accuracy in (40, None))]

    def _coefficients(self, accuracy: Accuracy) -> list[Interval]:
        return self.evidence.coefficients(accuracy)

    @property
    def _start(self) -> Any:
        return None if self.solution is None else self.solution.factor

    @cached_property
    def _forms(self) -> RowForms:
        """w_i a_i (A'A)^-1 a_i' of the rows of the fit, by independent columns."""
        kept, evidence = self._kept(), self.evidence
        weights = None if kept.weights is None else kept.weights.values
        n = evidence.normal.n
        if self.certificate.rank == n:
            return RowForms(evidence.normal, kept.data, tuple(range(n)), weights, self._start)
        columns = tuple(independent_columns(evidence.normal))
        return RowForms(evidence.restricted(columns).normal, kept.data, columns, weights)


def fixed(values: Array) -> Array:
    """The same array, which can no longer be written to: a figure of a fit is computed once."""
    values.flags.writeable = False
    return values
