"""Residual sum of squares, R², standard errors and coefficients as intervals of rationals of any accuracy."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import isqrt
from typing import Any

import numpy as np

from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.inputs import ExactInput, Weights, constant_column, summed
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.numbers import Rest
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve.choose import solve
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import EnclosedSolution, is_zero, to_digits
from stabilitylab.exact.solve.interval import Interval, exactly
from stabilitylab.exact.solve.inverse_diagonal import Accuracy as Accuracy
from stabilitylab.exact.solve.inverse_diagonal import inverse_diagonal
from stabilitylab.exact.solve.inverse_factor import SERIES, InverseFactor, inverse_factor
from stabilitylab.exact.solve.least_norm import denominator_bound, least_norm
from stabilitylab.exact.solve.rational import solve_exactly

ACCURACIES: tuple[Accuracy, ...] = (20, 40, 80, 160, None)  # decimal digits, tried in turn; None is exact


@dataclass(frozen=True, eq=False)
class Evidence:
    """A regression given by its exact normal equations and its rank; its figures as intervals, each computed once.

    A figure of accuracy d is enclosed to a relative width of about 10**-d where that is possible; None is exact. total:
    what R² compares the residuals with, see `total_sum_of_squares`. solution: of the normal equations, of least norm if
    rank < n, when they have been solved before: nothing is solved again that follows from it narrowly enough, and its
    inverse factor is where a better one starts.
    """

    normal: NormalEquations
    rank: int
    total: Fraction
    solution: EnclosedSolution | None = None

    def restricted(self, columns: Sequence[int]) -> "Evidence":
        """The regression on some of the columns, in ascending order, with the same total sum of squares.

        It is taken to have full rank; `solved` is None where it has not.
        """
        normal = self.normal.restricted([*columns, self.normal.n])
        return Evidence(normal, len(columns), self.total)

    def of_least_norm(self, rank: int) -> "Evidence":
        """The same regression at the lower rank that it has, with the solution of least norm."""
        return replace(self, rank=rank, solution=None)

    @property
    def route(self) -> str:
        """The method by which it was solved, in words; "not solved" before anything has been computed."""
        return next((solution.route for solution in self._memory.values() if solution), "not solved")

    @property
    def sizes(self) -> list[Interval]:
        """(|b| / |a_j|)² (n,), the square of the natural size of coefficient j; 1 for a column of zeros."""
        bb, parts = self.normal.bb, zip(self.normal.diagonal, self.ratios, strict=True)
        return [Interval(bb, bb, d) * ratio * ratio if d else exactly(1) for d, ratio in parts]

    @property
    def units(self) -> tuple[Fraction, ...]:
        """Those of the normal equations (n + 1,): see `NormalEquations.units`."""
        return self.normal.units

    @cached_property
    def ratios(self) -> list[Fraction]:
        """The unit of b over that of each column of A (n,)."""
        return [Fraction(p, q) for p, q in self.normal.ratios]

    @property
    def degrees_of_freedom(self) -> int:
        """m less the rank of A."""
        return max(0, self.normal.rows - self.rank)

    @property
    def fits_exactly(self) -> bool:
        """Whether b - A x = 0, exactly."""
        for accuracy in ACCURACIES:
            rss = self.rss(accuracy)
            if rss.low > 0 or rss.high == 0:
                return rss.high == 0
        raise AssertionError("an exact rational is 0 or it is not")

    def rss(self, accuracy: Accuracy) -> Interval:
        """The residual sum of squares |b - A x|².

        rss = b'b - c'x* for the solution x*, which is enclosed in middles x and radii. Where that is too wide,
        rss = rss(x) - |A (x* - x)|², where |A (x* - x)| <= sum |a_j| radius_j: twice the digits of x. By Cramer's rule
        rss is an integer over det A'A, in the units of the normal equations, so that an rss below 1/det A'A is 0.
        """
        if accuracy not in self._sums:
            self._sums[accuracy] = self._rss(accuracy)
        return self._sums[accuracy]

    @cached_property
    def _sums(self) -> dict[Accuracy, Interval]:
        return {}

    @property
    def _leaves_nothing(self) -> bool:
        """Whether b - A x = 0 for the number of rows alone."""
        return self.degrees_of_freedom == 0

    def _rss(self, accuracy: Accuracy) -> Interval:
        if self._leaves_nothing:
            return exactly(0)
        if self.solution is not None and accuracy is not None:
            enclosed = self._rss_from(self.solution, accuracy)
            if enclosed.agrees(accuracy):
                return enclosed
        return self._rss_from(self._required(accuracy), accuracy)

    def _rss_from(self, solved: EnclosedSolution, accuracy: Accuracy) -> Interval:
        normal, y, D = self.normal, solved.middle, solved.denominator
        unit = self.units[-1] ** 2 * normal.weight_unit
        wide = sum(abs(v) * r for v, r in zip(normal.c, solved.radius, strict=True))
        value = normal.bb * D - sum(map(int.__mul__, normal.c, y))
        if accuracy is not None and 2 * wide * 10**accuracy <= value - wide:
            return Interval(value - wide, value + wide, D) * unit
        with self._blas_threads:
            Cy = balls.times(normal, y) if balls.are_cheapest(normal) else normal.times(y)
        value = normal.bb * D * D - 2 * D * sum(map(int.__mul__, normal.c, y)) + sum(map(int.__mul__, Cy, y))
        if is_zero(value, 0, D * D, normal.determinant_bound):
            return exactly(0)
        moved = sum(r * (isqrt(normal.diagonal[j]) + 1) for j, r in enumerate(solved.radius)) ** 2
        return Interval(max(value - moved, 0), value, D * D) * unit

    def explained(self, accuracy: Accuracy) -> Interval:
        """The total sum of squares less the residual one."""
        return self.rss(accuracy).below(self.total)

    def coefficients(self, accuracy: Accuracy) -> list[Interval]:
        """x (n,)."""
        intervals = self._required(accuracy).intervals
        return [interval * ratio for interval, ratio in zip(intervals, self.ratios, strict=True)]

    def variances(self, accuracy: Accuracy) -> list[Interval]:
        """rss / (m - n) diag((A'A)^-1) (n,), for A of full rank and m > n: the squares of the standard errors."""
        diagonal = self.unscaled_variances(accuracy)  # first: its elimination may give the solution that rss takes too
        sigma2 = self.rss(accuracy) * Fraction(1, self.degrees_of_freedom)
        return [sigma2 * entry for entry in diagonal]

    def unscaled_variances(self, accuracy: Accuracy) -> list[Interval]:
        """diag((A'A)^-1) (n,), A'WA with weights, for A of full rank: the variances of x where those of b are 1."""
        # A weight unit is in the sums of squares, and its inverse in the inverse of A'A.
        share = 1 / (self.normal.weight_unit * self.units[-1] ** 2)
        return [
            entry * ratio * ratio * share for entry, ratio in zip(self._diagonal(accuracy), self.ratios, strict=True)
        ]

    @cached_property
    def _memory(self) -> dict[Accuracy, EnclosedSolution | None]:
        return {}

    def solved(self, accuracy: Accuracy, *, inverse: bool = False) -> EnclosedSolution | None:
        """The solution in the units of the normal equations; None when A is rank deficient though rank = n is claimed.

        inverse: compute diag((A'A)^-1) in the same elimination, as costs least when variances are needed as well.
        """
        if accuracy not in self._memory and self._suffices(accuracy):
            assert self.solution is not None, "what suffices is there"
            self._memory[accuracy] = _without_zeros(self.solution)
        if accuracy not in self._memory and inverse:
            self._solve_and_invert(accuracy)
        if accuracy not in self._memory:
            self._memory[accuracy] = self._solve(accuracy)
        return self._memory[accuracy]

    def _suffices(self, accuracy: Accuracy) -> bool:
        """Whether the solution that was there before is narrow enough."""
        if self.solution is None:
            return False
        if not any(self.solution.radius) or accuracy is None:
            return not any(self.solution.radius)
        return self.solution.is_narrow(to_digits(self.normal, accuracy, self._denominator_bound))

    def _solve_and_invert(self, accuracy: Accuracy) -> None:
        """Keep the solution and diag(C^-1) from one elimination, where ball arithmetic serves and resolves both."""
        if accuracy is None or not balls.are_cheapest(self.normal):
            return
        both = balls.solve_and_invert(self.normal, to_digits(self.normal, accuracy), accuracy)
        if both is not None:
            self._memory[accuracy], self._diagonals[accuracy] = _without_zeros(both[0]), both[1]

    @property
    def _blas_threads(self) -> AbstractContextManager[Any]:
        n = self.normal.n
        return blas_threads(2 * n**3, n**2)

    @cached_property
    def _factor(self) -> InverseFactor | None:
        """The inverse factor of the solution that was there before, made good enough for more digits."""
        if self.solution is None or self.solution.factor is None:
            return None
        with self._blas_threads:
            return inverse_factor(self.normal, SERIES, self.solution.factor)

    def _solve(self, accuracy: Accuracy) -> EnclosedSolution | None:
        if self.rank < self.normal.n:
            return self._of_least_norm(accuracy)
        if accuracy is None:
            return solve_exactly(self.normal)
        solution = solve(self.normal, to_digits(self.normal, accuracy), accuracy, self._factor)
        return None if solution is None else _without_zeros(solution)

    def _of_least_norm(self, accuracy: Accuracy) -> EnclosedSolution:
        normal, independent = self.normal, independent_columns(self.normal)
        if accuracy is None:
            return least_norm(normal, independent)
        return _without_zeros(least_norm(normal, independent, lambda bound: to_digits(normal, accuracy, bound)))

    @cached_property
    def _denominator_bound(self) -> int | None:
        """A bound on the denominators of the solution of least norm; None at full rank, where A'A has one."""
        if self.rank == self.normal.n:
            return None
        return denominator_bound(self.normal, independent_columns(self.normal))

    def _required(self, accuracy: Accuracy) -> EnclosedSolution:
        solution = self.solved(accuracy)
        if solution is None:
            raise NotCertifiedError(
                "A is rank deficient, exactly, and full rank was expected: drop columns that depend"
            )
        return solution

    @cached_property
    def _diagonals(self) -> dict[Accuracy, list[Interval]]:
        return {}

    def _diagonal(self, accuracy: Accuracy) -> list[Interval]:
        if accuracy in self._diagonals:
            return self._diagonals[accuracy]
        if self.solution is None:
            factor = self._required(accuracy).factor
        else:
            factor = self._factor
            if accuracy not in self._memory and not self._suffices(accuracy):
                self._solve_and_invert(accuracy)
        if accuracy not in self._diagonals:
            with self._blas_threads:
                self._diagonals[accuracy] = inverse_diagonal(self.normal, accuracy, factor)
        return self._diagonals[accuracy]


def _without_zeros(solution: EnclosedSolution) -> EnclosedSolution:
    """The same with 0 for what is not told apart from it: that has been proven to be 0."""
    zero = [abs(m) <= r for m, r in zip(solution.middle, solution.radius, strict=True)]
    middle, radius = (
        tuple(0 if z else v for z, v in zip(zero, vs, strict=True)) for vs in (solution.middle, solution.radius)
    )
    return replace(solution, middle=middle, radius=radius)


def total_sum_of_squares(normal: NormalEquations, constant: int | None) -> Fraction:
    """|b|², or |b - mean b|² when column `constant` of A is constant, exactly."""
    about = Fraction(0) if constant is None else Fraction(normal.c[constant] ** 2, normal.diagonal[constant])
    return (normal.bb - about) * normal.units[-1] ** 2 * normal.weight_unit


def sum_of_squares_about_mean(data: ExactInput, weights: Weights | None) -> Fraction:
    """|b - mean b|², exactly, whatever the columns of A are: |b|² less the part along a column of ones."""
    n, rest, scales = data.A.shape[1], data.rest, data.scales
    if rest is not None:
        own = [k for k, j in enumerate(rest.of) if j == n]
        rest = Rest(rest.columns[:, own], (1,) * len(own)) if own else None
    ones = np.ones((len(data.b), 1), dtype=data.A.dtype)
    alone = ExactInput(ones, data.b, data.floats, None if scales is None else (Fraction(1), scales[-1]), rest)
    return total_sum_of_squares(summed(alone, weights), 0)


def evidence_of(data: ExactInput) -> Evidence:
    """The regression with the data's normal equations, summed here; A is taken to have full rank."""
    normal = summed(data)
    return Evidence(normal, normal.n, total_sum_of_squares(normal, constant_column(data)))


def settled(
    enclosed: Callable[[Accuracy], Sequence[Interval]], rounding: Callable[[Interval, int], float | None]
) -> list[float]:
    """Each interval rounded by `rounding`, at the first of ACCURACIES at which no rounding is None: all in order.

    enclosed: the intervals for an accuracy. rounding(interval, j): a double, or None when the interval is too wide.
    """
    for accuracy in ACCURACIES:
        values = [rounding(interval, j) for j, interval in enumerate(enclosed(accuracy))]
        if None not in values:
            return [value for value in values if value is not None]
    raise AssertionError("an exact rational rounds to one double")
