"""The result of `lstsq`: coefficients, their proof, and the figures of a regression, each computed on first access."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from math import copysign, inf, nan
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.exact import supported
from stabilitylab.exact.gram.inputs import summed
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.proof.certificate import Certificate
from stabilitylab.exact.relation import NearRelation, relations_in_norm, relations_in_rows
from stabilitylab.exact.rows import FittedRows, enclosed_by, nearest_of_rows
from stabilitylab.exact.solve.choose import solve
from stabilitylab.exact.solve.enclosed import EnclosedSolution, rounded, to_nearest
from stabilitylab.exact.solve.interval import UNSETTLED, Interval, exactly, nearest_of, nearest_root_of
from stabilitylab.exact.statistics import Accuracy, Evidence, settled, total_sum_of_squares
from stabilitylab.exact.undetermined import digits_in_words, undetermined

CHANGED = "A or b have changed since the fit: fit again, or keep them as they were"
Rounding: TypeAlias = Callable[[Interval, str], float | None]


@dataclass(frozen=True, eq=False)
class CertifiedFit:
    """min |b - A x| solved with proof: each x_j is the double nearest to the exact solution for the data as stored.

    x (n,) float64; names: one for each; certificate: the proof; rows: m, without rows of weight 0; constant: a constant
    column of A, about whose mean R² is. Every other figure is computed on first access, from the exact
    normal equations, and is the double nearest to its exact value too; OutOfRangeError where that over- or underflows.
    Converts to x under numpy.asarray.

    system: the exact normal equations, None where x did not need them; solution: theirs, which the other figures start
    from; data: what was fitted, None where it was not kept. known: how exactly the numbers are known; sensitivity:
    what a change of them does, None at a lower rank and where they are exact.

    The arrays are not copied, and what needs them reads them again: an entry that has changed since the fit is noticed
    then, by InputError (see `rows.fingerprint`). x cannot be written to.
    """

    x: Array
    names: tuple[str, ...]
    certificate: Certificate
    rows: int
    constant: int | None
    system: NormalEquations | None
    data: FittedRows | None
    solution: EnclosedSolution | None = None
    known: supported.Known | None = None
    sensitivity: supported.Sensitivity | None = None

    def __post_init__(self) -> None:
        self.x.flags.writeable = False

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype, copy=copy)

    @cached_property
    @in_default_mode
    def evidence(self) -> Evidence:
        """The exact normal equations, formed now where the solution did not need them, and what follows from them."""
        normal, solution, rank = self.system, self.solution, self.certificate.rank
        if normal is None:
            rows = self._kept()
            normal = summed(rows.data, rows.weights)
            solution = solve(normal, to_nearest(normal, normal.ratios))
            if solution is None or rounded(solution, normal.ratios, self.names) != self.x.tolist():
                raise InputError(CHANGED)  # while it was being read
        return Evidence(normal, rank, total_sum_of_squares(normal, self.constant), solution)

    @cached_property
    @in_default_mode
    def supported_digits(self) -> Array | None:
        """How many digits of each coefficient the data support (n,), within [0, 15.95].

        Those that any change of the numbers within their rounding leaves: half an ulp of floats, half a unit of the
        last place of decimals, nothing for columns of whole numbers; the rule is in `exact.gram.resolution`. It is the
        worst case to first order, from n x n quantities (`exact.supported`), and an estimate. 0 where a column takes
        part in one of `near_relations` that is strict. The certified digits beyond are right for the numbers as they
        stand, and say nothing about what these were rounded from. None at a lower rank, and for sums from a file that
        does not say how exactly its numbers were known.
        """
        if self.known is None or self.certificate.rank < len(self.x):
            return None
        if self.sensitivity is None:  # every number is exact
            return np.full(len(self.x), supported.MOST)
        digits = self.sensitivity.digits(self._moved)
        if digits.min() >= supported.DETERMINED:
            return digits
        shown = [name for one in self.near_relations if one.is_strict for name in one.names]
        digits[[j for j, name in enumerate(self.names) if name in shown]] = 0.0
        return digits

    @cached_property
    @in_default_mode
    def near_relations(self) -> tuple[NearRelation, ...]:
        """Columns that depend on each other within the rounding of their numbers, with proof; see `exact.relation`.

        Looked for where the data support less than a digit of some coefficient. None proves nothing.
        """
        if self.known is None or self.sensitivity is None:
            return ()
        if not self.sensitivity.noise(self._moved).any():
            return ()
        if self.data is not None:
            rows = self._kept()
            counted = slice(None) if rows.weights is None else rows.weights.values.astype(bool)
            return relations_in_rows(rows.data.rows(counted), self.known, self.names)
        return () if self.system is None else relations_in_norm(self.system, self.known, self.names)

    @property
    def undetermined(self) -> str:
        """Which coefficients are rounding noise, why, and the way out, in words; "" where none is.

        Noise has less than one supported digit, and is not 0 to 4 digits of its natural size |b| / |a_j| either, as
        the intercept of centred data is.
        """
        if self.known is None or self.sensitivity is None:
            return ""
        noise = self.sensitivity.noise(self._moved)
        if not noise.any():
            return ""
        return undetermined(self.names, noise, self.sensitivity.sizes, self._moved, self.near_relations)

    @property
    def is_determined(self) -> bool:
        """Whether no coefficient is rounding noise; mostly seen without the digits. True where that is unknown."""
        if self.sensitivity is None or self.sensitivity.surely_determined(self._rounding):
            return True
        return not self.undetermined

    @property
    def _rounding(self) -> Array:
        assert self.known is not None, "a sensitivity is for numbers whose resolution is known"
        return self.known.rounding(self.system)

    @cached_property
    def _moved(self) -> Array:
        """How far the rounding of the data moves each coefficient at worst (n,), in units of |b| / |a_j|."""
        assert self.sensitivity is not None, "what is exact is not moved"
        share = self.sensitivity.residual
        if self.system is not None and self.solution is not None:
            share = supported.residual_share(self.system, self.solution)
        return self.sensitivity.moved(self._rounding, share)

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

    def fitted_values(self) -> Array:
        """A x (m,), each the double nearest to its exact value; for the rows of weight 0 as well.

        Cost: a few passes over A. Raises InputError when the rows were not kept, or have changed since.
        """
        return self._of_rows(residual=False)

    def residuals(self) -> Array:
        """b - A x (m,), each the double nearest to its exact value; cost and errors are those of `fitted_values`."""
        return self._of_rows(residual=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything a program may want to keep, as plain numbers, strings and lists; None for what is out of range."""
        errors, t = self._or_none("standard_errors"), self._or_none("t_statistics")
        digits = self.supported_digits
        return {
            "names": list(self.names),
            "x": self.x.tolist(),
            "standard_errors": None if errors is None else errors.tolist(),
            "t_statistics": None if t is None else t.tolist(),
            "supported_digits": None if digits is None else digits.tolist(),
            "undetermined": self.undetermined,
            "residual_norm": self._or_none("residual_norm"),
            "r_squared": self._or_none("r_squared"),
            "rows": self.rows,
            "rank": self.certificate.rank,
            "route": self.certificate.route,
            "seconds": self.certificate.seconds,
        }

    def _or_none(self, figure: str) -> Any:
        try:
            return getattr(self, figure)
        except OutOfRangeError:
            return None

    def __repr__(self) -> str:
        n = len(self.x)
        try:
            digits, noise = self.supported_digits, self.undetermined
        except InputError:  # the data have changed since
            digits, noise = None, ""
        width, values = max(map(len, self.names)), list(map(repr, self.x.tolist()))
        room = max(map(len, values))
        said = [""] * n if digits is None else [f"{digits_in_words(d)} supported" for d in digits.tolist()]
        lines = zip(self.names, values, said, strict=True)
        shown = [f"  {name:<{width}}  {value:<{room}}  {more}".rstrip() for name, value, more in lines]
        if n > 20:
            shown[10:-10] = [f"  ... {n - 20} more"]
        rank = self.certificate.rank
        what = "" if rank == n else f", the solution of least norm at rank {rank}"
        head = f"CertifiedFit: {self.rows} rows, {n} coefficients, each the double nearest to the exact one{what}"
        proof = f"  proven by {self.certificate.route}, in {self.certificate.seconds * 1e3:.3g} ms"
        return "\n".join([*([noise] if noise else []), head, *shown, proof])

    @in_default_mode
    def _fits_exactly(self) -> bool:
        return self.evidence.fits_exactly

    @in_default_mode
    def _one(self, enclosed: Callable[[Accuracy], Interval], rounding: Rounding, what: str) -> float:
        return settled(lambda accuracy: [enclosed(accuracy)], lambda interval, _: rounding(interval, what))[0]

    @in_default_mode
    def _each(self, enclosed: Callable[[Accuracy], list[Interval]], rounding: Rounding, what: str) -> Array | None:
        if not self.degrees_of_freedom or self.certificate.rank < len(self.x):
            return None
        return np.array(settled(enclosed, lambda interval, j: rounding(interval, f"{what} of {self.names[j]}")))

    def _t_squared(self, accuracy: Accuracy) -> list[Interval]:
        variances = self.evidence.variances(accuracy)  # first, for their elimination may give the coefficients too
        parts = zip(self.evidence.coefficients(accuracy), variances, strict=True)
        return [x.squared() * variance.inverse() if variance.low else UNSETTLED for x, variance in parts]

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

    def _kept(self) -> FittedRows:
        if self.data is None:
            raise InputError("the rows were not kept by the accumulator: take A @ fit.x block by block")
        if not self.data.unchanged:
            raise InputError(CHANGED)
        return self.data
