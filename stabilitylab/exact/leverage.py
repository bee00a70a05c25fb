"""a (A'A)^-1 a' for every row a of a table, enclosed: leverages of a fit, and what a prediction adds to its variance.

With an inverse factor X of C = A'A in integers (`solve.inverse_factor`), E = I - X'C X and alpha >= |E|_F, y = a X in
the units of C has a (A'A)^-1 a' = y (I - E)^-1 y'. For nearly all rows that is decided by limbs and pairs of float64
numbers (`float64.forms`); in integers it is |y|² up to |y|² alpha/(1 - alpha), for a factor of smaller alpha.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import inf, lcm

import flint
import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.float64.forms import PlanesOfFactor, entries, form, weighted
from stabilitylab.exact.float64.pairs import DoubleDouble
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.inputs import ExactInput
from stabilitylab.exact.gram.limbs import TERMS, WIDTH
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.rows import ExactRows
from stabilitylab.exact.solve.interval import Interval, exactly, nearest_of
from stabilitylab.exact.solve.inverse_factor import SERIES, InverseFactor, inverse_factor
from stabilitylab.exact.solve.rational import MOST_WORK, TOO_LONG, in_flint, work

CACHED = 1 << 15  # numbers of a block of rows, so that it stays in a cache with its limbs
FINER = {40: 2.0**-136, 80: 2.0**-272}  # alpha for as many decimal digits
IN_PAIRS, ACCURACIES = 20, (20, 40, 80, None)  # decimal digits, tried in turn; None is exact


@dataclass(frozen=True, eq=False)
class RowForms:
    """w_i a_i (A'A)^-1 a_i' for the rows a_i of the data, in the weight unit of A'A; w (m,) are ones where None.

    normal: A'A of full rank; columns: those of the data that its unknowns are the coefficients of. weights: float64 or
    Fractions of 0 or more. start: an inverse factor that was found for A'A before.
    """

    normal: NormalEquations
    data: ExactInput
    columns: tuple[int, ...]
    weights: Array | None = None
    start: InverseFactor | None = None

    def of_block(self, rows: slice, block: ExactInput) -> "RowForms":
        """Those of some rows, which are this block of the data: a sparse A is dense in its blocks."""
        return replace(self, data=block, weights=None if self.weights is None else self.weights[rows])

    def nearest(self) -> Array:
        """The double nearest to each (m,). Raises OutOfRangeError, and NotCertifiedError where that takes too long."""
        out = self.pairs.nearest
        for accuracy in ACCURACIES[1:]:
            left = np.flatnonzero(np.isnan(out))
            if not left.size:
                break
            enclosed = zip(left.tolist(), self.enclosed(left, accuracy), strict=True)
            found = [nearest_of(value, f"the leverage of row {self.data.called.start + i}") for i, value in enclosed]
            out[left] = [np.nan if value is None else value for value in found]
        return out

    def enclosed(self, rows: Array, accuracy: int | None) -> list[Interval]:
        """Each for some of the rows, enclosed: to about 10**-accuracy of itself, one of ACCURACIES, where that is had.

        Those that pairs do not give to 20 digits are given to 40.
        """
        if accuracy == IN_PAIRS:
            pairs = self.pairs
            known = np.isfinite(pairs.high[rows]) & np.isfinite(pairs.low[rows]) & np.isfinite(pairs.radius[rows])
            found = [exactly(0)] * len(rows)
            for chosen, enclosed in (
                (known, pairs.at(rows[known]).intervals),
                (~known, self.enclosed(rows[~known], 40)),
            ):
                for k, interval in zip(np.flatnonzero(chosen).tolist(), enclosed, strict=True):
                    found[k] = Interval(max(interval.low, 0), interval.high, interval.over)
            return found
        if not len(rows):
            return []
        forms = None if accuracy is None else self._by_factor(rows, FINER[accuracy])
        if forms is None:
            forms = self._exactly(rows)
        if self.weights is None:
            return forms
        return [form * Fraction(w) for form, w in zip(forms, self.weights[rows].tolist(), strict=True)]

    @cached_property
    def pairs(self) -> DoubleDouble:
        """Each (m,) as pairs of float64 numbers with proven radii; no number, or infinite, where that decides nothing.

        Cost: a few m n² operations by BLAS, and some dozen passes over A.
        """
        m = len(self.data.A)
        undecided = DoubleDouble(np.full(m, np.nan), np.zeros(m), np.full(m, inf))
        E, of = self.data.parts if self.data.floats else (self.data.A, ())
        taken = [k for k, j in enumerate(of[:-1]) if j in self.columns]
        if not self.data.floats or len(taken) > TERMS or self._factor is None:
            return undecided
        own = [self.columns.index(of[k]) for k in taken]
        planes = PlanesOfFactor.of(self._factor, [self._ratios[j] for j in own], own, self.normal)
        if planes is None:
            return undecided
        everything = taken == list(range(E.shape[1]))
        out = np.empty((3, m))
        step = max(64, CACHED // len(taken))
        with np.errstate(all="ignore"), blas_threads(0.0, E.size):
            for first in range(0, m, step):
                rows = slice(first, first + step)
                block = E[rows] if everything else E[rows][:, taken]
                pair = form(block, planes)
                out[:, rows] = pair if self.weights is None else weighted(pair, self.weights[rows])
                # Rows of zeros, or of weight 0, are known to be 0.
                nothing = ~block.any(axis=1) if self.weights is None else ~block.any(axis=1) | (self.weights[rows] == 0)
                out[:, rows][:, nothing] = 0.0
        return DoubleDouble(*out)

    @cached_property
    def _factor(self) -> InverseFactor | None:
        return _factor_of(self.normal, SERIES, self.start) if self.normal.n <= TERMS else None

    @property
    def _ratios(self) -> list[Fraction]:
        """What one in the data's floats is in the units of A'A (n,): powers of two, but where decimals differ."""
        scales = self.data.scales or (Fraction(1),) * (self.data.A.shape[1] + 1)
        return [scales[j] / unit for j, unit in zip(self.columns, self.normal.units, strict=False)]

    def _integers(self, rows: Array) -> tuple[Array, list[int], int]:
        """Rows of A (r, n) in Python ints; what those of column j are times; and over what, all in the units of A'A."""
        whole = ExactRows.of(self.data.rows(rows))
        ratios = [whole.units[j] / unit for j, unit in zip(self.columns, self.normal.units, strict=False)]
        over = lcm(*(ratio.denominator for ratio in ratios))
        return whole.A[:, list(self.columns)], [int(ratio * over) for ratio in ratios], over

    def _by_factor(self, rows: Array, good: float) -> list[Interval] | None:
        """y = a X exactly, so that |y|² is right up to alpha/(1 - alpha) of it; None without a factor."""
        if self._factor is None:
            return None
        factor = _factor_of(self.normal, good, self._factor)
        assert factor is not None, "there was one to start from"
        A, ratios, over = self._integers(rows)
        lowest = int(factor.places.min())
        shifts = [WIDTH * (place - lowest) for place in factor.places.tolist()]
        X = np.array(
            [
                [(v * ratio) << shift for v, shift in zip(row, shifts, strict=True)]
                for row, ratio in zip(entries(factor), ratios, strict=True)
            ],
            dtype=object,
        )
        y = A @ X
        alpha = Fraction(factor.alpha)
        share = alpha / (1 - alpha)
        p, q = share.numerator, share.denominator
        unit = Fraction(4) ** (WIDTH * (lowest - len(factor.planes) + 1)) / over**2
        return [Interval(v * (q - p), v * (q + p), q) * unit for v in (y * y).sum(axis=1).tolist()]

    def _exactly(self, rows: Array) -> list[Interval]:
        """Each as a rational, by FLINT. Raises NotCertifiedError where that would take too long."""
        C, n = in_flint(self.normal)[0], self.normal.n
        count = min(n, len(rows))
        if count * work(self.normal.diagonal) > MOST_WORK:
            raise NotCertifiedError(TOO_LONG.format(n=n))
        A, ratios, over = self._integers(rows)
        left = A * np.array(ratios, dtype=object)
        if len(rows) > n:
            numerators, denominator = C.inv().numer_denom()
            inverse = np.array([int(v) for v in numerators.entries()], dtype=object).reshape(n, n)
            right = left @ inverse
        else:
            numerators, denominator = C.solve(flint.fmpz_mat(n, len(rows), left.T.ravel().tolist())).numer_denom()
            right = np.array([int(v) for v in numerators.entries()], dtype=object).reshape(n, -1).T
        return [exactly(Fraction(v, int(denominator) * over**2)) for v in (left * right).sum(axis=1).tolist()]


@lru_cache(maxsize=4)
def _factor_of(normal: NormalEquations, good: float, start: InverseFactor | None) -> InverseFactor | None:
    """An inverse factor of A'A; those of the last calls are kept, for leverages and predictions ask for the same."""
    with blas_threads(2 * normal.n**3, normal.n**2):
        return inverse_factor(normal, good, start)
