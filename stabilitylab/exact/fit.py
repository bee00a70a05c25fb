"""The answer of the certified solver: coefficients, their proof, and what a regression reports, computed when asked."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import copysign, inf, lcm, nan
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array, as_integers
from stabilitylab.errors import InputError
from stabilitylab.exact.certificate import Certificate
from stabilitylab.exact.given import constant_column
from stabilitylab.exact.gram import GramSums
from stabilitylab.exact.interval import Interval, exactly, nearest_of, nearest_root_of
from stabilitylab.exact.normal import NormalEquations
from stabilitylab.exact.statistics import Accuracy, Evidence, settled, total_sum_of_squares

Rounding: TypeAlias = Callable[[Interval, str], float | None]


@dataclass(frozen=True, eq=False)
class CertifiedFit:
    """min |b - A x| solved with proof: each x_j is the double nearest to the exact solution for the data as given.

    x (n,) float64; names: one for each; certificate: the proof; rows: m, without rows of weight 0. Every other figure
    is computed when it is first asked for, from the exact normal equations, and is the double nearest to its exact
    value too; OutOfRangeError where that over- or underflows. Converts to x under numpy.asarray.

    system: the exact normal equations and the scales of their columns, or None where x did not need them; data: A and b
    in float64, or None where they were not kept. constant: a constant column of A; -1 when that is not known yet.
    """

    x: Array
    names: tuple[str, ...]
    certificate: Certificate
    rows: int
    system: tuple[NormalEquations, tuple[Fraction, ...] | None] | None
    data: tuple[Array, Array] | None = None
    constant: int | None = None

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype, copy=copy)

    @cached_property
    def evidence(self) -> Evidence:
        """The exact normal equations, formed now where the solution did not need them, and what follows from them."""
        normal, scales = self.system or (_formed(self.data), None)
        units = normal.units(scales)
        rank = self.certificate.rank
        x = self.certificate.x if rank < len(self.x) else None
        return Evidence(normal, units, self.rows, rank, total_sum_of_squares(normal, units, self.about), x)

    @cached_property
    def about(self) -> int | None:
        """A constant column of A, about whose mean R² is; None when there is none."""
        return constant_column(self.data[0]) if self.data is not None and self.constant == -1 else self.constant

    @property
    def degrees_of_freedom(self) -> int:
        """m less the rank of A."""
        return max(0, self.rows - self.certificate.rank)

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
        if self.rss == 0.0 and self.standard_errors is not None:
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

        The regression has n degrees of freedom, n - 1 when a column of A is constant; the residuals m - n.
        """
        regressors = self.certificate.rank - (self.about is not None)
        if not self.degrees_of_freedom or not regressors:
            return None
        if self.rss == 0.0:
            return inf
        share = Fraction(self.degrees_of_freedom, regressors)

        def ratio(accuracy: Accuracy) -> Interval:
            return self.evidence.explained(accuracy) * self.evidence.rss(accuracy).inverse() * share

        return self._one(ratio, nearest_of, "the F statistic")

    def fitted_values(self) -> Array:
        """A x (m,), each the double nearest to its exact value. Raises InputError when the rows were not kept."""
        return self._of_rows(residual=False)

    def residuals(self) -> Array:
        """b - A x (m,), each the double nearest to its exact value. Raises InputError when the rows were not kept."""
        return self._of_rows(residual=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything a program may want to keep, as plain numbers, strings and lists."""
        errors, t = self.standard_errors, self.t_statistics
        return {
            "names": list(self.names),
            "x": self.x.tolist(),
            "standard_errors": None if errors is None else errors.tolist(),
            "t_statistics": None if t is None else t.tolist(),
            "residual_norm": self.residual_norm,
            "r_squared": self.r_squared,
            "rows": self.rows,
            "rank": self.certificate.rank,
            "route": self.certificate.route,
            "seconds": self.certificate.seconds,
        }

    def __repr__(self) -> str:
        n = len(self.x)
        width = max(map(len, self.names))
        shown = [f"  {name:<{width}}  {value!r}" for name, value in zip(self.names, self.x.tolist(), strict=True)]
        if n > 20:
            shown[10:-10] = [f"  ... {n - 20} more"]
        rank = self.certificate.rank
        what = "" if rank == n else f", the solution of least norm at rank {rank}"
        head = f"CertifiedFit: {self.rows} rows, {n} coefficients, each the double nearest to the exact one{what}"
        proof = f"  proven by {self.certificate.route}, in {self.certificate.seconds * 1e3:.3g} ms"
        return "\n".join([head, *shown, proof])

    def _one(self, enclosed: Callable[[Accuracy], Interval], rounding: Rounding, what: str) -> float:
        return settled(lambda accuracy: [enclosed(accuracy)], lambda interval, _: rounding(interval, what))[0]

    def _each(self, enclosed: Callable[[Accuracy], list[Interval]], rounding: Rounding, what: str) -> Array | None:
        if not self.degrees_of_freedom or self.certificate.rank < len(self.x):
            return None
        return np.array(settled(enclosed, lambda interval, j: rounding(interval, f"{what} of {self.names[j]}")))

    def _t_squared(self, accuracy: Accuracy) -> list[Interval]:
        parts = zip(self.evidence.coefficients(accuracy), self.evidence.variances(accuracy), strict=True)
        return [_squared(x) * variance.inverse() for x, variance in parts]

    def _of_rows(self, *, residual: bool) -> Array:
        if self.data is None:
            raise InputError("the rows were not kept: fit arrays in memory, or take A @ fit.x block by block")
        A, b = self.data
        integers, scale = as_integers(A)
        out = np.full(len(b), nan)
        for accuracy in (40, None):
            left = np.flatnonzero(np.isnan(out))
            x = self.evidence.coefficients(accuracy)
            common = lcm(*(interval.over for interval in x))
            low, high = (
                np.array([*(v * (common // interval.over) for v, interval in zip(ends, x, strict=True))], dtype=object)
                for ends in ([interval.low for interval in x], [interval.high for interval in x])
            )
            # Each product takes the end of x that its sign asks for.
            positive = np.where(integers[left] > 0, integers[left], 0)
            negative = integers[left] - positive
            lows = (positive @ low + negative @ high).tolist()
            highs = (positive @ high + negative @ low).tolist()
            for i, least, most in zip(left.tolist(), lows, highs, strict=True):
                value = Interval(least, most, common) * scale
                if residual:
                    value = value.reflected(Fraction(float(b[i])))
                rounded = nearest_of(value, f"the value of row {i}")
                out[i] = nan if rounded is None else rounded
            if not np.isnan(out).any():
                break
        return out


def _formed(data: tuple[Array, Array] | None) -> NormalEquations:
    assert data is not None, "a fit keeps its normal equations or its data"
    sums = GramSums(data[0].shape[1] + 1)
    sums.feed(*data)
    return sums.normal_equations()


def _squared(x: Interval) -> Interval:
    least, most = sorted((x.low**2, x.high**2))
    return Interval(0 if x.low < 0 < x.high else least, most, x.over**2)
