"""p-values, confidence intervals, likelihood and information criteria of a fit, each computed on first access."""

from collections.abc import Callable
from functools import cached_property
from math import inf, isinf, nan

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.distributions import (
    MOST_BITS,
    exact_level,
    exact_squared_quantile,
    nearest_upper_tail,
    squared_quantile,
)
from stabilitylab.exact.fit.figures import Figures
from stabilitylab.exact.likelihood import log_likelihood, log_of, sum_of_logs
from stabilitylab.exact.solve.interval import Interval, exactly, nearest_of, offset_by_root
from stabilitylab.exact.statistics import ACCURACIES, Accuracy

BITS_OF_EXACT = (512, 1024, 2048, MOST_BITS)  # precisions tried in turn where the rationals are exact


def precisions(accuracy: Accuracy) -> tuple[int, ...]:
    """The bits to compute with from intervals of so many decimal digits: a few more than they have."""
    return BITS_OF_EXACT if accuracy is None else (64 + 4 * accuracy,)


class Inference(Figures):
    """What a fit says under the assumption that errors are normal, each number the double nearest to its exact value.

    Errors are independent, with mean 0 and variances sigma²/w_i. With weighting "relative" sigma² is estimated, p and
    intervals are Student's with m - n degrees of freedom, and F has a p; with "absolute" it is 1, and they are normal.
    """

    @cached_property
    @in_default_mode
    def p_values(self) -> Array | None:
        """P(|T| > |t_j|) (n,), two-sided: of Student's t, or of a normal z with absolute weights.

        0 where the fit is exact and NaN where moreover x_j is 0, as for t; 0.0 for what is not 0 but below 2**-1075,
        which `exact.distributions.printed_p_value` tells apart. None where standard errors are
        (`why_no_standard_errors`). Raises NotCertifiedError where 4000 bits decide no double.
        """
        if self.why_no_standard_errors:
            return None
        if self._errors_are_zero:
            return np.array([0.0 if v else nan for v in self.x.tolist()])
        df = None if self.weighting == "absolute" else self.degrees_of_freedom

        def rounded(accuracy: Accuracy, at: list[int]) -> list[float | None]:
            squares, bits = self._t_squared(accuracy), precisions(accuracy)[0]
            return [nearest_upper_tail(squares[j], 1, df, bits, f"the p-value of {self.names[j]}") for j in at]

        return np.array(_in_turn(rounded, len(self.x)))

    @in_default_mode
    def conf_int(self, level: object = 0.95) -> Array | None:
        """x_j -/+ q standard errors (n, 2), P(|T| <= q) = level: both ends of the interval of each coefficient.

        T is Student's t with m - n degrees of freedom, or normal with absolute weights. level: 0.95, "0.95", a Decimal
        or a Fraction; a float means its shortest decimal, so that 0.95 is 19/20 exactly. [x_j, x_j] where the fit is
        exact. None where standard errors are (`why_no_standard_errors`). Raises InputError for no number between 0
        and 1, OutOfRangeError, and NotCertifiedError where 4000 bits decide no double.
        """
        share = exact_level(level)
        if self.why_no_standard_errors:
            return None
        df = None if self.weighting == "absolute" else self.degrees_of_freedom

        def rounded(accuracy: Accuracy, at: list[int]) -> list[float | None]:
            variances = self._variances(accuracy)
            x = self.evidence.coefficients(accuracy)
            ends: list[float | None] = []
            for k in at:
                j, sign = k // 2, 2 * (k % 2) - 1
                what = f"the {'lower' if sign < 0 else 'upper'} end of the interval of {self.names[j]}"

                def end(square: Interval, bits: int, j: int = j, sign: int = sign, what: str = what) -> float | None:
                    return nearest_of(offset_by_root(x[j], square * variances[j], sign, bits), what)

                values = (end(squared_quantile(share, df, bits), bits) for bits in precisions(accuracy))
                value = next((v for v in values if v is not None), None)
                if value is None and accuracy is None:
                    # Rational where it is a tie or 0, and q² is rational then.
                    q2 = exact_squared_quantile(share, df)
                    value = None if q2 is None else end(exactly(q2), MOST_BITS)
                    if value is None:
                        raise _undecided(what)
                ends.append(value)
            return ends

        return np.array(_in_turn(rounded, 2 * len(self.x))).reshape(-1, 2)

    @cached_property
    @in_default_mode
    def f_p_value(self) -> float | None:
        """P(F > f) for the F statistic f: that no regressor but the constant counts. None where `f_statistic` is."""
        f = self.f_statistic
        if f is None or isinf(f):
            return None if f is None else 0.0
        d1, d2 = self._regressors, self.degrees_of_freedom

        def rounded(accuracy: Accuracy, at: list[int]) -> list[float | None]:
            ratio, bits = self._f_ratio(accuracy), precisions(accuracy)[0]
            return [nearest_upper_tail(ratio, d1, d2, bits, "the p-value of F") for _ in at]

        return _in_turn(rounded, 1)[0]

    @cached_property
    def log_likelihood(self) -> float | None:
        """The Gaussian log-likelihood at x and at sigma² = rss/m, its maximum: that of R's `logLik` and of statsmodels.

        -m/2 (log(2 pi rss/m) + 1) + 1/2 sum log w over the m rows of weight above 0; infinite where the fit is exact.
        With absolute weights sigma² is 1: (-m log(2 pi) - rss + sum log w) / 2. None where the weights of rows that
        were not kept are not known (`why_no_log_likelihood`).
        """
        if self.why_no_log_likelihood:
            return None
        return inf if self._errors_are_zero else self._settled(self._log_likelihood, "the log-likelihood")

    @property
    def why_no_log_likelihood(self) -> str:
        """Why the log-likelihood and what follows from it are None, in words; "" where they are not."""
        if self.ridge is not None:
            return "the penalised coefficients are not those of maximum likelihood: fit without ridge for it"
        if self.unweighted or self.data is not None:
            return ""
        return "it takes the logarithms of the weights, and the rows were not kept: fit them by lstsq(A, b, weights=w)"

    @property
    def aic(self) -> float | None:
        """2 k - 2 log-likelihood, k = rank + 1, for sigma counts as a parameter: as R has it (`aic_without_sigma`).

        With absolute weights sigma is none, and k = rank. -inf where the fit is exact; None where the likelihood is.
        """
        return self._criteria[0]

    @property
    def bic(self) -> float | None:
        """k log m - 2 log-likelihood, m the rows of weight above 0; otherwise as `aic`, and as R has it."""
        return self._criteria[1]

    @property
    def aic_without_sigma(self) -> float | None:
        """2 rank - 2 log-likelihood, as statsmodels has it: less than `aic` by 2."""
        return self._criteria[2]

    @property
    def bic_without_sigma(self) -> float | None:
        """rank log m - 2 log-likelihood, as statsmodels has it: less than `bic` by log m."""
        return self._criteria[3]

    @cached_property
    def _criteria(self) -> tuple[float | None, ...]:
        """AIC and BIC, then both without sigma."""
        if self.why_no_log_likelihood or self._errors_are_zero:
            return (None if self.why_no_log_likelihood else -inf,) * 4
        rank = self.certificate.rank
        found = []
        for k in (rank + (self.weighting == "relative"), rank):
            for name in ("AIC", "BIC"):

                def criterion(accuracy: Accuracy, bits: int, k: int = k, name: str = name) -> Interval:
                    price = exactly(2 * k) if name == "AIC" else log_of(self.rows, bits) * exactly(k)
                    twice = self._log_likelihood(accuracy, bits)
                    return price + -Interval(2 * twice.low, 2 * twice.high, twice.over)

                found.append(self._settled(criterion, name))
        return tuple(found)

    def _log_likelihood(self, accuracy: Accuracy, bits: int) -> Interval:
        rss, known = self.evidence.rss(accuracy), self.weighting == "absolute"
        if not (rss.low or known):
            return Interval(-1, 1)  # not narrow enough for a logarithm
        return log_likelihood(rss, self.rows, self._log_weights(bits), bits, known=known)

    def _log_weights(self, bits: int) -> Interval:
        """sum log w over the rows of weight above 0."""
        if self.unweighted or self.data is None or self.data.weights is None:
            return exactly(0)
        if bits not in self._logs:
            weights = self._kept().weights
            assert weights is not None, "the rows are those that were fitted"
            self._logs[bits] = sum_of_logs(weights, bits)
        return self._logs[bits]

    @cached_property
    def _logs(self) -> dict[int, Interval]:
        return {}

    @in_default_mode
    def _settled(self, enclosed: Callable[[Accuracy, int], Interval], what: str) -> float:
        """The double nearest to a number that is enclosed for an accuracy of rationals and bits of balls."""
        for accuracy in ACCURACIES:
            for bits in precisions(accuracy):
                value = nearest_of(enclosed(accuracy, bits), what)
                if value is not None:
                    return value
        raise _undecided(what)


def _undecided(what: str) -> NotCertifiedError:
    return NotCertifiedError(f"{what} is not told from the midpoint of two doubles by {MOST_BITS} bits: take either")


def _in_turn(rounded: Callable[[Accuracy, list[int]], list[float | None]], count: int) -> list[float]:
    """`count` numbers, each at the first of ACCURACIES at which it is not None: only those left are asked for again."""
    found: dict[int, float] = {}
    for accuracy in ACCURACIES:
        left = [k for k in range(count) if k not in found]
        if not left:
            break
        pairs = zip(left, rounded(accuracy, left), strict=True)
        found |= {k: value for k, value in pairs if value is not None}
    assert len(found) == count, "what exact rationals leave open raises NotCertifiedError"
    return [found[k] for k in range(count)]
