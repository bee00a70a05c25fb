"""Sums of squares, standard errors, t and F statistics and R² of a fit, each computed on first access."""

from fractions import Fraction
from functools import cached_property
from math import copysign, inf, nan
from typing import Literal

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.exact.fit.solved import Solved
from stabilitylab.exact.solve.interval import UNSETTLED, Interval, exactly, nearest_of, nearest_root_of
from stabilitylab.exact.statistics import Accuracy, sum_of_squares_about_mean, total_sum_of_squares


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
        """sqrt(rss / (m - rank)), near 1 where absolute weights are right; None without degrees of freedom."""
        if not self.degrees_of_freedom:
            return None
        share = Fraction(1, self.degrees_of_freedom)
        what = "the residual standard deviation"
        return self._one(lambda accuracy: self.evidence.rss(accuracy) * share, nearest_root_of, what)

    @cached_property
    def standard_errors(self) -> Array | None:
        """sqrt(rss / (m - n) diag((A'WA)^-1)) (n,), or with absolute weights sqrt(diag((A'WA)^-1)).

        W holds the weights, ones without. None for the reason that `why_no_standard_errors` gives: A is rank deficient,
        or m = n, where weights are not absolute.
        """
        return self._each(self._variances, nearest_root_of, "the standard error")

    @cached_property
    def covariance_diagonal(self) -> Array | None:
        """The squares of the standard errors (n,), rounded once each; None where those are."""
        return self._each(self._variances, nearest_of, "the variance")

    @cached_property
    def t_statistics(self) -> Array | None:
        """x over its standard errors (n,); infinite where the fit is exact, NaN for 0 over 0; None where those are.

        With absolute weights these are z statistics, and finite.
        """
        if not self.why_no_standard_errors and self._errors_are_zero:
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

    @property
    def r_squared_kind(self) -> Literal["about the mean", "about zero"]:
        """Which R² `r_squared` and `adjusted_r_squared` are: about the mean where a column of A is constant."""
        return "about zero" if self.constant is None else "about the mean"

    @property
    def r_squared(self) -> float | None:
        """`r_squared_about_mean` where a column of A is constant, else `r_squared_about_zero`: see `r_squared_kind`."""
        return self.r_squared_about_zero if self.constant is None else self.r_squared_about_mean

    @cached_property
    def r_squared_about_mean(self) -> float | None:
        """1 - rss / |b - mean b|², the mean weighted; below 0 where A x, without a constant, does worse than the mean.

        None where b is constant, and for sums without a constant column whose rows were not kept
        (`why_no_r_squared_about_mean`).
        """
        return self._r_squared(self._about_mean, Fraction(1), "R² about the mean")

    @cached_property
    def r_squared_about_zero(self) -> float | None:
        """1 - rss / |b|², "uncentered" in other programs; None where b is 0."""
        return self._r_squared(self._about_zero, Fraction(1), "R² about zero")

    @cached_property
    def adjusted_r_squared(self) -> float | None:
        """1 - (1 - R²) (m - 1) / (m - rank) about the mean, 1 - (1 - R²) m / (m - rank) about zero.

        It is of the kind that `r_squared_kind` names, as R and statsmodels have it. None where R² is, or m = rank.
        """
        if not self.degrees_of_freedom:
            return None
        total = self._about_zero if self.constant is None else self._about_mean
        share = Fraction(self.rows - (self.constant is not None), self.degrees_of_freedom)
        return self._r_squared(total, share, f"the adjusted R² {self.r_squared_kind}")

    @property
    def why_no_r_squared_about_mean(self) -> str:
        """Why R² about the mean is None, in words; "" where it is not."""
        if self._about_mean is None:
            return (
                "the rows were not kept, and no column is constant, from which the mean would follow: add a column of "
                "ones"
            )
        return "" if self._about_mean else "the target is constant: there is nothing about its mean to explain"

    @cached_property
    def f_statistic(self) -> float | None:
        """The mean square of the regression over that of the residuals; None where one has no degrees of freedom.

        The regression has n degrees of freedom, n - 1 when a column of A is constant; the residuals m - n. Infinite
        where the fit is exact; None where there is nothing to explain either, as for R², and with absolute weights,
        which leave no variance to be estimated.
        """
        regressors = self._regressors
        if not self.degrees_of_freedom or not regressors or self.weighting == "absolute":
            return None
        if self.evidence.total == 0:  # then rss is 0 as well
            return None
        if self._fits_exactly():
            return inf
        return self._one(self._f_ratio, nearest_of, "the F statistic")

    @property
    def _regressors(self) -> int:
        """The degrees of freedom of the regression: the rank, less one for a constant."""
        return self.certificate.rank - (self.constant is not None)

    def _f_ratio(self, accuracy: Accuracy) -> Interval:
        rss, share = self.evidence.rss(accuracy), Fraction(self.degrees_of_freedom, self._regressors)
        return self.evidence.explained(accuracy) * rss.inverse() * share if rss.low else UNSETTLED

    @cached_property
    @in_default_mode
    def _about_mean(self) -> Fraction | None:
        """|b - mean b|², exactly; None where neither a constant column nor the rows are there."""
        if self.constant is not None:
            return self.evidence.total
        if self.data is None:
            return None
        rows = self._kept()
        return sum_of_squares_about_mean(rows.data, rows.weights)

    @cached_property
    def _about_zero(self) -> Fraction:
        """|b|², exactly."""
        return total_sum_of_squares(self.evidence.normal, None)

    def _r_squared(self, total: Fraction | None, share: Fraction, what: str) -> float | None:
        """1 - share rss / total."""
        if not total:
            return None
        return self._one(
            lambda accuracy: (self.evidence.rss(accuracy) * (share / total)).reflected(Fraction(1)), nearest_of, what
        )

    @property
    def _errors_are_zero(self) -> bool:
        """Whether every standard error is 0: the scatter is estimated, and there is none."""
        return self.weighting == "relative" and self._fits_exactly()

    def _variances(self, accuracy: Accuracy) -> list[Interval]:
        """The squares of the standard errors (n,)."""
        if self.weighting == "absolute":
            return self.evidence.unscaled_variances(accuracy)
        return self.evidence.variances(accuracy)

    def _t_squared(self, accuracy: Accuracy) -> list[Interval]:
        variances = self._variances(accuracy)  # first, for their elimination may give the coefficients too
        parts = zip(self.evidence.coefficients(accuracy), variances, strict=True)
        return [x.squared() * variance.inverse() if variance.low else UNSETTLED for x, variance in parts]
