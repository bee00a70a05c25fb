"""Sums of squares, standard errors, t and F statistics and R² of a fit, each computed on first access."""

from fractions import Fraction
from functools import cached_property
from math import copysign, inf, nan

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.fit.solved import Solved
from stabilitylab.exact.solve.interval import UNSETTLED, Interval, exactly, nearest_of, nearest_root_of
from stabilitylab.exact.statistics import Accuracy


class Figures(Solved):
    """The figures of a regression that are rational numbers or their square roots, each the nearest double."""

    @cached_property
    def rss(self) -> float:
        """The residual sum of squares |b - A x|²."""
        return self._one(self.evidence.rss, nearest_of, "the residual sum of squares")

    @cached_property
    def residual_norm(self) -> float:
        """|b - A x|_2."""
        return self._one(self.evidence.rss, nearest_root_of, "the residual norm")

    @cached_property
    def residual_standard_deviation(self) -> float | None:
        """sqrt(rss / (m - rank)); None without degrees of freedom."""
        if not self.degrees_of_freedom:
            return None
        share = Fraction(1, self.degrees_of_freedom)
        what = "the residual standard deviation"
        return self._one(lambda accuracy: self.evidence.rss(accuracy) * share, nearest_root_of, what)

    @cached_property
    def standard_errors(self) -> Array | None:
        """sqrt(rss / (m - n) diag((A'A)^-1)) (n,); None when m = n or A is rank deficient."""
        return self._each(self.evidence.variances, nearest_root_of, "the standard error")

    @cached_property
    def covariance_diagonal(self) -> Array | None:
        """The squares of the standard errors (n,), rounded once each; None when m = n or A is rank deficient."""
        return self._each(self.evidence.variances, nearest_of, "the variance")

    @cached_property
    def t_statistics(self) -> Array | None:
        """x over its standard errors (n,); infinite where the fit is exact, NaN for 0 over 0."""
        if self.degrees_of_freedom and self.certificate.rank == len(self.x) and self._fits_exactly():
            return np.array([copysign(inf, v) if v else nan for v in self.x.tolist()])
        roots = self._each(self._t_squared, nearest_root_of, "the t statistic")
        return None if roots is None else np.copysign(roots, self.x)

    @cached_property
    def total_sum_of_squares(self) -> float:
        """|b - mean b|² when a column of A is constant, otherwise |b|²: what R² compares the residuals with."""
        total = exactly(self.evidence.total)
        return self._one(lambda _: total, nearest_of, "the total sum of squares")

    @cached_property
    def explained_sum_of_squares(self) -> float:
        """The total sum of squares less the residual one."""
        return self._one(self.evidence.explained, nearest_of, "the explained sum of squares")

    @cached_property
    def r_squared(self) -> float | None:
        """1 - rss / total sum of squares; None when the total is 0."""
        total = self.evidence.total
        if total == 0:
            return None
        return self._one(lambda accuracy: self.evidence.explained(accuracy) * (1 / total), nearest_of, "R²")

    @cached_property
    def f_statistic(self) -> float | None:
        """The mean square of the regression over that of the residuals; None where one has no degrees of freedom.

        The regression has n degrees of freedom, n - 1 when a column of A is constant; the residuals m - n. Infinite
        where the fit is exact; None where there is nothing to explain either, as for R².
        """
        regressors = self.certificate.rank - (self.constant is not None)
        if not self.degrees_of_freedom or not regressors or self.evidence.total == 0:  # then rss is 0 as well
            return None
        if self._fits_exactly():
            return inf
        share = Fraction(self.degrees_of_freedom, regressors)

        def ratio(accuracy: Accuracy) -> Interval:
            rss = self.evidence.rss(accuracy)
            return self.evidence.explained(accuracy) * rss.inverse() * share if rss.low else UNSETTLED

        return self._one(ratio, nearest_of, "the F statistic")

    def _t_squared(self, accuracy: Accuracy) -> list[Interval]:
        variances = self.evidence.variances(accuracy)  # first, for their elimination may give the coefficients too
        parts = zip(self.evidence.coefficients(accuracy), variances, strict=True)
        return [x.squared() * variance.inverse() if variance.low else UNSETTLED for x, variance in parts]
